"""The invocations of all functions: concurrency limits, workers, log lines and Lambda's errors."""

import asyncio
import dataclasses
import math
import shutil
import time
import zipfile
from collections import Counter
from dataclasses import dataclass

from awsprov.local import interpreters, logs, wire
from awsprov.local.cloud import Cloud
from awsprov.local.efs import storage
from awsprov.local.event_loop import EventLoop
from awsprov.local.iam import role_sessions
from awsprov.local.iam.role_sessions import RoleSession
from awsprov.local.lambda_ import mounts, runtimes, sandbox
from awsprov.local.lambda_.closed_network import ForbiddenError
from awsprov.local.lambda_.egress_recording import EgressRecording
from awsprov.local.lambda_.invocation import Invocation, Outcome
from awsprov.local.lambda_.pool import NoWorkerError, Pool
from awsprov.local.lambda_.runtimes import RuntimeUnavailableError
from awsprov.local.lambda_.sandbox import Sandbox, WorkerConfig
from awsprov.local.lambda_.targets import Target
from awsprov.local.lambda_.workers import Worker
from awsprov.local.logs import LogLine
from awsprov.local.wire import ServiceError

# Invocations that run or wait, of all functions. The control plane needs more threads than this: a function that calls
# the cloud would otherwise wait for a thread that its own caller occupies.
AT_ONCE = 48
_QUEUED = 60.0  # seconds that an invocation waits for a free worker
_TAIL_LINES = 200  # of a long invocation, kept for LogType=Tail
_NOT_ASSUMABLE = "The role defined for the function cannot be assumed by Lambda."
_PUBLISH = 0.5  # seconds until the output of a running function is in CloudWatch Logs


class StillRunningError(Exception):
    """The caller's timeout is over; the function continues to run."""


@dataclass(frozen=True)
class InvocationResponse:
    """The result of an invocation.

    Arguments:
        request_id: as in the log.
        payload: the function's result or its error, as JSON.
        error: `Unhandled`, or empty.
        version: that ran.
        log: the log lines of this invocation; of a long one only the last.
    """

    request_id: str
    payload: bytes
    error: str
    version: str
    log: str


