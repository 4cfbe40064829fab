"""One worker: a process under awslambdaric that serves one invocation after another, as a Lambda sandbox does.

The thread that waits for an invocation's outcome is the one that answers the worker's calls and reads its output: no
thread of its own for a worker, and no two clocks for one deadline. Between invocations nothing is read, as a sandbox is
frozen then. The process ends with the cloud, however the cloud ends: it holds one end of a pipe (see `_BOOT`); asking
the kernel for a signal would bind it to the life of the thread that started it.
"""

import contextlib
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from awsprov.local.cloud import HOST
from awsprov.local.frames import LogLine, Output, now
from awsprov.local.runtime_api import PREFIX, Call, Connection
from awsprov.local.sandbox import Places, Spec, peak_memory

INIT_LIMIT = 10.0  # seconds; AWS gives an on-demand init no more, and repeats it inside the invocation
RESPONSE_LIMIT = 6 * 1024 * 1024 + 100  # bytes, AWS's own odd figure

_BOOT = """
import os, signal, sys, threading
def watch(pipe):
    os.read(pipe, 1)
    os.killpg(0, signal.SIGKILL)
threading.Thread(target=watch, args=(int(os.environ.pop("_LOCAL_LIFELINE")),), daemon=True).start()
sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
from awslambdaric.__main__ import main
main(sys.argv)
"""
_BEAT = 0.2  # seconds between looks at a quiet worker: has it died, is there something to log


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
    peak: int = 0
    lines: list[LogLine] = field(default_factory=list)
    published: list[LogLine] = field(default_factory=list)  # those of `lines` that are in the log already

    @property
    def duration(self) -> float:
        """Seconds between handing the event over and the outcome."""
        return self.ended - self.started if self.started else 0.0

    def log(self, message: str) -> None:
        """Add a line of the platform's own."""
        self.lines.append(LogLine(now(), f"{message}\n"))


