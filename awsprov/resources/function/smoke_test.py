"""SmokeTest: the request that a new version of a function must answer as expected before it goes live."""

import shlex
from dataclasses import dataclass
from http import HTTPStatus

from awsprov.aws.client import Aws
from awsprov.aws.invocation import invoke_new_version, parse_json
from awsprov.errors import RejectedError
from awsprov.resources.function.corrections import correction, with_own_paths
from awsprov.resources.function.function import Function

_SHOWN = 500  # characters of a response in an error


@dataclass(frozen=True)
class SmokeTest:
    """A smoke request and the expected response.

    Arguments:
        payload: the event for the function, JSON.
        status: the expected `statusCode` in the response; None accepts any below 400, and a response without one.
        contains: strings that must be in the `body` of the response, or in the whole response if it has none.
        argument: the payload as an argument of `awsprov invoke`.
    """

    payload: bytes
    status: int | None = None
    contains: tuple[str, ...] = ()
    argument: str = ""

    def send(self, aws: Aws, function: Function, version: str, then: str) -> None:
        """Send the request to one version; again while Lambda does not run it, so that it runs once.

        Arguments:
            aws: the clients.
            function: its function.
            version: the version's number.
            then: the command to run after a correction, in backticks.

        Raises:
            RejectedError: the response is not as expected; carries the function's last log lines.
        """
        reply = invoke_new_version(aws, function.id, version, self.payload)
        failure = reply.failure[:_SHOWN] if reply.error else ""
        problem = f"it failed with {failure}" if failure else self.problem(reply.payload.decode(errors="replace"))
        if problem:
            remedy = correction(function, failure, then, importing=False, from_environ=False)
            raise RejectedError(
                f"Version {version} of {function.id} did not go live: {problem}",
                why=f"Its last log lines:\n{with_own_paths(function, reply.log)}"
                if reply.log
                else "It logged nothing.",
                remedy=f"{remedy} {request_hint(function.name, version, self.argument)}",
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


def request_hint(name: str, version: str, argument: str) -> str:
    """Return a sentence with the command that sends a request to a version that is not live.

    Arguments:
        name: the function's name in config.yaml.
        version: the version's number.
        argument: the request as `awsprov invoke` takes it; empty for an empty one.
    """
    command = ["awsprov", "invoke", "-n", name, "--qualifier", version, *([argument] if argument else [])]
    return f"`{shlex.join(command)}` sends it {'the same' if argument else 'a'} request."
