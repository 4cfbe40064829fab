"""Lambda's Invoke: from a function's name and a payload to an answer, with its limits, its log lines and its errors."""

import math
import random
import shutil
import threading
import time
import uuid
import zipfile
from collections import Counter
from dataclasses import dataclass
from typing import Any

from awsprov.local import disks, journal
from awsprov.local.cloud import ACCOUNT, Cloud
from awsprov.local.functions import runtimes, sandbox
from awsprov.local.functions.invocation import Invocation, Outcome
from awsprov.local.functions.pool import NoRoomError, Pool
from awsprov.local.functions.runtimes import RuntimeUnavailableError
from awsprov.local.functions.sandbox import Places, Spec
from awsprov.local.functions.workers import Worker
from awsprov.local.journal import LogLine
from awsprov.local.operations import Refused

_QUEUED = 60.0  # seconds that an invocation waits for one of this machine's workers
_PUBLISH = 0.5  # seconds until the output of a running function is in its log


class StillRunningError(Exception):
    """The caller's patience is over; the function goes on without it."""


@dataclass(frozen=True)
class Answer:
    """What an invocation came to."""

    request_id: str
    payload: bytes
    error: str  # "Unhandled", or empty
    version: str
    log: str


@dataclass(frozen=True)
class Target:
    """A function's version, and the name by which it was called."""

    function: Any
    arn: str  # with the qualifier that was used
    spec: Spec


class Invocations:
    """Everything that runs for the functions of one cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        shutil.rmtree(cloud.keep("functions") / "scratch", ignore_errors=True)  # of workers that a kill -9 left
        self.pool = Pool(self._start)
        self._running: Counter[tuple[str, str]] = Counter()
        self._unpacked: set[str] = set()  # codes that are known to be on disk
        self._counting = threading.Lock()

    def run(self, target: Target, payload: bytes, context: str = "", patience: float = math.inf) -> Answer:
        """Invoke a function and wait for its answer, at most `patience` seconds."""
        until = time.monotonic() + patience
        invocation = Invocation(str(uuid.uuid4()), target.arn, payload or b"{}", context)
        self._enter(target)
        try:
            worker = self._take(target, invocation, until)
        except BaseException:
            self._leave(target)
            raise
        if self._advance(worker, invocation, until):
            return self._finish(target, worker, invocation)
        rest = threading.Thread(target=self._complete, args=(target, worker, invocation), daemon=True)
        rest.start()
        raise StillRunningError

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
            self._running[key] += 1

    def _leave(self, target: Target) -> None:
        with self._counting:
            self._running[(target.spec.region, target.spec.name)] -= 1

    # -- the worker

    def _take(self, target: Target, invocation: Invocation, until: float) -> Worker:
        try:
            self._unpack(target)
            worker, new = self.pool.take(target.spec, min(until, time.monotonic() + _QUEUED))
        except NoRoomError as error:
            raise _throttled("ConcurrentInvocationLimitExceeded") from error
        except RuntimeUnavailableError as error:
            raise Refused("InvalidRuntimeException", str(error), 502) from error
        except disks.MountFailure as error:
            raise _no_mount(target.spec, error) from error
        except (ValueError, zipfile.BadZipFile) as error:
            raise Refused("InvalidZipFileException", f"The code cannot be unpacked: {error}", 502) from error
        if new:
            invocation.init = 0.0
            version = f"{target.spec.runtime.replace('python', 'python:')}.local"
            arn = f"arn:aws:lambda:{target.spec.region}::runtime:{target.spec.runtime}"
            invocation.log(f"INIT_START Runtime Version: {version}\tRuntime Version ARN: {arn}")
        worker.begin(invocation)
        return worker

    def _unpack(self, target: Target) -> None:
        code = target.spec.code
        if code not in self._unpacked:
            sandbox.unpack(self.cloud, code, target.function.code_bytes)
            self._unpacked.add(code)

    def _start(self, spec: Spec, name: str) -> Worker:
        places = Places(
            python=runtimes.python(self.cloud, spec.python),
            task=sandbox.unpacked(self.cloud, spec.code),
            scratch=self.cloud.keep("functions", "scratch", name),
            stream=time.strftime(f"%Y/%m/%d/[{spec.version}]{name}", time.gmtime()),
        )
        return Worker(spec, places, sandbox.environment(self.cloud, spec, places))

    def _advance(self, worker: Worker, invocation: Invocation, until: float) -> bool:
        """As the worker's, with the output of a long run published on the way."""
        while True:
            step = min(until, time.monotonic() + _PUBLISH)
            if worker.advance(step):
                return True
            if step == until:
                return False
            lines, invocation.lines = invocation.lines, []
            invocation.published += lines
            self._publish(worker, lines)

    def _complete(self, target: Target, worker: Worker, invocation: Invocation) -> None:
        self._advance(worker, invocation, math.inf)
        self._finish(target, worker, invocation)

    def _finish(self, target: Target, worker: Worker, invocation: Invocation) -> Answer:
        outcome = invocation.outcome or Outcome(b"")
        invocation.log(f"END RequestId: {invocation.request_id}")
        invocation.log(invocation.report(target.spec))
        self._publish(worker, invocation.lines)
        self.pool.give(worker)
        self._leave(target)
        log = "".join(line.message for line in [*invocation.published, *invocation.lines])
        return Answer(invocation.request_id, outcome.payload, outcome.error, target.spec.version, log)

    def _publish(self, worker: Worker, lines: list[LogLine]) -> None:
        journal.write(self.cloud, worker.spec.region, worker.spec.log_group, worker.places.stream, lines)


