"""Errors of several resources: each keeps its own reason, remedy and request id, on screen and as JSON."""

import json
import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from awsprov.cli.error_view import draw
from awsprov.cli.settings import Settings
from awsprov.engine.graph import Walk, walk
from awsprov.engine.resource import Resource
from awsprov.engine.results import raise_failures
from awsprov.errors import RUN_AGAIN, AwsprovError, InterruptedByUserError, PartialError, RejectedError


def refused(code: str, operation: str, request_id: str) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"RequestId": request_id}}
    return ClientError(response, operation)


ERRORS: dict[str, Exception] = {
    "nat": refused("NatGatewayLimitExceeded", "CreateNatGateway", "request-1"),
    "role": refused("AccessDenied", "CreateRole", "request-2"),
    "code": ZeroDivisionError("division by zero"),
    "disk": PermissionError(13, "Permission denied", "/key"),
}


@pytest.fixture
def error() -> PartialError:
    """The error of a walk over resources of which four fail and one does not."""

    def visit(r: Resource) -> None:
        if r.name in ERRORS:
            raise ERRORS[r.name]

    resources = [Resource(name) for name in (*ERRORS, "vpc")]
    with pytest.raises(PartialError) as caught:
        raise_failures(walk(dict.fromkeys(resources, ()), visit, workers=1), threading.Event())
    return caught.value


def test_each_failure_is_an_object_with_its_own_fields(error: PartialError, capsys: Any) -> None:
    assert draw(error, Settings(json=True)) == 4
    document = json.loads(capsys.readouterr().out)["error"]
    failures = {each["resource"]: each for each in document["failures"]}
    assert set(failures) == set(ERRORS)
    nat, role = failures["nat"], failures["role"]
    assert (nat["aws_code"], nat["operation"], nat["request_id"]) == (
        "NatGatewayLimitExceeded", "CreateNatGateway", "request-1",
    )  # fmt: skip
    assert (role["aws_code"], role["operation"], role["request_id"]) == ("AccessDenied", "CreateRole", "request-2")
    assert nat["remedy"] != role["remedy"]
    assert "servicequotas" in nat["reference"]
    assert document["remedy"] == error.remedy


def test_each_failure_is_shown_with_its_reason_remedy_and_request_id(error: PartialError, capsys: Any) -> None:
    assert draw(error, Settings()) == 4
    screen = capsys.readouterr().err
    documents = {failure.resource: failure.error.document() for failure in error.failures}
    for name in ("nat", "role"):
        for field in ("what", "why", "remedy", "reference", "request_id"):
            assert documents[name][field] in screen
    assert screen.index("nat:") < screen.index("request-1") < screen.index("role:") < screen.index("request-2")


def test_failures_for_one_reason_are_one_block_with_all_names(capsys: Any) -> None:
    hosts = {"vpc": "ec2", "nat": "ec2", "predict": "lambda"}
    failed: dict[Resource, Exception] = {
        Resource(name): EndpointConnectionError(endpoint_url=f"https://{host}.example") for name, host in hosts.items()
    }
    with pytest.raises(PartialError) as caught:
        raise_failures(Walk(failed=failed), threading.Event())
    assert draw(caught.value, Settings()) == 4
    screen = capsys.readouterr().err
    assert "vpc, nat, predict: AWS could not be reached" in screen
    for once in ("could not be reached", "https://ec2.example", "https://lambda.example", "Check the network"):
        assert screen.count(once) == 1
    draw(caught.value, Settings(json=True))
    failures = json.loads(capsys.readouterr().out)["error"]["failures"]
    assert [each["resource"] for each in failures] == list(hosts)


def test_a_bug_and_an_error_of_this_machine_are_distinguished(error: PartialError, capsys: Any) -> None:
    draw(error, Settings(json=True))
    failures = {each["resource"]: each for each in json.loads(capsys.readouterr().out)["error"]["failures"]}
    assert "awsprov has a bug: ZeroDivisionError" in failures["code"]["what"]
    assert "traceback" in failures["code"]["why"]
    assert failures["disk"]["what"] == "Your user may not use /key."
    assert "ls -la /. " in failures["disk"]["remedy"]
    assert "/key" in failures["disk"]["why"]


def test_to_run_the_same_command_again_comes_after_the_advice_of_the_failures(error: PartialError) -> None:
    assert error.remedy.startswith("Follow the advice above; then run the same command again")
    broken = AwsprovError("The connection broke.", remedy=RUN_AGAIN)
    with pytest.raises(PartialError) as caught:
        raise_failures(Walk(failed={Resource("vpc"): broken}), threading.Event())
    assert caught.value.remedy == RUN_AGAIN


def test_each_reason_follows_the_rejected_versions_that_have_it() -> None:
    reasons = {"x": "a log", "y": "another log", "z": "a log"}
    rejected: dict[Resource, Exception] = {
        Resource(name): RejectedError(f"Version 2 of {name} did not go live: a, b", why=why, remedy="Correct it.")
        for name, why in reasons.items()
    }
    x, y, z = map(str, rejected.values())
    with pytest.raises(RejectedError, match="3 new versions did not go live") as caught:
        raise_failures(Walk(failed=rejected), threading.Event())
    assert caught.value.why.splitlines() == [x, z, "a log", y, "another log"]
    assert caught.value.remedy == "Correct it."


class LookUp(Resource):
    """Something that AWS has no id for."""

    virtual = True


def test_only_resources_that_aws_has_are_counted_as_in_the_plan() -> None:
    walked = Walk(done=[Resource("vpc"), LookUp("zones")], skipped=[Resource("nat"), LookUp("build")])
    stop = threading.Event()
    stop.set()
    with pytest.raises(InterruptedByUserError, match="Stopped: 1 done, 0 not waited for, 1 not started"):
        raise_failures(walked, stop)
