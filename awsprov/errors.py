"""The errors that awsprov reports to people: what happened, why, and what to do next. Each has an exit code.

AwsprovError             1
├── UsageError           2
├── CredentialsError     3
├── PartialError         4   holds a Failure for each resource that failed
├── LockedError          5
├── NoStackError         6
├── RefusedError         8
├── TimedOutError        9
├── InterruptedByUserError  130
└── RejectedError, LostResponseError, UnexpectedError: 1
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

RUN_AGAIN = "Run the same command again: it continues from here."


class AwsprovError(Exception):
    """An error for a person to read.

    Arguments:
        what: what happened, in one sentence.
        why: the reason, when it is known.
        remedy: what to do next.
        reference: where to read more, a URL or a command; by default that of the class.
        aws_code: AWS's error code, when AWS refused a call.
        operation: the API operation that it refused, as in `CreateVpc`.
        request_id: AWS's id of the request, for AWS Support.
    """

    exit_code: ClassVar[int] = 1
    default_reference: ClassVar[str] = ""

    def __init__(
        self,
        what: str,
        *,
        why: str = "",
        remedy: str = "",
        reference: str = "",
        aws_code: str = "",
        operation: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(what)
        self.what, self.why, self.remedy = what, why, remedy
        self.reference = reference or self.default_reference
        self.aws_code, self.operation, self.request_id = aws_code, operation, request_id

    def document(self) -> dict[str, Any]:
        """Return the fields that are not empty, for `--json`."""
        names = ("what", "why", "remedy", "reference", "aws_code", "operation", "request_id")
        return {name: value for name in names if (value := getattr(self, name))}


class UsageError(AwsprovError):
    """The command line or the configuration is wrong; nothing was changed."""

    exit_code = 2


class CredentialsError(AwsprovError):
    """AWS does not know the caller, or does not allow the call."""

    exit_code = 3
    default_reference = "https://docs.aws.amazon.com/cli/latest/userguide/cli-chap-authentication.html"


@dataclass(frozen=True)
class Failure:
    """The failure of one resource.

    Arguments:
        resource: the resource's name in the stack.
        error: its error.
    """

    resource: str
    error: AwsprovError

    def __str__(self) -> str:
        return f"{self.resource}: {self.error}{f' ({self.error.why})' if self.error.why else ''}"

    def document(self) -> dict[str, Any]:
        """Return the resource's name and the fields of its error, for `--json`."""
        return {"resource": self.resource, **self.error.document()}


class PartialError(AwsprovError):
    """Some resources failed, others are done; the state is saved and the same command continues from there.

    Arguments:
        what: what happened, in one sentence.
        why: the reason; by default the failures, one a line.
        remedy: what to do next, once the remedies of the failures were followed.
        reference: where to read more.
        failures: each resource that failed, with its own error.
    """

    exit_code = 4
    default_reference = "`awsprov help state`"

    def __init__(
        self,
        what: str,
        *,
        why: str = "",
        remedy: str = RUN_AGAIN,
        reference: str = "",
        failures: Sequence[Failure] = (),
    ) -> None:
        super().__init__(what, why=why or "\n".join(map(str, failures)), remedy=remedy, reference=reference)
        self.failures = tuple(failures)

    def document(self) -> dict[str, Any]:
        """Return the fields that are not empty, for `--json`; `failures` is a list of objects."""
        failures = [failure.document() for failure in self.failures]
        return {**super().document(), **({"failures": failures} if failures else {})}


class LockedError(AwsprovError):
    """Another awsprov process works on this stack."""

    exit_code = 5
    default_reference = "`awsprov help state`"


class NoStackError(AwsprovError):
    """The stack, or the part of it that was named, does not exist."""

    exit_code = 6
    default_reference = "`awsprov help state`"


class RefusedError(AwsprovError):
    """A protection refused the change, or it was not confirmed."""

    exit_code = 8
    default_reference = "`awsprov help exit-codes`"


class TimedOutError(AwsprovError):
    """AWS did not reach the expected state in time."""

    exit_code = 9
    default_reference = "https://health.aws.amazon.com/health/status"


class RejectedError(AwsprovError):
    """A new version failed its checks; the previous version is still live."""


class LostResponseError(AwsprovError):
    """The response to a call that is sent only once was lost: it may have taken effect."""


class UnexpectedError(AwsprovError):
    """An exception that awsprov does not handle: a bug, or an error of this machine. It is the `__cause__`."""


class InterruptedByUserError(AwsprovError):
    """The user pressed Ctrl-C, or the process received SIGTERM."""

    exit_code = 130


EXIT_CODES = {
    0: "success, or nothing to do",
    1: "failure",
    2: "wrong usage or configuration",
    3: "missing credentials or permissions",
    4: "partial: the state is saved, run the same command again",
    5: "locked by another awsprov process",
    6: "no such stack",
    7: "changes or drift present (plan --detailed-exitcode)",
    8: "refused: protected, or not confirmed",
    9: "timed out",
    130: "interrupted",
}
