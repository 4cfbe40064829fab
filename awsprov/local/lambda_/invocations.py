"""Lambda's Invoke: from a function's name and a payload to an answer, with its limits, its log lines and its errors."""

import math
import shutil
import threading
import time
import uuid
import zipfile
from collections import Counter
from dataclasses import dataclass

from awsprov.local import interpreters, logs
from awsprov.local.cloud import Cloud
from awsprov.local.efs import storage
from awsprov.local.lambda_ import mounts, runtimes, sandbox
from awsprov.local.lambda_.invocation import Invocation, Outcome
from awsprov.local.lambda_.pool import NoRoomError, Pool
from awsprov.local.lambda_.runtimes import RuntimeUnavailableError
from awsprov.local.lambda_.sandbox import Places, Spec
from awsprov.local.lambda_.targets import Target
from awsprov.local.lambda_.workers import Worker
from awsprov.local.logs import LogLine
from awsprov.local.wire import ServiceError

# Invocations that run or wait, of all functions. The server needs more threads than this, or functions that call the
# cloud would wait for a thread that one of their own callers holds.
AT_ONCE = 48
_QUEUED = 60.0  # seconds that an invocation waits for one of this machine's workers
_REMEMBERED = 200  # lines of a long run that LogType=Tail may still want
_PUBLISH = 0.5  # seconds until the output of a running function is in its log


class StillRunningError(Exception):
    """The caller's patience is over; the function goes on without it."""


@dataclass(frozen=True)
class InvocationResponse:
    """What an invocation came to."""

    request_id: str
    payload: bytes
    error: str  # "Unhandled", or empty
    version: str
    log: str


