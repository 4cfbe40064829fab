"""One invocation: the event that a worker is given, its log lines, and its outcome."""

import json
import math
import time
from dataclasses import dataclass, field

from awsprov.local.lambda_.sandbox import WorkerConfig
from awsprov.local.logs import LogLine, epoch_ms

TIMED_OUT = "Sandbox.Timedout"  # the error type of a timeout, in Lambda's own spelling


@dataclass(frozen=True)
class Outcome:
    """How an invocation ended.

    Arguments:
        payload: the function's result or its error, as JSON.
        error: `Unhandled` when the function failed, otherwise empty.
        kind: the error type, when the platform detected the error and not the function.
    """

    payload: bytes
    error: str = ""
    kind: str = ""


@dataclass
class Invocation:
    """One event that a worker processes.

    Arguments:
        request_id: as in the response and in the log.
        arn: by which the function was invoked.
        payload: the event, as JSON.
        client_context: as JSON, or empty.
        outcome: None until the invocation ends.
        started: when the handler was called, in seconds of the monotonic clock.
        ended: when it ended, on the same clock.
        init: seconds that a new worker took to start; None for a warm one.
        peak: bytes of memory.
        lines: log lines that are not published yet.
        published: log lines that are in CloudWatch Logs already.
    """

    request_id: str
    arn: str
    payload: bytes
    client_context: str = ""
    outcome: Outcome | None = None
    started: float = 0.0
    ended: float = 0.0
    init: float | None = None
    peak: int = 0
    lines: list[LogLine] = field(default_factory=list)
    published: list[LogLine] = field(default_factory=list)

    def headers(self, left: float) -> dict[str, str]:
        """Return the headers with which the runtime API sends the event, `left` seconds before its deadline."""
        headers = {
            "Lambda-Runtime-Aws-Request-Id": self.request_id,
            "Lambda-Runtime-Deadline-Ms": str(epoch_ms() + int(left * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": self.arn,
            "Lambda-Runtime-Trace-Id": f"Root=1-{int(time.time()):08x}-{self.request_id.replace('-', '')[:24]}",
        }
        if self.client_context:
            headers["Lambda-Runtime-Client-Context"] = self.client_context
        return headers

    def log(self, message: str) -> None:
        """Add a line of the platform's own."""
        self.lines.append(LogLine(epoch_ms(), f"{message}\n"))

    def report(self, config: WorkerConfig) -> str:
        """Return the REPORT line that ends an invocation's log."""
        duration = min(self.ended - self.started, config.timeout) * 1000
        initial = (self.init or 0.0) * 1000
        fields = [
            f"REPORT RequestId: {self.request_id}",
            f"Duration: {duration:.2f} ms",
            f"Billed Duration: {math.ceil(duration + initial)} ms",
            f"Memory Size: {config.memory} MB",
            f"Max Memory Used: {math.ceil(self.peak / 1024 / 1024)} MB",
        ]
        if self.init:
            fields.append(f"Init Duration: {initial:.2f} ms")
        kind = self.outcome.kind if self.outcome else ""
        if kind:
            fields.append("Status: timeout" if kind == TIMED_OUT else f"Status: error\tError Type: {kind}")
        return "\t".join([*fields, ""])


def failure(kind: str, message: str) -> Outcome:
    """Return the outcome of an error that the platform detected."""
    return Outcome(json.dumps({"errorType": kind, "errorMessage": message}).encode(), "Unhandled", kind)


def timestamp() -> str:
    """Return the time as Lambda writes it into its log lines."""
    moment = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment)) + f".{int(moment * 1000) % 1000:03d}Z"
