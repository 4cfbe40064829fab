"""One worker: a process that runs one invocation after another, as a Lambda execution environment does.

While an invocation runs, the event loop also serves the worker's runtime API and reads its output. Between
invocations nothing is read: Lambda freezes the environment then.
"""

import asyncio
import shutil
import signal
import time
from http import HTTPStatus

from awsprov.local.lambda_.egress_recording import EgressRecording
from awsprov.local.lambda_.invocation import TIMED_OUT, Invocation, Outcome, failure, timestamp
from awsprov.local.lambda_.log_framing import LogParser
from awsprov.local.lambda_.runtime_api import PREFIX, Connection, RuntimeRequest
from awsprov.local.lambda_.sandbox import Sandbox, WorkerConfig, peak_memory
from awsprov.local.lambda_.worker_process import WorkerProcess

INIT_LIMIT = 10.0  # seconds of an on-demand init; then Lambda repeats it inside the invocation (developer guide)
RESPONSE_LIMIT = 6 * 1024 * 1024 + 100  # bytes of a synchronous response, as Lambda enforces it
_SHORT = 0.01  # seconds of an invocation, after which its output is read; that of a shorter one is read at its end
_POLL = 0.2  # seconds between checks of a worker that is silent
_EXIT = 0.2  # seconds in which a process ends that has closed its connection


