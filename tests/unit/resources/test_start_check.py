"""The start check: a version that does not start never goes live."""

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from awsprov.engine.resource import Resource
from awsprov.errors import PartialError, RejectedError
from awsprov.resources.function.alias import Alias
from awsprov.resources.function.start_check import check_start
from tests.unit.moto_cloud import Moto, on_moto, refreshed

pytestmark = pytest.mark.thorough  # each test creates whole stacks on moto

MISSING = {
    "errorType": "Runtime.ImportModuleError",
    "errorMessage": "Unable to import module 'app': No module named 'seaborn.plots'",
    "stackTrace": ['  File "/var/task/app.py", line 3, in <module>\n    import seaborn.plots\n'],
}
VARIABLE = {
    "errorType": "KeyError",
    "errorMessage": "'API_KEY'",
    "stackTrace": [
        '  File "<frozen importlib._bootstrap>", line 1387, in _gcd_import\n',
        '  File "/var/task/_awsprov/bootstrap.py", line 80, in _imported\n    return importlib.import_module(module)\n',
        '  File "/var/task/app.py", line 2, in <module>\n    KEY = os.environ["API_KEY"]\n',
        '  File "<frozen os>", line 685, in __getitem__\n',
    ],
}


@pytest.fixture
def moto(tmp_path: Path) -> Iterator[Moto]:
    with on_moto(tmp_path, api="") as moto:
        yield moto


def calls(moto: Moto) -> list[str]:
    """Record the calls to Lambda from now on, in order."""
    order: list[str] = []
    events: Any = moto.aws().session.events
    events.register("provide-client-params.lambda", lambda model, **_: order.append(model.name))
    return order


def alias(moto: Moto) -> Resource:
    return refreshed(moto.engine())["predict-live"]


def change_code(moto: Moto) -> None:
    (moto.root / "src" / "app.py").write_text("NEW = 1\ndef handler(event, context): ...\n")


def failure(moto: Moto) -> Any:
    with pytest.raises(RejectedError) as caught:
        moto.engine().deploy()
    return caught.value


def test_a_version_is_started_after_it_was_published_and_before_it_goes_live(moto: Moto) -> None:
    order = calls(moto)
    moto.engine().up()
    relevant = [name for name in order if name in ("PublishVersion", "Invoke", "CreateAlias")]
    assert sorted(relevant) == ["CreateAlias"] * 2 + ["Invoke"] * 2 + ["PublishVersion"] * 2
    for first, then in (("PublishVersion", "Invoke"), ("Invoke", "CreateAlias")):
        assert relevant.index(first) < relevant.index(then)
    sent = moto.sent["Invoke"][0]
    assert (sent["Qualifier"], sent["InvocationType"]) == ("1", "RequestResponse")
    assert json.loads(base64.b64decode(sent["ClientContext"])) == {"custom": {"awsprov": "start-check"}}


def test_a_first_version_that_does_not_start_leaves_no_alias_and_the_next_up_continues(moto: Moto) -> None:
    moto.started = MISSING
    with pytest.raises(PartialError) as caught:
        moto.engine().up()
    (error,) = [each.error for each in caught.value.failures if each.resource == "predict-live"]
    assert error.what.endswith("ImportError: No module named 'seaborn.plots'")
    assert error.why.splitlines() == ['  File "src/app.py", line 3, in <module>', "    import seaborn.plots"]
    assert error.remedy == "Add the package that contains seaborn to requirements.txt; then `awsprov up`."
    assert not alias(moto).id
    moto.started = {"awsprov": "started"}
    moto.engine().up()
    assert len(moto.sent["PublishVersion"]) == 2  # one of each function
    assert alias(moto).id


def test_the_live_version_stays_when_a_new_one_does_not_start(moto: Moto) -> None:
    moto.engine().up()
    change_code(moto)
    moto.started = VARIABLE
    error = failure(moto)
    assert error.what == "2 new versions did not go live."
    assert "Version 2 of demo-predict did not go live, as it does not start: KeyError: 'API_KEY'" in error.why
    assert "importlib" not in error.why
    assert "_awsprov" not in error.why
    assert 'KEY = os.environ["API_KEY"]' in error.why
    assert "Set API_KEY in functions.predict.variables or .secrets of config.yaml; then `awsprov up`." in error.remedy
    assert "UpdateAlias" not in moto.sent


FAILURES = [
    ("Sandbox.Timedout", "RequestId: 1-2 Error: Task timed out after 3.00 seconds", "functions.predict.timeout"),
    ("Runtime.ExitError", "RequestId: 1-2 Error: Runtime exited with error: signal: killed", "predict.memory"),
    ("Runtime.UserCodeSyntaxError", "Syntax error in module 'app': bad (app.py, line 1)", "Correct the code"),
    (
        "Runtime.ImportModuleError",
        "Unable to import module 'app': libgomp.so.1: cannot open shared object file: No such file",
        "Lambda has no libgomp.so.1",
    ),
    ("RuntimeError", "TOKEN could not be read from ssm:/token: AccessDenied", "Check that ssm:/token exists"),
    ("KeyError", "'id'", "Correct the code"),
    ("", "", "Correct the code"),
]


@pytest.mark.parametrize(("kind", "message", "expected"), FAILURES)
def test_a_failure_says_what_to_correct(kind: str, message: str, expected: str) -> None:
    payload = json.dumps({"errorType": kind, "errorMessage": message}).encode()
    reply = {"Payload": io.BytesIO(payload), "FunctionError": "Unhandled", "ResponseMetadata": {}}
    lambda_ = SimpleNamespace(invoke=lambda **_: reply)
    aws: Any = SimpleNamespace(invoker=lambda_, wait_until=lambda probe, *_, **__: probe())
    lock = SimpleNamespace(requirements=Path("requirements.txt"))
    libraries = SimpleNamespace(lock=lock)
    function: Any = SimpleNamespace(id="demo-predict", name="predict", libraries=libraries)
    with pytest.raises(RejectedError) as caught:
        check_start(aws, function, "2", "`awsprov deploy`")
    assert expected in caught.value.remedy
    assert "_awsprov" not in caught.value.what
    assert "RequestId" not in caught.value.what


def test_an_answer_of_the_handler_is_no_start(moto: Moto) -> None:
    moto.started = {"statusCode": 200}
    with pytest.raises(PartialError, match=r"predict-live"):
        moto.engine().up()


def test_without_the_check_nothing_is_invoked(tmp_path: Path) -> None:
    with on_moto(tmp_path, api="", functions="    start_check: false\n") as moto:
        moto.engine().up()
    assert [call["FunctionName"] for call in moto.sent["Invoke"]] == ["demo-second"]
    (created,) = [call for call in moto.sent["CreateFunction"] if call["FunctionName"] == "demo-predict"]
    assert "AWSPROV_START_CHECK" not in created["Environment"]["Variables"]


def test_a_rollback_checks_only_a_version_that_was_never_live(moto: Moto) -> None:
    moto.engine().up()
    change_code(moto)
    moto.started = VARIABLE
    failure(moto)
    found = alias(moto)
    assert isinstance(found, Alias)
    with pytest.raises(RejectedError, match="does not start"):
        found.roll_back(moto.aws(), "2")
    moto.started = {"awsprov": "started"}
    assert found.roll_back(moto.aws(), "2") == ("1", "2")
    invoked = len(moto.sent["Invoke"])
    found = alias(moto)
    assert isinstance(found, Alias)
    assert found.roll_back(moto.aws(), "1") == ("2", "1")
    assert len(moto.sent["Invoke"]) == invoked
