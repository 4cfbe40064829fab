"""The smoke request: what a new version of a function must answer before it goes live."""

from dataclasses import dataclass
from http import HTTPStatus

from awsprov.aws.client import Aws
from awsprov.aws.invocation import invoke, parsed
from awsprov.errors import RejectedError

_SHOWN = 500  # characters of an answer in an error


@dataclass(frozen=True)
class Smoke:
    """A request and what its answer must be like.

    Arguments:
        payload: the event that the function is called with, JSON.
        status: what `statusCode` in the answer must be; when it is not given, anything below 400, or none at all.
        contains: texts that must be in the answer, or in its `body` when it has one.
    """

    payload: bytes
    status: int | None = None
    contains: tuple[str, ...] = ()

    def send(self, aws: Aws, function: str, version: str) -> None:
        """Send it to one version, once.

        Raises:
            RejectedError: the answer is not as it must be; carries the function's own last log lines.
        """
        reply = invoke(aws, function, version, self.payload)
        failed = f"it failed with {reply.failure[:_SHOWN]}" if reply.error else ""
        if problem := failed or self.problem(reply.payload.decode(errors="replace")):
            raise RejectedError(
                f"Version {version} of {function} did not go live: {problem}",
                why=f"Its last log lines:\n{reply.log}" if reply.log else "It logged nothing.",
                remedy=f"Fix it and deploy again. `awsprov invoke --qualifier {version}` sends it other requests.",
            )

    def problem(self, text: str) -> str:
        """What is wrong with an answer; empty when it is as it must be."""
        answer = parsed(text)
        status = answer.get("statusCode") if isinstance(answer, dict) else None
        if self.status is not None and status != self.status:
            return f"its smoke request was answered with status {status}, not {self.status}: {text[:_SHOWN]}"
        if self.status is None and isinstance(status, int) and status >= HTTPStatus.BAD_REQUEST:
            return f"its smoke request was answered with status {status}: {text[:_SHOWN]}"
        body = answer.get("body") if isinstance(answer, dict) else None
        missing = [each for each in self.contains if each not in (body if isinstance(body, str) else text)]
        return f"the answer to its smoke request lacks {', '.join(missing)!r}: {text[:_SHOWN]}" if missing else ""