class Worker:
    """A process that runs one function version, and the invocation that it processes.

    Arguments:
        config: the function version.
        sandbox: its directories, interpreter and log stream.
        environment: its variables.
        recording: of what leaves it, if there is one. The worker ends with it.

    Raises:
        ForbiddenError: the kernel does not allow the network that the recording needs.
    """

    def __init__(
        self,
        config: WorkerConfig,
        sandbox: Sandbox,
        environment: dict[str, str],
        recording: EgressRecording | None = None,
    ) -> None:
        self.config, self.sandbox = config, sandbox
        self.idle_since = time.monotonic()
        self.retired = False
        self._environment, self._recording = environment, recording
        self._current: Invocation | None = None
        self._start()

    def _start(self) -> None:
        self._started = time.monotonic()
        self._waiting: Connection | None = None  # on which it waits for the next event
        self._served = self._delivered = self._hung_up = False
        self._peak, self._measured = 0, 0.0
        self._output = LogParser()
        self._process = WorkerProcess(self.sandbox.python, self.config.handler, self._environment, self._recording)
        self._process.watch(self._on_request)

    def alive(self) -> bool:
        """Whether the process can take another event, for which its keys are valid for long enough."""
        lasts = self.sandbox.session.expires - time.time() > self.config.timeout
        lasts = lasts and (self._recording is None or self._recording.active)
        return lasts and not self.retired and self._process.status() is None

    @property
    def pid(self) -> int:
        """The id of its process."""
        return self._process.pid

    def kill(self) -> None:
        """Kill the process; who serves it cleans up."""
        self._process.kill()

    def close(self) -> None:
        """End the process and delete its temporary directory."""
        self.retired = True
        self._process.end()
        shutil.rmtree(self.sandbox.scratch, ignore_errors=True)

    # -- an invocation

    def begin(self, invocation: Invocation) -> None:
        """Accept an invocation; `advance` runs it."""
        self._current, self._delivered, self._begun = invocation, False, time.monotonic()
        if self._waiting:
            self._deliver(self._waiting)

    async def advance(self, until: float) -> bool:
        """Serve the worker until the invocation ends (True) or the monotonic clock reaches `until` (False)."""
        invocation = self._invocation
        if not self._delivered:
            self._read_requests()
        while invocation.outcome is None:
            clock, deadline = time.monotonic(), self._deadline()
            if clock >= deadline:
                await self._expire()
            elif clock >= until:
                return False
            elif self._hung_up or not await self._serve(min(deadline, until) - clock):
                await self._check_process()
        self._finish()
        return True

    async def _serve(self, seconds: float) -> bool:
        """Serve the process for a part of this time; return False when there was nothing to do."""
        if time.monotonic() - self._begun < _SHORT:
            return await self._process.serve(min(seconds, _SHORT))
        self._process.watch_output(self._on_output)
        return await self._process.serve(min(seconds, _POLL))

    @property
    def _invocation(self) -> Invocation:
        if self._current is None:
            raise RuntimeError("no invocation has begun")
        return self._current

    def _deadline(self) -> float:
        if started := self._invocation.started:
            return started + self.config.timeout
        return max(self._started, self._begun) + INIT_LIMIT  # a warm one may not have asked for its next event yet

    def _deliver(self, connection: Connection) -> None:
        """Send the event to the worker, which waits for it."""
        self._waiting, self._delivered = None, True
        self._start_invocation()
        invocation = self._invocation
        headers = invocation.headers(self._deadline() - time.monotonic())
        self._process.respond(connection, HTTPStatus.OK, headers, invocation.payload)

    def _start_invocation(self) -> None:
        """Write the START line. The init is over, or continues inside the invocation."""
        invocation = self._invocation
        if invocation.started:
            return
        if not self._served:  # what was printed since the last invocation belongs to this one
            self._read_output()
        if invocation.init is not None:
            invocation.init = time.monotonic() - self._started
            self._measure(invocation.init)
        invocation.log(f"START RequestId: {invocation.request_id} Version: {self.config.version}")
        invocation.started = time.monotonic()

    def _finish(self) -> None:
        self._start_invocation()
        invocation = self._invocation
        invocation.ended = time.monotonic()
        invocation.peak = self._measure(invocation.ended - invocation.started)
        self._process.ignore_output()
        self._read_output()
        invocation.lines += self._output.flush()
        self._current, self._served, self.idle_since = None, True, time.monotonic()

    def _measure(self, lasted: float) -> int:
        """Return the peak memory in bytes. Not read after each short invocation: it takes a good part of their time."""
        clock = time.monotonic()
        if lasted > _SHORT or clock - self._measured > _POLL:
            self._measured, self._peak = clock, peak_memory(self._process.pid) or self._peak
        return self._peak

    # -- requests of the worker

    def _read_requests(self) -> None:
        """Read what the worker has sent already: a warm one has nearly always asked for its next event."""
        for connection in [each for each in self._process.connections if each.trusted]:
            self._on_request(connection)

    def _on_request(self, connection: Connection) -> None:
        if not connection.feed():
            self._process.drop(connection)
            self._waiting = None if self._waiting is connection else self._waiting
            self._hung_up = self._hung_up or connection.trusted
            return
        while request := connection.next_request():
            self._handle(request, connection)

    def _handle(self, request: RuntimeRequest, connection: Connection) -> None:
        action = request.path.removeprefix(PREFIX)
        invocation = f"/invocation/{self._invocation.request_id}"
        if (request.method, action) == ("GET", "/invocation/next"):
            self._waiting = connection
            if not self._delivered:
                self._deliver(connection)
        elif (request.method, action) == ("POST", "/init/error"):
            self._accept(request, connection, "Unhandled", broken=True)
        elif request.method == "POST" and self._delivered and action == f"{invocation}/error":
            self._accept(request, connection, "Unhandled")
        elif request.method == "POST" and self._delivered and action == f"{invocation}/response":
            self._accept_response(request, connection)
        else:  # the response to an earlier invocation, or no request of the runtime API
            self._process.respond(connection, HTTPStatus.BAD_REQUEST, {}, b'{"errorType":"InvalidRequestID"}')

    def _accept(
        self, request: RuntimeRequest, connection: Connection, error: str = "", *, broken: bool = False
    ) -> None:
        self._process.respond(connection, HTTPStatus.ACCEPTED, {}, b'{"status":"OK"}')
        self._settle(Outcome(request.body, error), broken=broken)

    def _accept_response(self, request: RuntimeRequest, connection: Connection) -> None:
        if len(request.body) <= RESPONSE_LIMIT:
            self._accept(request, connection)
            return
        self._process.respond(connection, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {}, b"{}")
        message = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes)."
        self._settle(failure("Function.ResponseSizeTooLarge", message), broken=True)

    def _on_output(self) -> None:
        if self._invocation.outcome is None:  # else `_finish` reads it
            self._read_output()

    def _read_output(self) -> None:
        if data := self._process.output():
            self._invocation.lines += self._output.feed(data)

    # -- errors that the platform detects

    def _settle(self, outcome: Outcome, *, broken: bool) -> None:
        self._invocation.outcome = self._invocation.outcome or outcome
        self.retired = self.retired or broken

    async def _check_process(self) -> None:
        """Detect a process that has ended without a response."""
        invocation = self._invocation
        status = await self._status() if invocation.outcome is None else None
        if status is None:
            return
        if self._served and not self._delivered:  # it ended while it was idle, so this event did not cause it
            await self._restart()
            return
        reason = f"exited with error: {_exit(status)}" if status else "exited without providing a reason"
        message = f"RequestId: {invocation.request_id} Error: Runtime {reason}"
        if not invocation.started:
            duration = (time.monotonic() - self._started) * 1000
            report = f"INIT_REPORT Init Duration: {duration:.2f} ms\tPhase: init\tStatus: error"
            invocation.log(f"{report}\tError Type: Runtime.ExitError")
        self._start_invocation()
        invocation.log(f"{message}\nRuntime.ExitError")
        self._settle(failure("Runtime.ExitError", message), broken=True)

    async def _status(self) -> int | None:
        """Return the status of the process, for which it has a moment if it has closed its connection."""
        until = time.monotonic() + (_EXIT if self._hung_up else 0)
        self._hung_up = False
        while (status := self._process.status()) is None and time.monotonic() < until:
            await asyncio.sleep(_SHORT)
        return status

    async def _expire(self) -> None:
        """Handle the timeout of the function, or of its init, which Lambda repeats inside the invocation."""
        invocation = self._invocation
        if not invocation.started:
            invocation.log(f"INIT_REPORT Init Duration: {INIT_LIMIT * 1000:.2f} ms\tPhase: init\tStatus: timeout")
            invocation.init = None
            self._start_invocation()
            await self._restart()
            return
        message = f"Task timed out after {float(self.config.timeout):.2f} seconds"
        invocation.log(f"{timestamp()} {invocation.request_id} {message}\n")
        self._settle(failure(TIMED_OUT, f"RequestId: {invocation.request_id} Error: {message}"), broken=True)

    async def _restart(self) -> None:
        self._read_output()
        await asyncio.to_thread(self._process.end)
        await asyncio.to_thread(self._start)


def _exit(status: int) -> str:
    if status > 0:
        return f"exit status {status}"
    return f"signal: {(signal.strsignal(-status) or str(-status)).lower()}"
