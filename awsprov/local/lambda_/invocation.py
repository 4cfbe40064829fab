"""One invocation: the event on its way to a worker, and what came of it."""

import json
import math
import time
from dataclasses import dataclass, field

from awsprov.local.lambda_.sandbox import Spec
from awsprov.local.logs import LogLine, epoch_ms


@dataclass(frozen=True)
class Outcome:
    """How an invocation ended: its payload, and whether the function failed (`Unhandled`) or not (empty)."""

    payload: bytes
    error: str = ""
    kind: str = ""  # the error's type, where the platform and not the function found it


@dataclass
class Invocation:
    """One event on its way through a worker."""

    request_id: str
    arn: str
    payload: bytes
    client_context: str = ""
    outcome: Outcome | None = None
    started: float = 0.0
    ended: float = 0.0
    init: float | None = None  # seconds, when this invocation had to wait for a new worker
    peak: int = 0  # bytes
    lines: list[LogLine] = field(default_factory=list)
    published: list[LogLine] = field(default_factory=list)  # those of `lines` that are in the log already

    def log(self, message: str) -> None:
        """Add a line of the platform's own."""
        self.lines.append(LogLine(epoch_ms(), f"{message}\n"))

    def report(self, spec: Spec) -> str:
        """Lambda's last line on an invocation."""
        duration = min(self.ended - self.started, spec.timeout) * 1000
        initial = (self.init or 0.0) * 1000
        fields = [
            f"REPORT RequestId: {self.request_id}",
            f"Duration: {duration:.2f} ms",
            f"Billed Duration: {math.ceil(duration + initial)} ms",
            f"Memory Size: {spec.memory} MB",
            f"Max Memory Used: {math.ceil(self.peak / 1024 / 1024)} MB",
        ]
        if self.init:
            fields.append(f"Init Duration: {initial:.2f} ms")
        kind = self.outcome.kind if self.outcome else ""
        if kind:
            fields.append("Status: timeout" if kind == TIMED_OUT else f"Status: error\tError Type: {kind}")
        return "\t".join([*fields, ""])


TIMED_OUT = "Sandbox.Timedout"


def failure(kind: str, message: str) -> Outcome:
    """An outcome that the platform found, not the function."""
    return Outcome(json.dumps({"errorType": kind, "errorMessage": message}).encode(), "Unhandled", kind)


def stamp() -> str:
    """The time as Lambda writes it into its log lines."""
    moment = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment)) + f".{int(moment * 1000) % 1000:03d}Z"
