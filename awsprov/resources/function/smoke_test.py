"""SmokeTest: the request that a new version of a function must answer as expected before it goes live."""

from dataclasses import dataclass
from http import HTTPStatus

from awsprov.aws.client import Aws
from awsprov.aws.invocation import invoke_new_version, parse_json
from awsprov.errors import RejectedError

_SHOWN = 500  # characters of a response in an error


@dataclass(frozen=True)
class SmokeTest:
    """A smoke request and the expected response.

    Arguments:
        payload: the event for the function, JSON.
        status: the expected `statusCode` in the response; None accepts any below 400, and a response without one.
        contains: strings that must be in the `body` of the response, or in the whole response if it has none.
    """

    payload: bytes
    status: int | None = None
    contains: tuple[str, ...] = ()

    def send(self, aws: Aws, function: str, version: str, then: str) -> None:
        """Send the request to one version; again while Lambda does not run it, so that it runs once.

        Arguments:
            aws: the clients.
            function: the function's name on AWS.
            version: the version's number.
            then: the command to run after a correction, in backticks.

        Raises:
            RejectedError: the response is not as expected; carries the function's last log lines.
        """
        reply = invoke_new_version(aws, function, version, self.payload)
        failed = f"it failed with {reply.failure[:_SHOWN]}" if reply.error else ""
        name = function.removeprefix(f"{aws.stack}-")
        if problem := failed or self.problem(reply.payload.decode(errors="replace")):
            raise RejectedError(
                f"Version {version} of {function} did not go live: {problem}",
                why=f"Its last log lines:\n{reply.log}" if reply.log else "It logged nothing.",
                remedy=f"Correct the code, then {then}. "
                f"`awsprov invoke -n {name} --qualifier {version}` sends it a request.",
            )

    def problem(self, text: str) -> str:
        """Return how a response differs from the expected one; empty if it does not."""
        response = parse_json(text)
        status = response.get("statusCode") if isinstance(response, dict) else None
        if self.status is not None and status != self.status:
            return f"the response to its smoke request has status {status}, not {self.status}: {text[:_SHOWN]}"
        if self.status is None and isinstance(status, int) and status >= HTTPStatus.BAD_REQUEST:
            return f"the response to its smoke request has status {status}: {text[:_SHOWN]}"
        body = response.get("body") if isinstance(response, dict) else None
        missing = [part for part in self.contains if part not in (body if isinstance(body, str) else text)]
        return f"the response to its smoke request lacks {', '.join(missing)!r}: {text[:_SHOWN]}" if missing else ""
