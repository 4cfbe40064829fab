"""Failed requests in a function's log, in the formats in which Lambda and its Python runtime write it."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from awsprov.aws.failed_requests import FailedRequest, failed_requests
from awsprov.diagnose.failing import LastFailure
from awsprov.packaging.bundle import Bundle
from tests.unit.fakes import Cloud, FakeAws

ID = "8f507cfc-ee0e-4f3a-9d0e-5c2d0b1a7e6{}"
WARNING = (
    "[WARNING]\t2026-01-31T10:00:00.100Z\t\tLAMBDA_WARNING: Unhandled exception. The most likely cause is an issue"
)


def ended(number: int, status: str = "") -> list[str]:
    """The last lines of a request."""
    memory = "Billed Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 39 MB\t"
    report = f"REPORT RequestId: {ID.format(number)}\tDuration: 3.02 ms\t{memory}{status}\n"
    return [f"END RequestId: {ID.format(number)}\n", report]


def started(number: int) -> str:
    return f"START RequestId: {ID.format(number)} Version: 2\n"


def raised(error: str, *frames: str) -> str:
    """An unhandled exception, as the runtime writes it: in one event, indented with no-break spaces."""
    lines = [f"\xa0\xa0File {frame}\n\xa0\xa0\xa0\xa0some_code()" for frame in frames]
    return "\n".join([f"[ERROR] {error}", "Traceback (most recent call last):", *lines])


MACHINERY = (
    '"/var/lang/lib/python3.12/importlib/__init__.py", line 90, in import_module',
    '"<frozen importlib._bootstrap>", line 1387, in _gcd_import',
)
AT_IMPORT = '"/var/task/app.py", line 2, in <module>'
IN_HANDLER = '"/var/task/app.py", line 9, in handler'


def init(error: str, *frames: str) -> list[str]:
    """An initialisation that fails: Lambda tries it twice, before the request and in it."""
    text, kind = raised(error, *frames), error.partition(":")[0]
    reports = [
        f"INIT_REPORT Init Duration: 121.45 ms\tPhase: {phase}\tStatus: error\tError Type: {kind}\n"
        for phase in ("init", "invoke")
    ]
    return [
        WARNING,
        text,
        reports[0],
        WARNING,
        text,
        reports[1],
        started(1),
        *ended(1, f"Status: error\tError Type: {kind}"),
    ]


MISSING = "Runtime.ImportModuleError: Unable to import module 'app': No module named 'seaborn'"
TOO_LATE = f"2026-01-31T10:00:03.001Z {ID.format(1)} Task timed out after 3.00 seconds\n\n"
KILLED = f"RequestId: {ID.format(1)} Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n"
LOGGED = f"[ERROR]\t2026-01-31T10:00:00.200Z\t{ID.format(1)}\tno model"
SHAPE = "The API cannot use what app.handler (app.py, line 2) returned: `body` must be a string, not dict"
CRASHED_INIT = "INIT_REPORT Init Duration: 812.32 ms\tPhase: init\tStatus: error\tError Type: Runtime.ExitError\n"
SLOW_INIT = "INIT_REPORT Init Duration: 9999.32 ms\tPhase: init\tStatus: timeout\n"

# Log lines of one request, the error in one line, the part of the request that failed, and the remedy.
ONE = [
    (init(MISSING), MISSING, "import", "Add the package that contains seaborn to requirements.txt"),
    (init("FileNotFoundError: no model", *MACHINERY, AT_IMPORT), "FileNotFoundError: no model", "import",
     "Correct the code"),
    (init("KeyError: 'API_KEY'", AT_IMPORT, '"<frozen os>", line 685, in __getitem__'), "KeyError: 'API_KEY'", "import",
     "Set API_KEY in functions.predict.variables"),
    (init("Runtime.UserCodeSyntaxError: Syntax error in module 'app': invalid syntax (app.py, line 3)"),
     "Runtime.UserCodeSyntaxError: Syntax error in module 'app': invalid syntax (app.py, line 3)", "import", "Correct"),
    (init("Runtime.HandlerNotFound: Handler 'handle' missing on module 'app'"),
     "Runtime.HandlerNotFound: Handler 'handle' missing on module 'app'", "import", "Correct the code"),
    (init("RuntimeError: KEY could not be read from ssm:/key: AccessDenied"),
     "RuntimeError: KEY could not be read from ssm:/key: AccessDenied", "import", "Check that ssm:/key exists"),
    ([SLOW_INIT, started(1), TOO_LATE, *ended(1, "Status: timeout")], "Task timed out after 3.00 seconds", "import",
     "Let it import less"),
    ([started(1), TOO_LATE, *ended(1, "Status: timeout")], "Task timed out after 3.00 seconds", "handler",
     "functions.predict.timeout"),
    ([CRASHED_INIT, started(1), KILLED, *ended(1, "Status: error\tError Type: Runtime.ExitError")],
     "Runtime exited with error: signal: killed", "import", "Raise functions.predict.memory"),
    ([started(1), KILLED, *ended(1, "Status: error\tError Type: Runtime.ExitError")],
     "Runtime exited with error: signal: killed", "handler", "Raise functions.predict.memory"),
    ([started(1), *ended(1, "Status: error\tError Type: Runtime.OutOfMemory")], "Runtime.OutOfMemory", "handler",
     "Raise functions.predict.memory"),
    ([started(1), raised("MemoryError: Unable to allocate 8. GiB", IN_HANDLER), *ended(1)],
     "MemoryError: Unable to allocate 8. GiB", "handler", "Raise functions.predict.memory"),
    ([started(1), raised("KeyError: 'price'", IN_HANDLER, '"/var/task/prices.py", line 4, in of'), *ended(1)],
     "KeyError: 'price'", "handler", "Correct the code"),
    ([started(1), raised("Runtime.MarshalError: Unable to marshal response: Object of type float32 is not JSON "
     "serializable"), *ended(1)], "Runtime.MarshalError: Unable to marshal response: Object of type float32 is not "
     "JSON serializable", "response", "array.tolist()"),
    ([started(1), f"[ERROR]\t2026-01-31T10:00:00.200Z\t{ID.format(1)}\t{SHAPE}", *ended(1)], SHAPE, "response",
     "json.dumps"),
    ([started(1), *ended(1, "Status: error\tError Type: Function.ResponseSizeTooLarge")],
     "Function.ResponseSizeTooLarge", "response", "6 MB"),
    ([started(1), "[ERROR] [1796089367532] LAMBDA_RUNTIME Failed to post handler success response. Http response code: "
      "413. {}", "Traceback (most recent call last):", '  File "<string>", line 16, in <module>',
      '  File "/var/lang/lib/python3.12/site-packages/awslambdaric/bootstrap.py", line 549, in run',
      *ended(1, "Status: error\tError Type: Function.ResponseSizeTooLarge")],
     "Function.ResponseSizeTooLarge", "response", "6 MB"),
    ([started(1), LOGGED, *ended(1)], "no model", "handler", "Correct the code"),
]  # fmt: skip


class Logs:
    """CloudWatch with these lines, in one stream of a version each; it filters by time and stream."""

    def __init__(self, *streams: tuple[str, Sequence[str]]) -> None:
        self.asked: list[tuple[int, int]] = []
        self.events: list[dict[str, Any]] = [
            {"eventId": f"{stream}/{n}", "timestamp": n, "logStreamName": stream, "message": line}
            for stream, lines in streams
            for n, line in enumerate(lines)
        ]

    def get_paginator(self, _: str) -> "Logs":
        return self

    def paginate(self, *, startTime: int, endTime: int = 10**15, logStreamNames: Sequence[str] = (), **_: Any) -> Any:  # noqa: N803 - AWS's
        self.asked.append((startTime, endTime))
        found = [e for e in self.events if startTime <= e["timestamp"] <= endTime]
        return [{"events": [e for e in found if not logStreamNames or e["logStreamName"] in logStreamNames]}]


def found(*streams: tuple[str, Sequence[str]], start: int = 0) -> list[FailedRequest]:
    aws = FakeAws(Cloud())
    aws.__dict__["logs"] = Logs(*streams)
    return list(failed_requests(aws, "group", "2", start).requests)


def stream(number: int = 1, version: str = "2") -> str:
    return f"2026/01/31/[{version}]{number:032x}"


@pytest.fixture
def function(tmp_path: Path) -> Any:
    """A function with a handler and a module beside it."""
    source = tmp_path / "src"
    (source / "models").mkdir(parents=True)
    (source / "models" / "prices.py").write_text("")
    (source / "app.py").write_text("import json\n\ndef handler(event, context): ...\n")
    libraries = SimpleNamespace(lock=SimpleNamespace(requirements=Path("requirements.txt")))
    return SimpleNamespace(name="predict", handler="app.handler", bundle=Bundle(source), libraries=libraries)


@pytest.mark.parametrize(("lines", "error", "part", "remedy"), ONE)
def test_a_failed_request_is_one_however_many_lines_it_has(
    lines: list[str], error: str, part: str, remedy: str, function: Any
) -> None:
    (request,) = found((stream(), lines))
    assert request.error == error
    assert request.request_id == ID.format(1)
    failure = LastFailure(function, request)
    assert failure.part == part
    assert remedy in failure.remedy


def test_the_place_is_the_innermost_line_of_the_user_s_own_code(function: Any) -> None:
    library = '"/mnt/efs/envs/0123/pandas/frame.py", line 7, in frame'
    lines = [raised("KeyError: 'x'", IN_HANDLER, '"/var/task/models/prices.py", line 4, in of', library), *ended(1)]
    (request,) = found((stream(), lines))
    assert LastFailure(function, request).place == "src/models/prices.py, line 4, in of"


def printed(error: str, *frames: str) -> list[str]:
    """A traceback that a handler prints: each line is an event, as Lambda takes stdout and stderr line by line."""
    places = [line for frame in frames for line in (f"  File {frame}\n", "    some_code()\n", "    ~~~~~~~~~^^\n")]
    return ["Traceback (most recent call last):\n", *places, f"{error}\n"]


@pytest.mark.parametrize(
    "before", [[], [*printed("KeyError: 'x'", IN_HANDLER), "\n", "While this was handled, another error occurred:\n"]]
)
def test_a_traceback_that_the_handler_printed_has_an_error_and_a_place(before: list[str], function: Any) -> None:
    place = '"/var/task/models/prices.py", line 4, in of'
    lines = [started(1), "rows 3\n", *before, *printed("ZeroDivisionError: division by zero", IN_HANDLER, place)]
    (request,) = found((stream(), [started(2), *ended(2), *lines, "sorry\n", *ended(1), started(3), *ended(3)]))
    assert (request.error, request.request_id) == ("ZeroDivisionError: division by zero", ID.format(1))
    assert request.is_logged_only
    assert LastFailure(function, request).place == "src/models/prices.py, line 4, in of"


def test_a_printed_traceback_without_an_exception_ends_with_its_request() -> None:
    (request,) = found((stream(), [started(1), *printed("", IN_HANDLER)[:-1], *ended(1)]))
    assert request.error == "~~~~~~~~~^^"
    assert any(each.startswith("REPORT") for each in request.messages)


def test_without_a_traceback_the_place_is_the_handler(function: Any) -> None:
    (request,) = found((stream(), [started(1), TOO_LATE, *ended(1, "Status: timeout")]))
    assert LastFailure(function, request).place == "src/app.py, line 3, in handler"


def test_after_a_time_out_the_place_is_where_the_code_was(function: Any) -> None:
    place = 'The time is nearly up. The code is here:\n  File "/var/task/app.py", line 2, in handler\n    load()'
    warning = f"[WARNING]\t2026-01-31T10:00:02.800Z\t{ID.format(1)}\t{place}"
    (request,) = found((stream(), [started(1), warning, TOO_LATE, *ended(1, "Status: timeout")]))
    assert LastFailure(function, request).place == "src/app.py, line 2, in handler"
    assert LastFailure(function, request).part == "handler"


def test_what_is_counted_are_requests_of_the_version_since_it_went_live() -> None:
    one, two, old = stream(1), stream(2), stream(3, "1")
    error = raised("KeyError: 'x'", IN_HANDLER)
    lines = [started(1), error, *ended(1), started(2), "fine", *ended(2), started(3), error, error, *ended(3)]
    assert len(found((one, lines), (two, init(MISSING)), (old, [error, *ended(4)]))) == 3
    assert len(found((one, lines), start=5)) == 1


def test_older_lines_are_read_after_newer_ones_and_not_if_that_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = FakeAws(Cloud())
    aws.__dict__["logs"] = logs = Logs((stream(), [started(1), KILLED, *ended(1)]))
    search = failed_requests(aws, "group", "2", 0)
    assert (len(search.requests), search.since) == (1, 0)
    starts = [start for start, _ in logs.asked[:4]]
    assert starts == sorted(starts, reverse=True)
    assert [end for _, end in logs.asked[1:4]] == [start - 1 for start in starts[:3]]
    monkeypatch.setattr("awsprov.aws.failed_requests._PATIENCE", -1.0)
    search = failed_requests(aws, "group", "2", 0)
    assert search.requests == ()
    assert search.since > 0


@pytest.mark.parametrize("lines", [[started(1), "[INFO] no errors", *ended(1)], [SLOW_INIT, started(1), *ended(1)], []])
def test_a_request_that_succeeded_is_none(lines: list[str]) -> None:
    assert found((stream(), lines)) == []


def test_a_request_that_has_not_ended_counts() -> None:
    (request,) = found((stream(), [started(1), raised("KeyError: 'x'", IN_HANDLER)]))
    assert (request.error, request.request_id) == ("KeyError: 'x'", "")


def test_logged_errors_are_distinguished_from_failed_requests() -> None:
    (logged,), (failed,) = (found((stream(), [started(1), line, *ended(1)])) for line in (LOGGED, KILLED))
    assert (logged.is_logged_only, failed.is_logged_only) == (True, False)


def test_an_error_that_the_api_maps_on_purpose_is_known_by_its_whole_message() -> None:
    error = raised("ValueError: [400] no id\nin the request", IN_HANDLER)
    (request,) = found((stream(), [started(1), error, *ended(1)]))
    assert request.is_mapped_by([r"(?s)^\[400\].*"])
    assert not request.is_mapped_by([r"\[400\] no id", r"\[404\].*"])
    (killed,) = found((stream(), [started(1), KILLED, *ended(1)]))
    assert not killed.is_mapped_by([r"[\s\S]*"])
