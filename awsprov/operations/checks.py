"""Checks: functions that each examine one thing and report a result. `doctor` and `explain` are made of them."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import Generic, Literal, ParamSpec

from awsprov.aws.errors import explain
from awsprov.errors import AwsprovError, CredentialsError, InterruptedByUserError

P = ParamSpec("P")
CheckStatus = Literal["ok", "warning", "failed", "skipped"]


@dataclass(frozen=True)
class CheckResult:
    """The result of one check.

    Arguments:
        status: `ok`; `warning`, which stops nothing; `failed`; or `skipped`, if it was not or could not be checked.
        message: what was found.
        remedy: what to do about it; empty if there is nothing to do.
        error: the class of the error that caused a failure; it decides the exit code.
        name: the check's name. `run_check` sets it.
    """

    status: CheckStatus
    message: str = ""
    remedy: str = ""
    error: type[AwsprovError] = AwsprovError
    name: str = ""

    def document(self) -> dict[str, str]:
        """Return the fields for `--json`."""
        fields = asdict(self)
        return {key: fields[key] for key in ("name", "status", "message", "remedy")}


@dataclass(frozen=True)
class Check(Generic[P]):
    """A named check.

    Arguments:
        name: what is checked, in one to three words.
        function: returns the result. An AwsprovError that it raises is a failure; if AWS refuses one of its calls, the
            check counts as skipped, or as a warning if the caller lacks a permission.
        can_fail: False for a check that only informs or warns.
        applies: returns whether there is something to check; it gets the arguments of `function`.
    """

    name: str
    function: Callable[P, CheckResult]
    can_fail: bool = True
    applies: Callable[P, bool] = lambda *_, **__: True


def run_check(check: Check[P], *args: P.args, **kwargs: P.kwargs) -> CheckResult:
    """Run a check and return its result under its name."""
    try:
        result = check.function(*args, **kwargs)
    except InterruptedByUserError:
        raise
    except Exception as error:
        result = _from_error(error)
    return replace(result, name=check.name)


def run_until_failure(checks: Sequence[Check[P]], *args: P.args, **kwargs: P.kwargs) -> Iterator[CheckResult]:
    """Run checks one after the other; those after the first failure are skipped."""
    failed = False
    for check in checks:
        result = CheckResult("skipped", "not checked", name=check.name) if failed else run_check(check, *args, **kwargs)
        failed = failed or result.status == "failed"
        yield result


def run_in_parallel(checks: Sequence[Check[P]], *args: P.args, **kwargs: P.kwargs) -> list[CheckResult]:
    """Run checks at the same time and return their results in the order of the checks."""
    with ThreadPoolExecutor(max(1, len(checks))) as pool:
        return list(pool.map(lambda check: run_check(check, *args, **kwargs), checks))


def _from_error(error: Exception) -> CheckResult:
    """Return the result of a check that raised.

    Raises:
        Exception: the same error again, if it is a bug: neither awsprov's own nor from AWS.
    """
    if isinstance(error, AwsprovError):
        return CheckResult("failed", f"{error.what} {error.why}".strip(), error.remedy, type(error))
    explained = explain(error)
    if explained is None:
        raise error
    status: CheckStatus = "warning" if isinstance(explained, CredentialsError) else "skipped"
    return CheckResult(status, f"could not be checked: {explained.why or explained.what}", explained.remedy)
