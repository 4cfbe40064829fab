"""Fault injection: errors of networks and busy services, at the n-th call or at random with a seed.

A fault is set through the cloud's own API (`admin_api`). It counts the calls that it matches, and fires.
"""

import contextlib
import fnmatch
import os
import random
import signal
import socket
import time
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args
from wsgiref.types import WSGIEnvironment

from awsprov.local.wire import ApiCall, ServiceError

FaultKind = Literal["throttle", "error", "cut-before", "cut-after", "slow", "truncate", "kill-before", "kill-after"]

# Error code and HTTP status with which a service throttles, if not `ThrottlingException` (their API references).
_THROTTLES = {
    "ec2": ("RequestLimitExceeded", 503),
    "apigateway": ("TooManyRequestsException", 429),
    "apigatewayv2": ("TooManyRequestsException", 429),
    "lambda": ("TooManyRequestsException", 429),
    "iam": ("Throttling", 400),
}


@dataclass
class Fault:
    """One fault that is injected into API calls.

    Arguments:
        kind: `throttle` and `error` respond with an error instead of the call; `cut-before` and `cut-after` close the
            connection before the call or after it; `slow` responds after `seconds`; `truncate` sends half a response;
            `kill-before` and `kill-after` are cuts that also kill the process group of `pid`.
        operation: a pattern for the calls: `ec2:CreateVpc`, `ec2:*`, `*`.
        at: the first matching call that it hits, counted from 1. 0: any, with `probability`.
        times: how many calls it hits.
        probability: of a hit, if `at` is 0; the same `seed` hits the same calls.
        seed: of the random numbers.
        seconds: for `slow`.
        pid: a process in a group of its own, for the kills.
        mutating: match only calls that change something.
        agent: match only calls whose User-Agent contains this.
        matched: how many calls have matched so far.

    Raises:
        ValueError: the kind does not exist, or a kill has no suitable pid.
    """

    kind: FaultKind
    operation: str = "*"
    at: int = 1
    times: int = 1
    probability: float = 0.0
    seed: int = 0
    seconds: float = 1.0
    pid: int = 0
    mutating: bool = False
    agent: str = ""
    matched: int = 0
    _random: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Check the arguments of a fault."""
        self._random = random.Random(self.seed)  # noqa: S311 - it selects calls, it protects nothing
        if self.kind not in get_args(FaultKind):
            raise ValueError(f"Unknown fault {self.kind!r}. Known faults: {', '.join(get_args(FaultKind))}.")
        if self.kind.startswith("kill") and (self.pid <= 1 or os.getpgid(self.pid) == os.getpgid(0)):
            raise ValueError("A kill needs the pid of a process in a group of its own.")

    def hits(self, call: ApiCall, agent: str) -> bool:
        """Count the call of a user agent if it matches, and return whether the fault hits it."""
        if self.times <= 0 or not self._matches(call, agent):
            return False
        self.matched += 1
        hit = self.matched >= self.at if self.at else self._random.random() < self.probability
        self.times -= hit
        return hit

    def _matches(self, call: ApiCall, agent: str) -> bool:
        wanted = fnmatch.fnmatchcase(call.name, self.operation) and self.agent in agent
        return wanted and not (self.mutating and call.reads)

    def before(self, call: ApiCall, environ: WSGIEnvironment) -> bool:
        """Apply the fault before the call. Return True if the connection is cut and the call must not be made."""
        if self.kind == "throttle":
            code, status = _THROTTLES.get(call.service, ("ThrottlingException", 400))
            raise ServiceError(code, "Rate exceeded", status)
        if self.kind == "error":
            raise ServiceError("InternalError", "An internal error has occurred", 500)
        return self.kind in ("cut-before", "kill-before") and self._cut(environ)

    def after(self, environ: WSGIEnvironment) -> bool:
        """Apply the fault after the call. Return True if the connection is cut and nothing must be sent."""
        if self.kind == "slow":
            time.sleep(self.seconds)
        return self.kind in ("cut-after", "kill-after") and self._cut(environ)

    def _cut(self, environ: WSGIEnvironment) -> bool:
        if self.kind.startswith("kill"):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(os.getpgid(self.pid), signal.SIGKILL)
        cut(environ)
        return True

    def as_json(self) -> dict[str, Any]:
        """Return the fault as the cloud's own API describes it."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.init}


class Faults:
    """The faults that are set, in order."""

    def __init__(self) -> None:
        self._set: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._set.append(fault)

    def clear(self) -> None:
        self._set.clear()

    def list(self) -> list[dict[str, Any]]:
        return [fault.as_json() for fault in self._set]

    def match(self, call: ApiCall, agent: str) -> Fault | None:
        """Return the first fault that hits the call of a user agent. Each fault counts it."""
        hits = [fault for fault in list(self._set) if fault.hits(call, agent)]
        return hits[0] if hits else None


def cut(environ: WSGIEnvironment) -> None:
    """Close the client's connection at once."""
    connection: socket.socket | None = environ.get("awsprov.connection")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
