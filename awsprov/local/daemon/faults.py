"""Faults on demand: what networks and busy services do to a client, at the n-th call or at random with a seed.

A fault is set through the cloud's own API (`levers.py`), counts the calls that it matches, and fires.
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

Kind = Literal["throttle", "error", "cut-before", "cut-after", "slow", "truncate", "kill-before", "kill-after"]

# The code that each service throttles with, where it is not `ThrottlingException`.
_THROTTLES = {
    "ec2": ("RequestLimitExceeded", 503),
    "apigateway": ("TooManyRequestsException", 429),
    "apigatewayv2": ("TooManyRequestsException", 429),
    "lambda": ("TooManyRequestsException", 429),
    "iam": ("Throttling", 400),
}


@dataclass
class Fault:
    """One fault.

    Arguments:
        kind: `throttle` and `error` are answers instead of the call; `cut-before` and `cut-after` end the connection
            before the call is forwarded or after it took effect; `slow` answers after `seconds`; `truncate` sends half
            an answer; `kill-before` and `kill-after` are cuts that also kill the process group of `pid`.
        operation: which calls it matches: `ec2:CreateVpc`, `ec2:*`, `*`.
        at: the first matching call that it hits, counted from 1. 0: any, with `probability`.
        times: how many calls it hits before it is spent.
        probability: of a hit, for a fault without `at`; the same `seed` hits the same calls.
        mutating: only calls that change something are matched.
    """

    kind: Kind
    operation: str = "*"
    at: int = 1
    times: int = 1
    probability: float = 0.0
    seed: int = 0
    seconds: float = 1.0
    pid: int = 0
    mutating: bool = False
    seen: int = 0
    _random: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse what makes no sense before it waits for its turn."""
        self._random = random.Random(self.seed)  # noqa: S311 - it picks calls, it guards nothing
        if self.kind not in get_args(Kind):
            raise ValueError(f"There is no fault {self.kind!r}; there are {', '.join(get_args(Kind))}.")
        if self.kind.startswith("kill") and (self.pid <= 1 or os.getpgid(self.pid) == os.getpgid(0)):
            raise ValueError("A kill needs the pid of a process in a group of its own.")

    def hits(self, call: ApiCall) -> bool:
        """Count this call, and say whether the fault falls on it."""
        if self.times <= 0 or not fnmatch.fnmatchcase(call.name, self.operation) or (self.mutating and call.reads):
            return False
        self.seen += 1
        hit = self.seen >= self.at if self.at else self._random.random() < self.probability
        self.times -= hit
        return hit

    def before(self, call: ApiCall, environ: WSGIEnvironment) -> bool:
        """What happens before the call is forwarded. True: the connection is cut, forward nothing."""
        if self.kind == "throttle":
            code, status = _THROTTLES.get(call.service, ("ThrottlingException", 400))
            raise ServiceError(code, "Rate exceeded", status)
        if self.kind == "error":
            raise ServiceError("InternalError", "An internal error has occurred", 500)
        return self.kind in ("cut-before", "kill-before") and self._cut(environ)

    def after(self, environ: WSGIEnvironment) -> bool:
        """What happens once the call took effect. True: the connection is cut, answer nothing."""
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
        """For the API's answers."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.init}


class Faults:
    """Those that are set, in the order in which they were."""

    def __init__(self) -> None:
        self._set: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._set.append(fault)

    def clear(self) -> None:
        self._set.clear()

    def list(self) -> list[dict[str, Any]]:
        return [fault.as_json() for fault in self._set]

    def draw(self, call: ApiCall) -> Fault | None:
        """The first one that falls on this call. Every one of them counts it."""
        hit = [fault for fault in list(self._set) if fault.hits(call)]
        return hit[0] if hit else None


def cut(environ: WSGIEnvironment) -> None:
    """End the client's connection, with whatever is in it."""
    connection: socket.socket | None = environ.get("awsprov.connection")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
