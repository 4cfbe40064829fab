"""What one look has shown."""

from dataclasses import dataclass
from typing import Literal

from awsprov.errors import AwsprovError


@dataclass(frozen=True)
class CheckResult:
    """What one look has shown.

    Arguments:
        state: `ok`; `warn` when the stack can be made all the same; `fail` when it cannot; `skip` when nobody can tell.
        message: what was seen.
        remedy: what to do, unless all is well.
        error: the kind of error that a failure is; the exit code follows from it.
    """

    state: Literal["ok", "warn", "fail", "skip"]
    message: str
    remedy: str = ""
    error: type[AwsprovError] = AwsprovError