class Invocations:
    """The invocations of one cloud's functions, and the workers that run them. They run on the event loop.

    Arguments:
        cloud: that has the functions.
        loop: on which they run.

    Attributes:
        recordings: by the ARN of a function, of what leaves it.
    """

    def __init__(self, cloud: Cloud, loop: EventLoop) -> None:
        self.cloud, self._loop = cloud, loop
        shutil.rmtree(
            cloud.make_directory("functions") / "scratch", ignore_errors=True
        )  # left by a cloud that was killed
        self.pool = Pool(self._start)
        self.recordings: dict[str, EgressRecording] = {}
        self._running: Counter[tuple[str, str]] = Counter()
        self._unpacked: set[str] = set()  # hashes of code that is on disk
        self._continuing: set[asyncio.Task[None]] = set()  # without a caller; asyncio has weak references only

    async def run(
        self, target: Target, payload: bytes, context: str = "", timeout: float = math.inf, request_id: str = ""
    ) -> InvocationResponse:
        """Invoke a function and wait for its response.

        Arguments:
            target: the function version.
            payload: the event, as JSON.
            context: the client context, as JSON.
            timeout: seconds to wait for the response; the function continues afterwards.
            request_id: by default a new one.

        Raises:
            ServiceError: the function cannot be run now.
            StillRunningError: after `timeout`.
        """
        until = time.monotonic() + timeout
        invocation = Invocation(request_id or wire.request_id(), target.arn, payload or b"{}", context)
        self._enter(target)
        try:
            worker = await self._take(target, invocation, until)
        except BaseException:
            self._leave(target.config)
            raise
        if await self._advance(worker, invocation, until):
            return self._finish(worker, invocation)
        rest = asyncio.create_task(self._complete(worker, invocation))
        self._continuing.add(rest)
        rest.add_done_callback(self._continuing.discard)
        raise StillRunningError

    def run_from_thread(
        self, target: Target, payload: bytes, context: str = "", request_id: str = ""
    ) -> InvocationResponse:
        """Invoke a function from a thread that is not the loop's. Arguments and errors are those of `run`."""
        return self._loop.run(self.run(target, payload, context, request_id=request_id))

    def recording(self, function: str) -> EgressRecording | None:
        """Return the recording of a function, by its ARN; None if there is none, or if it is over."""
        recording = self.recordings.get(function)
        return recording if recording and recording.active else None

    def discard(self, used: set[str]) -> None:
        """Delete unpacked code that no function has (`used`: their hashes) and no worker runs."""
        used = used | {config.code for config in self.pool.configs()}
        for home in self.cloud.make_directory("functions", "code").iterdir():
            if home.name not in used and not home.name.startswith("."):
                self._unpacked.discard(home.name)
                shutil.rmtree(home, ignore_errors=True)

    def close(self) -> None:
        """End the workers of all functions."""
        self.pool.close()

    # -- limits

    def _enter(self, target: Target) -> None:
        reserved = target.function.reserved_concurrency
        key = (target.config.region, target.config.name)
        if reserved is not None and self._running[key] >= int(reserved):
            raise _throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
        if self._running.total() >= AT_ONCE:
            raise _throttled("ConcurrentInvocationLimitExceeded")
        self._running[key] += 1

    def _leave(self, config: WorkerConfig) -> None:
        self._running[(config.region, config.name)] -= 1

    # -- workers

    async def _take(self, target: Target, invocation: Invocation, until: float) -> Worker:
        if not target.config.runtime.startswith("python"):
            message = f"The local cloud runs Python functions only, not {target.config.runtime or 'images'}."
            raise ServiceError("InvalidRuntimeException", message, 502)
        try:
            await self._unpack(target)
            worker, new = await self.pool.take(target.config, min(until, time.monotonic() + _QUEUED))
        except NoWorkerError as error:
            raise _throttled("ConcurrentInvocationLimitExceeded") from error
        except (RuntimeUnavailableError, ForbiddenError) as error:
            raise ServiceError("InvalidRuntimeException", str(error), 502) from error
        except mounts.NoConnectionError as error:
            raise _no_connection(error) from error
        except storage.MountError as error:
            raise _no_mount(target.config, error) from error
        except (ValueError, zipfile.BadZipFile) as error:
            raise ServiceError("InvalidZipFileException", f"The code cannot be unpacked: {error}", 502) from error
        if new:
            invocation.init = 0.0
            invocation.log(_first_line(target.config))
        worker.begin(invocation)
        return worker

    async def _unpack(self, target: Target) -> None:
        code = target.config.code
        if code not in self._unpacked:
            await asyncio.to_thread(sandbox.unpack, self.cloud, code, target.function.code_bytes)
            self._unpacked.add(code)

    def _start(self, config: WorkerConfig, name: str) -> Worker:
        with self.cloud.lock:
            session = _session(config)
            mounts.check(config)
            logs.ensure_group(self.cloud, config.region, config.log_group)
        own = Sandbox(
            python=runtimes.python(self.cloud, config.python),
            task_root=sandbox.code_directory(self.cloud, config.code),
            scratch=self.cloud.make_directory("functions", "scratch", name),
            log_stream=time.strftime(f"%Y/%m/%d/[{config.version}]{name}", time.gmtime()),
            session=session,
        )
        recording = self.recording(config.function_arn)
        variables = recording.applied(dict(config.variables)) if recording else dict(config.variables)
        changed = dataclasses.replace(config, variables=tuple(variables.items()))
        return Worker(config, own, sandbox.environment(self.cloud, changed, own), recording)

    async def _advance(self, worker: Worker, invocation: Invocation, until: float) -> bool:
        """Run the invocation until it ends (True) or until `until` (False); publish the output of a long one."""
        try:
            while True:
                step = min(until, time.monotonic() + _PUBLISH)
                if await worker.advance(step):
                    return True
                if step == until:
                    return False
                lines, invocation.lines = invocation.lines, []
                invocation.published = [*invocation.published, *lines][-_TAIL_LINES:]
                self._publish(worker, lines)
        except BaseException:  # an error of ours: the worker and its slot must be released
            worker.retired = True
            self._release(worker)
            raise

    async def _complete(self, worker: Worker, invocation: Invocation) -> None:
        await self._advance(worker, invocation, math.inf)
        self._finish(worker, invocation)

    def _finish(self, worker: Worker, invocation: Invocation) -> InvocationResponse:
        outcome = invocation.outcome or Outcome(b"")
        invocation.log(f"END RequestId: {invocation.request_id}")
        invocation.log(invocation.report(worker.config))
        self._publish(worker, invocation.lines)
        self._release(worker)
        log = "".join(line.message for line in [*invocation.published, *invocation.lines])
        return InvocationResponse(invocation.request_id, outcome.payload, outcome.error, worker.config.version, log)

    def _release(self, worker: Worker) -> None:
        self.pool.give(worker)
        self._leave(worker.config)

    def _publish(self, worker: Worker, lines: list[LogLine]) -> None:
        logs.write(self.cloud, worker.config.region, worker.config.log_group, worker.sandbox.log_stream, lines)


def _session(config: WorkerConfig) -> RoleSession:
    """Return a session of the function's role, for a new worker."""
    try:
        return role_sessions.create(config.role, config.function_arn)
    except role_sessions.NoRoleError as error:
        raise ServiceError("AccessDeniedException", _NOT_ASSUMABLE, 403) from error


def _first_line(config: WorkerConfig) -> str:
    """Return the first line of a new worker's log, and a warning if another Python stands in for the runtime's."""
    arn = f"arn:aws:lambda:{config.region}::runtime:{config.runtime}"
    line = f"INIT_START Runtime Version: python:{config.python}.local\tRuntime Version ARN: {arn}"
    interpreter = interpreters.find(config.python)
    if interpreter.exact:
        return line
    return f"{line}\nPython {config.python} is not installed: Python {interpreter.version} stands in for it."


def _throttled(reason: str) -> ServiceError:
    return ServiceError("TooManyRequestsException", "Rate Exceeded.", 429, Reason=reason)


def _no_connection(reason: Exception) -> ServiceError:
    message = (
        "The function couldn't connect to the Amazon EFS file system with access point "
        f"{reason}. Check your network configuration and try again."
    )
    return ServiceError("EFSMountConnectivityException", message, 408)


def _no_mount(config: WorkerConfig, reason: Exception) -> ServiceError:
    points = ", ".join(point for point, _ in config.mounts)
    message = (
        f"The function couldn't mount the Amazon EFS file system with access point {points} due to mount failure. "
        f"Check your file system configuration. ({reason})"
    )
    return ServiceError("EFSMountFailureException", message, 403)