def target(backend: Any, name: str, qualifier: str = "") -> Target:
    """The function that a name or an ARN stands for; moto raises ResourceNotFoundException where there is none."""
    if ":function:" in name:  # an ARN, or its last part
        _, _, name = name.partition(":function:")
    name, _, within = name.partition(":")
    qualifier = within or qualifier
    function = backend.get_function(name, _version(backend, name, qualifier) or None)
    arn = f"arn:aws:lambda:{backend.region_name}:{ACCOUNT}:function:{name}"
    return Target(function, f"{arn}:{qualifier}" if qualifier else arn, spec(function))


def _version(backend: Any, name: str, qualifier: str) -> str:
    """The version behind a qualifier: an alias with weights stands for one or the other of two."""
    if not qualifier or qualifier.isdigit() or qualifier == "$LATEST":
        return qualifier
    routing = next((a.routing_config for a in backend.list_aliases(name) if a.name == qualifier), None)
    point = random.random()  # noqa: S311 - a load balancer's dice
    for version, weight in ((routing or {}).get("AdditionalVersionWeights") or {}).items():
        point -= float(weight)
        if point < 0:
            return str(version)
    return qualifier


def spec(function: Any) -> Spec:
    """What the workers of this version of a function depend on."""
    logging = function.logging_config
    return Spec(
        region=function.region,
        name=function.function_name,
        version=str(function.version),
        handler=function.handler or "",
        runtime=function.run_time or "",
        code=function.code_digest.partition(":")[2] or function.code_digest,
        timeout=int(function.timeout),
        memory=int(function.memory_size),
        log_group=function.logs_group_name,
        log_format=logging.get("LogFormat", "Text"),
        log_level=logging.get("ApplicationLogLevel", ""),
        variables=tuple(sorted(function.environment_vars.items())),
        mounts=tuple((each["Arn"], each["LocalMountPath"]) for each in function.file_system_configs),
    )


def _throttled(reason: str) -> Refused:
    return Refused("TooManyRequestsException", "Rate Exceeded.", 429, Reason=reason)


def _no_mount(spec: Spec, reason: Exception) -> Refused:
    points = ", ".join(point for point, _ in spec.mounts)
    message = (
        f"The function couldn't mount the Amazon EFS file system with access point {points} due to mount failure. "
        f"Check your file system configuration. ({reason})"
    )
    return Refused("EFSMountFailureException", message, 403)
