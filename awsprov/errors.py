"""The tree of errors. Each says what happened, why, and what to do next; the command line exits with its code."""

from typing import ClassVar


class AwsprovError(Exception):
    """An error meant for a person.

    Arguments:
        what: what happened, one sentence.
        why: the reason, when it is known.
        remedy: what to do next.
        reference: where to read more: a page, or a topic of `awsprov help`; of its kind, when nothing is given.
        request_id: the request id that AWS gave, for its support.
    """

    code: ClassVar[int] = 1
    more: ClassVar[str] = ""  # where to read of errors of this kind

    def __init__(
        self, what: str, *, why: str = "", remedy: str = "", reference: str = "", request_id: str = ""
    ) -> None:
        super().__init__(what)
        self.what, self.why, self.remedy, self.request_id = what, why, remedy, request_id
        self.reference = reference or self.more

    def document(self) -> dict[str, str]:
        """The same fields for `--json`; empty ones are left out."""
        fields = {"what": self.what, "why": self.why, "remedy": self.remedy, "reference": self.reference}
        return {name: text for name, text in (*fields.items(), ("request_id", self.request_id)) if text}


class UsageError(AwsprovError):
    """The command line or the configuration is wrong; nothing was touched."""

    code = 2


class CredentialsError(AwsprovError):
    """AWS does not know the caller, or does not let them."""

    code = 3
    more = "https://docs.aws.amazon.com/cli/latest/userguide/cli-chap-authentication.html"


class PartialError(AwsprovError):
    """Some resources stand and some do not; what was done is written down and the same command goes on from there."""

    code = 4
    more = "`awsprov help state`"


class LockedError(AwsprovError):
    """Another awsprov works on this stack."""

    code = 5
    more = "`awsprov help state`"


class NoStackError(AwsprovError):
    """The stack, or the part of it that was asked for, does not exist."""

    code = 6
    more = "`awsprov help state`"


class RefusedError(AwsprovError):
    """A protection held, or nobody confirmed."""

    code = 8
    more = "`awsprov help exit-codes`"


class TimedOutError(AwsprovError):
    """AWS did not get there in the time that was allowed."""

    code = 9
    more = "https://health.aws.amazon.com/health/status"


class RejectedError(AwsprovError):
    """A new version did not answer as it must; what was live before it still is."""


class LostAnswerError(AwsprovError):
    """A call that is sent once may have taken effect or not: its answer did not arrive."""


class InterruptedByUserError(AwsprovError):
    """Ctrl-C or SIGTERM."""

    code = 130


EXIT_CODES = {
    0: "done, or nothing to do",
    1: "failure",
    2: "usage or configuration",
    3: "credentials or permission",
    4: "partial: what was done is written down, run the same command again",
    5: "locked by another awsprov",
    6: "no such stack",
    7: "changes or drift present (plan --detailed-exitcode)",
    8: "refused: protected, or not confirmed",
    9: "timed out",
    130: "interrupted",
}
