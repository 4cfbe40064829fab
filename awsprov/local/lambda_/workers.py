"""One worker: a process that serves one invocation after another, as a Lambda sandbox does.

The thread that waits for an invocation's outcome is the one that answers the worker's calls and reads its output: no
thread of its own for a worker, and no two clocks for one deadline. Between invocations nothing is read, as a sandbox is
frozen then.
"""

import contextlib
import shutil
import signal
import time
from http import HTTPStatus

from awsprov.local.lambda_.invocation import TIMED_OUT, Invocation, Outcome, failure, stamp
from awsprov.local.lambda_.log_framing import Output
from awsprov.local.lambda_.runtime_api import PREFIX, Call, Connection
from awsprov.local.lambda_.sandbox import Places, Spec, peak_memory
from awsprov.local.lambda_.worker_process import WorkerProcess
from awsprov.local.logs import epoch_ms

INIT_LIMIT = 10.0  # seconds; AWS gives an on-demand init no more, and repeats it inside the invocation
RESPONSE_LIMIT = 6 * 1024 * 1024 + 100  # bytes, AWS's own odd figure
_SHORT = 0.01  # seconds
_BEAT = 0.2  # seconds between looks at a quiet worker


class Worker:
    """A process, and what it is doing.

    Arguments:
        spec: what it runs.
        places: where it runs.
        environment: its variables.
    """

    def __init__(self, spec: Spec, places: Places, environment: dict[str, str]) -> None:
        self.spec, self.places = spec, places
        self.idle_since = time.monotonic()
        self.retired = False
        self._environment = environment
        self._now: Invocation | None = None
        self._start()

    def _start(self) -> None:
        self._started = time.monotonic()
        self._waiting: Connection | None = None  # where its call for the next event stands unanswered
        self._served = self._delivered = False
        self._peak, self._measured = 0, 0.0
        self._output = Output()
        self._process = WorkerProcess(self.places.python, self.spec.handler, self._environment)
        self._process.watch(self._hear, self._read_output)

    def alive(self) -> bool:
        """Whether the process is there for another event."""
        return not self.retired and self._process.status() is None

    def kill(self) -> None:
        """End the process from another thread than the one that serves it, which cleans up."""
        self._process.kill()

    def close(self) -> None:
        """End the process and remove what it had for itself."""
        self.retired = True
        self._process.end()
        shutil.rmtree(self.places.scratch, ignore_errors=True)

    # -- an invocation

    def begin(self, invocation: Invocation) -> None:
        """Take an invocation on; `advance` carries it out."""
        self._now, self._delivered, self._begun = invocation, False, time.monotonic()
        if self._waiting:
            self._deliver(self._waiting)

    def advance(self, until: float) -> bool:
        """Serve the worker until the invocation has its outcome (True) or the clock is at `until` (False)."""
        while self._invocation.outcome is None:
            clock = time.monotonic()
            if clock >= self._deadline():
                self._expire()
            elif clock >= until:
                return False
            elif not self._process.serve(min(self._deadline(), until, clock + _BEAT) - clock):
                self._look()
        self._conclude()
        return True

    @property
    def _invocation(self) -> Invocation:
        if self._now is None:
            raise RuntimeError("no invocation has begun")
        return self._now

    def _deadline(self) -> float:
        if self._invocation.started:
            return self._invocation.started + self.spec.timeout
        return max(self._started, self._begun) + INIT_LIMIT  # a warm one may be about to ask for its next event

    def _deliver(self, connection: Connection) -> None:
        """Give the waiting worker its event."""
        self._waiting, self._delivered = None, True
        self._open()
        invocation = self._invocation
        left = self._deadline() - time.monotonic()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(epoch_ms() + int(left * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.arn,
            "Lambda-Runtime-Trace-Id": f"Root=1-{int(time.time()):08x}-{invocation.request_id.replace('-', '')[:24]}",
        }
        if invocation.client_context:
            headers["Lambda-Runtime-Client-Context"] = invocation.client_context
        self._answer(connection, HTTPStatus.OK, headers, invocation.payload)

    def _open(self) -> None:
        """The invocation proper begins: the init is over, or no longer counted apart."""
        invocation = self._invocation
        if invocation.started:
            return
        self._read_output()
        if invocation.init is not None:
            invocation.init = time.monotonic() - self._started
            self._measure(invocation.init)
        invocation.log(f"START RequestId: {invocation.request_id} Version: {self.spec.version}")
        invocation.started = time.monotonic()

    def _conclude(self) -> None:
        self._open()
        invocation = self._invocation
        invocation.ended = time.monotonic()
        invocation.peak = self._measure(invocation.ended - invocation.started)
        self._read_output()
        invocation.lines += self._output.flush()
        self._now, self._served, self.idle_since = None, True, time.monotonic()

    def _measure(self, lasted: float) -> int:
        """Its peak of memory; of short invocations only every so often, as asking costs a good part of such a one."""
        clock = time.monotonic()
        if lasted > _SHORT or clock - self._measured > _BEAT:
            self._measured, self._peak = clock, peak_memory(self._process.pid) or self._peak
        return self._peak

    # -- what the worker says

    def _hear(self, connection: Connection) -> None:
        if not connection.feed():
            self._process.drop(connection)
            self._waiting = None if self._waiting is connection else self._waiting
            self._look(_BEAT)
        while call := connection.call():
            self._handle(call, connection)

    def _handle(self, call: Call, connection: Connection) -> None:
        action = call.path.removeprefix(PREFIX).rpartition("/")[2]
        if action == "next":
            self._waiting = connection
            if not self._delivered:
                self._deliver(connection)
        elif action == "response" and len(call.body) > RESPONSE_LIMIT:
            self._answer(connection, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {}, b"{}")
            message = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes)."
            self._settle(failure("Function.ResponseSizeTooLarge", message), broken=True)
        else:
            self._answer(connection, HTTPStatus.ACCEPTED, {}, b'{"status":"OK"}')
            self._settle(Outcome(call.body, "" if action == "response" else "Unhandled"), broken="/init/" in call.path)

    def _answer(self, connection: Connection, status: HTTPStatus, headers: dict[str, str], body: bytes) -> None:
        with contextlib.suppress(OSError):  # a worker that has gone is noticed by its silence
            connection.answer(status, headers, body, self._deadline() - time.monotonic())

    def _read_output(self) -> None:
        if data := self._process.output():
            self._invocation.lines += self._output.feed(data)

    # -- what the platform finds

    def _settle(self, outcome: Outcome, *, broken: bool) -> None:
        self._invocation.outcome = self._invocation.outcome or outcome
        self.retired = self.retired or broken

    def _look(self, patience: float = 0.0) -> None:
        """Notice a process that has ended without a word."""
        invocation = self._invocation
        status = self._process.status(patience) if invocation.outcome is None else None
        if status is None:
            return
        if self._served and not self._delivered:  # it died while it was idle, which is no fault of this event
            self._restart()
            return
        reason = f"exited with error: {_exit(status)}" if status else "exited without providing a reason"
        message = f"RequestId: {invocation.request_id} Error: Runtime {reason}"
        self._open()
        invocation.log(f"{message}\nRuntime.ExitError")
        self._settle(failure("Runtime.ExitError", message), broken=True)

    def _expire(self) -> None:
        """The time is up: that of the function, or that of an init, which gets a second try inside the function's."""
        invocation = self._invocation
        if not invocation.started:
            invocation.log(f"INIT_REPORT Init Duration: {INIT_LIMIT * 1000:.2f} ms\tPhase: init\tStatus: timeout")
            invocation.init = None
            self._open()
            self._restart()
            return
        message = f"Task timed out after {float(self.spec.timeout):.2f} seconds"
        invocation.log(f"{stamp()} {invocation.request_id} {message}\n")
        self._settle(failure(TIMED_OUT, f"RequestId: {invocation.request_id} Error: {message}"), broken=True)

    def _restart(self) -> None:
        self._read_output()
        self._process.end()
        self._start()


def _exit(status: int) -> str:
    if status > 0:
        return f"exit status {status}"
    return f"signal: {(signal.strsignal(-status) or str(-status)).lower()}"