class Invocations:
    """Everything that runs for the functions of one cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        shutil.rmtree(cloud.keep("functions") / "scratch", ignore_errors=True)  # of workers that a kill -9 left
        self.pool = Pool(self._start)
        self._running: Counter[tuple[str, str]] = Counter()
        self._unpacked: set[str] = set()  # codes that are known to be on disk
        self._counting = threading.Lock()

    def run(
        self, target: Target, payload: bytes, context: str = "", patience: float = math.inf, request_id: str = ""
    ) -> InvocationResponse:
        """Invoke a function and wait for its answer, at most `patience` seconds."""
        until = time.monotonic() + patience
        invocation = Invocation(request_id or str(uuid.uuid4()), target.arn, payload or b"{}", context)
        self._enter(target)
        try:
            worker = self._take(target, invocation, until)
        except BaseException:
            self._leave(target.spec)
            raise
        if self._advance(worker, invocation, until):
            return self._finish(worker, invocation)
        threading.Thread(target=self._complete, args=(worker, invocation), daemon=True).start()
        raise StillRunningError

    def discard(self, used: set[str]) -> None:
        """Remove unpacked code that no function has any more, and no worker runs."""
        used = used | {spec.code for spec in self.pool.specs()}
        for home in self.cloud.keep("functions", "code").iterdir():
            if home.name not in used and not home.name.startswith("."):
                self._unpacked.discard(home.name)
                shutil.rmtree(home, ignore_errors=True)

    def close(self) -> None:
        """End all workers."""
        self.pool.close()

    # -- limits

    def _enter(self, target: Target) -> None:
        reserved = target.function.reserved_concurrency
        key = (target.spec.region, target.spec.name)
        with self._counting:
            if reserved is not None and self._running[key] >= int(reserved):
                raise _throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
            if self._running.total() >= AT_ONCE:
                raise _throttled("ConcurrentInvocationLimitExceeded")
            self._running[key] += 1

    def _leave(self, spec: Spec) -> None:
        with self._counting:
            self._running[(spec.region, spec.name)] -= 1

    # -- the worker

    def _take(self, target: Target, invocation: Invocation, until: float) -> Worker:
        if not target.spec.runtime.startswith("python"):
            message = f"The local cloud runs Python functions only, not {target.spec.runtime or 'images'}."
            raise ServiceError("InvalidRuntimeException", message, 502)
        try:
            self._unpack(target)
            worker, new = self.pool.take(target.spec, min(until, time.monotonic() + _QUEUED))
        except NoRoomError as error:
            raise _throttled("ConcurrentInvocationLimitExceeded") from error
        except RuntimeUnavailableError as error:
            raise ServiceError("InvalidRuntimeException", str(error), 502) from error
        except mounts.NoConnectionError as error:
            raise _no_connection(error) from error
        except storage.MountFailure as error:
            raise _no_mount(target.spec, error) from error
        except (ValueError, zipfile.BadZipFile) as error:
            raise ServiceError("InvalidZipFileException", f"The code cannot be unpacked: {error}", 502) from error
        if new:
            invocation.init = 0.0
            invocation.log(_first_line(target.spec))
        worker.begin(invocation)
        return worker

    def _unpack(self, target: Target) -> None:
        code = target.spec.code
        if code not in self._unpacked:
            sandbox.unpack(self.cloud, code, target.function.code_bytes)
            self._unpacked.add(code)

    def _start(self, spec: Spec, name: str) -> Worker:
        with self.cloud.lock:
            mounts.check(spec)
        places = Places(
            python=runtimes.python(self.cloud, spec.python),
            task=sandbox.unpacked(self.cloud, spec.code),
            scratch=self.cloud.keep("functions", "scratch", name),
            stream=time.strftime(f"%Y/%m/%d/[{spec.version}]{name}", time.gmtime()),
        )
        return Worker(spec, places, sandbox.environment(self.cloud, spec, places))

    def _advance(self, worker: Worker, invocation: Invocation, until: float) -> bool:
        """As the worker's, with the output of a long run published on the way."""
        try:
            while True:
                step = min(until, time.monotonic() + _PUBLISH)
                if worker.advance(step):
                    return True
                if step == until:
                    return False
                lines, invocation.lines = invocation.lines, []
                invocation.published = [*invocation.published, *lines][-_REMEMBERED:]
                self._publish(worker, lines)
        except BaseException:  # our own fault: neither the worker nor its place may be lost over it
            worker.retired = True
            self._release(worker)
            raise

    def _complete(self, worker: Worker, invocation: Invocation) -> None:
        self._advance(worker, invocation, math.inf)
        self._finish(worker, invocation)

    def _finish(self, worker: Worker, invocation: Invocation) -> InvocationResponse:
        outcome = invocation.outcome or Outcome(b"")
        invocation.log(f"END RequestId: {invocation.request_id}")
        invocation.log(invocation.report(worker.spec))
        self._publish(worker, invocation.lines)
        self._release(worker)
        log = "".join(line.message for line in [*invocation.published, *invocation.lines])
        return InvocationResponse(invocation.request_id, outcome.payload, outcome.error, worker.spec.version, log)

    def _release(self, worker: Worker) -> None:
        self.pool.give(worker)
        self._leave(worker.spec)

    def _publish(self, worker: Worker, lines: list[LogLine]) -> None:
        logs.write(self.cloud, worker.spec.region, worker.spec.log_group, worker.places.stream, lines)


def _first_line(spec: Spec) -> str:
    """The line that a new worker's log begins with, and a word on the interpreter if it is not the one asked for."""
    arn = f"arn:aws:lambda:{spec.region}::runtime:{spec.runtime}"
    line = f"INIT_START Runtime Version: python:{spec.python}.local\tRuntime Version ARN: {arn}"
    interpreter = interpreters.find(spec.python)
    if interpreter.exact:
        return line
    return f"{line}\nThis machine has no Python {spec.python} that runs: Python {interpreter.version} plays it."


def _throttled(reason: str) -> ServiceError:
    return ServiceError("TooManyRequestsException", "Rate Exceeded.", 429, Reason=reason)


def _no_connection(reason: Exception) -> ServiceError:
    message = (
        "The function couldn't connect to the Amazon EFS file system with access point "
        f"{reason}. Check your network configuration and try again."
    )
    return ServiceError("EFSMountConnectivityException", message, 408)


def _no_mount(spec: Spec, reason: Exception) -> ServiceError:
    points = ", ".join(point for point, _ in spec.mounts)
    message = (
        f"The function couldn't mount the Amazon EFS file system with access point {points} due to mount failure. "
        f"Check your file system configuration. ({reason})"
    )
    return ServiceError("EFSMountFailureException", message, 403)