class Worker:
    """A process and its runtime API."""

    def __init__(self, spec: Spec, places: Places, environment: dict[str, str]) -> None:
        self.spec, self.places = spec, places
        self.idle_since = time.monotonic()
        self.retired = False
        self._environment = environment
        self._now: Invocation | None = None
        self._delivered = False
        self._start()

    # -- the process

    def _start(self) -> None:
        self._served, self._peak = False, 0
        self._selector = selectors.DefaultSelector()
        self._connections: list[Connection] = []
        self._waiting: Connection | None = None  # where the worker's call for the next event stands unanswered
        self._output = Output()
        self._started = time.monotonic()
        self._listener = socket.create_server((HOST, 0))
        self._listener.setblocking(False)
        self._pipe, written = os.pipe()
        os.set_blocking(self._pipe, False)
        alive, self._lifeline = os.pipe()
        records = os.dup(written)
        try:
            self.process = self._spawn(written, records, alive)
        finally:
            for descriptor in (written, records, alive):
                os.close(descriptor)
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._selector.register(self._pipe, selectors.EVENT_READ, self._read_output)

    def _spawn(self, written: int, records: int, alive: int) -> subprocess.Popen[bytes]:
        environment = {
            **self._environment,
            "AWS_LAMBDA_RUNTIME_API": f"{HOST}:{self._listener.getsockname()[1]}",
            "_LAMBDA_TELEMETRY_LOG_FD": str(records),
            "_LOCAL_LIFELINE": str(alive),
        }
        return subprocess.Popen(
            [str(self.places.python), "-c", _BOOT, self.spec.handler],
            cwd=environment["LAMBDA_TASK_ROOT"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            pass_fds=(records, alive),
            start_new_session=True,
        )

    def kill(self) -> None:
        """End the process from another thread than the one that serves it, which cleans up."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def alive(self) -> bool:
        """Whether the process is there for another event."""
        return not self.retired and self.process.poll() is None

    def close(self) -> None:
        """End the process and all that it started."""
        self.retired = True
        self._end()
        shutil.rmtree(self.places.scratch, ignore_errors=True)

    def _end(self) -> None:
        if self._lifeline < 0:
            return
        self.kill()
        self.process.wait()
        self._selector.close()
        for connection in self._connections:
            connection.close()
        self._listener.close()
        os.close(self._pipe)
        os.close(self._lifeline)
        self._lifeline = -1

    # -- an invocation

    def begin(self, invocation: Invocation) -> None:
        """Take an invocation on; `advance` carries it out."""
        self._now, self._delivered = invocation, False
        if self._waiting:
            self._deliver()

    def advance(self, until: float) -> bool:
        """Serve the worker until the invocation has its outcome (True) or the clock is at `until` (False)."""
        invocation = self._invocation
        while invocation.outcome is None:
            clock = time.monotonic()
            if clock >= self._deadline():
                self._expire()
            elif clock >= until:
                return False
            else:
                self._serve(min(self._deadline(), until, clock + _BEAT) - clock)
        self._conclude()
        return True

    @property
    def _invocation(self) -> Invocation:
        if self._now is None:
            raise RuntimeError("no invocation has begun")
        return self._now

    def _serve(self, seconds: float) -> None:
        ready = self._selector.select(seconds)
        for key, _ in ready:
            action: Callable[[], Any] = key.data
            action()
        if not ready:
            self._look()

    def _deadline(self) -> float:
        invocation = self._invocation
        if invocation.started:
            return invocation.started + self.spec.timeout
        return self._started + INIT_LIMIT

    def _deliver(self) -> None:
        """Give the waiting worker its event."""
        invocation, connection = self._invocation, self._waiting
        if connection is None:
            return
        self._waiting, self._delivered = None, True
        self._open_invocation()
        left = invocation.started + self.spec.timeout - time.monotonic()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(now() + int(left * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.arn,
            "Lambda-Runtime-Trace-Id": f"Root=1-{int(time.time()):08x}-{invocation.request_id.replace('-', '')[:24]}",
        }
        if invocation.client_context:
            headers["Lambda-Runtime-Client-Context"] = invocation.client_context
        self._answer(connection, HTTPStatus.OK, headers, invocation.payload)

    def _open_invocation(self) -> None:
        invocation = self._invocation
        if invocation.started:
            return
        self._read_output()
        if invocation.init is not None:
            invocation.init = time.monotonic() - self._started
            self._peak = peak_memory(self.process.pid)
        invocation.log(f"START RequestId: {invocation.request_id} Version: {self.spec.version}")
        invocation.started = time.monotonic()

    def _conclude(self) -> None:
        invocation = self._invocation
        self._open_invocation()
        invocation.ended = time.monotonic()
        self._peak = invocation.peak = peak_memory(self.process.pid) or self._peak
        self._read_output()
        invocation.lines += self._output.flush()
        self._now, self._served, self.idle_since = None, True, time.monotonic()

    # -- what the worker says

    def _accept(self) -> None:
        try:
            peer, _ = self._listener.accept()
        except BlockingIOError:
            return
        connection = Connection(peer)
        self._connections.append(connection)
        self._selector.register(peer, selectors.EVENT_READ, lambda: self._hear(connection))

    def _hear(self, connection: Connection) -> None:
        if not connection.feed():
            self._hang_up(connection)
        while call := connection.call():
            self._handle(call, connection)

    def _hang_up(self, connection: Connection) -> None:
        self._selector.unregister(connection.peer)
        self._connections.remove(connection)
        connection.close()
        if self._waiting is connection:
            self._waiting = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(_BEAT)
        self._look()

    def _handle(self, call: Call, connection: Connection) -> None:
        action = call.path.removeprefix(PREFIX).rpartition("/")[2]
        if action == "next":
            self._waiting = connection
            if self._now and not self._delivered:
                self._deliver()
            return
        if action == "response" and len(call.body) > RESPONSE_LIMIT:
            self._answer(connection, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {}, b"{}")
            self._settle(_too_large(), broken=True)
            return
        self._answer(connection, HTTPStatus.ACCEPTED, {}, b'{"status":"OK"}')
        self._settle(Outcome(call.body, "" if action == "response" else "Unhandled"), broken="/init/" in call.path)

    def _answer(self, connection: Connection, status: HTTPStatus, headers: dict[str, str], body: bytes) -> None:
        with contextlib.suppress(OSError):  # a worker that has gone is noticed by its silence
            connection.answer(status, headers, body, self._deadline() - time.monotonic())

    def _read_output(self) -> None:
        while True:
            try:
                data = os.read(self._pipe, 1 << 16)
            except BlockingIOError:
                return
            if not data:  # all writers are gone
                with contextlib.suppress(KeyError):
                    self._selector.unregister(self._pipe)
                return
            self._invocation.lines += self._output.feed(data)

    # -- what the platform finds

    def _settle(self, outcome: Outcome, *, broken: bool) -> None:
        if self._now and self._now.outcome is None:
            self._now.outcome = outcome
        self.retired = self.retired or broken

    def _look(self) -> None:
        """Notice a process that has ended without a word."""
        status = self.process.poll()
        invocation = self._invocation
        if status is None or invocation.outcome:
            return
        if self._served and not self._delivered:  # it died while it was idle, which is no fault of this event
            self._end()
            self._start()
            return
        reason = "Runtime exited without providing a reason"
        if status:
            reason = f"Runtime exited with error: {_exit(status)}"
        message = f"RequestId: {invocation.request_id} Error: {reason}"
        self._open_invocation()
        invocation.log(f"{message}\nRuntime.ExitError")
        self._settle(_failure("Runtime.ExitError", message), broken=True)

    def _expire(self) -> None:
        """The time is up: that of the function, or that of an init, which gets a second try inside the function's."""
        invocation = self._invocation
        if not invocation.started:
            invocation.log(f"INIT_REPORT Init Duration: {INIT_LIMIT * 1000:.2f} ms\tPhase: init\tStatus: timeout")
            invocation.init = None
            self._open_invocation()
            self._end()
            self._start()
            return
        message = f"Task timed out after {float(self.spec.timeout):.2f} seconds"
        invocation.log(f"{_stamp()} {invocation.request_id} {message}\n")
        error = _failure("Sandbox.Timedout", f"RequestId: {invocation.request_id} Error: {message}")
        self._settle(error, broken=True)


def _exit(status: int) -> str:
    if status > 0:
        return f"exit status {status}"
    return f"signal: {(signal.strsignal(-status) or str(-status)).lower()}"


def _failure(kind: str, message: str) -> Outcome:
    return Outcome(json.dumps({"errorType": kind, "errorMessage": message}).encode(), "Unhandled", kind)


def _too_large() -> Outcome:
    limit = RESPONSE_LIMIT
    message = f"Response payload size exceeded maximum allowed payload size ({limit} bytes)."
    return _failure("Function.ResponseSizeTooLarge", message)


def _stamp() -> str:
    moment = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment)) + f".{int(moment * 1000) % 1000:03d}Z"
