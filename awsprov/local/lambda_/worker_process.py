"""A worker's process under awslambdaric, with our ends of its pipes and sockets.

The process ends with the cloud, however the cloud ends: it holds the reading end of a pipe, and the kernel closes the
writing end when the cloud's process ends. PR_SET_PDEATHSIG would bind it to the thread that started it (prctl(2)).
"""

import asyncio
import contextlib
import functools
import json
import os
import secrets
import selectors
import signal
import socket
import subprocess
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from awsprov.local.cloud import HOST
from awsprov.local.event_loop import resolve
from awsprov.local.lambda_.closed_network import ClosedNetwork, ForbiddenError
from awsprov.local.lambda_.egress_recording import EgressRecording
from awsprov.local.lambda_.runtime_api import Connection

_CHUNK = 1 << 16  # bytes: what a pipe holds
_CHUNKS = 16  # that are read before others are served
_CONNECTIONS = 32  # that are open; a worker needs two
# awslambdaric's compiled client accepts an address with a path. `call_rapid`, which reports a failed init, does not.
_BOOT = """
import json, os, signal, sys, threading
def watch(pipe):
    os.read(pipe, 1)
    os.killpg(0, signal.SIGKILL)
threading.Thread(target=watch, args=(int(os.environ.pop("_LOCAL_LIFELINE")),), daemon=True).start()
sys.path[:] = [os.environ["LAMBDA_TASK_ROOT"], *(path for path in sys.path if path)]
from awslambdaric.__main__ import main
from awslambdaric.lambda_runtime_client import LambdaRuntimeClient
def call_rapid(self, method, endpoint, *arguments, **options):
    self.lambda_runtime_address, _, secret = os.environ["AWS_LAMBDA_RUNTIME_API"].partition("/")
    return plain_call(self, method, f"/{secret}{endpoint}", *arguments, **options)
plain_call, LambdaRuntimeClient.call_rapid = LambdaRuntimeClient.call_rapid, call_rapid
for source in json.loads(os.environ.pop("_LOCAL_HOOKS")):
    exec(source, {"__name__": "hooks"})
main(sys.argv)
"""
_AWS_HOSTS, _AUDIT_EVENTS = (
    Path(__file__).with_name(name).read_text(encoding="utf-8") for name in ("aws_hosts.py", "audit_events.py")
)


class WorkerProcess:
    """A worker's process, the listener for its runtime API, and its output.

    Arguments:
        python: the interpreter of the runtime's environment.
        handler: from the function's configuration, `module.function`.
        environment: all variables of the process.
        recording: of what leaves it, if there is one.

    Raises:
        ForbiddenError: the kernel does not allow the network that the recording needs.
    """

    def __init__(
        self, python: Path, handler: str, environment: dict[str, str], recording: EgressRecording | None = None
    ) -> None:
        self.connections: list[Connection] = []
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server((HOST, 0))
        self._listener.setblocking(False)
        self._secret = secrets.token_urlsafe(24)
        self._output, written = os.pipe()
        self._ended = False  # whether the end of its output was read
        os.set_blocking(self._output, False)
        alive, self._lifeline = os.pipe()
        records = os.dup(written)  # prints and log records share one pipe, so that they stay in order
        port = self._listener.getsockname()[1]
        variables = {
            **environment,
            "AWS_LAMBDA_RUNTIME_API": f"{HOST}:{port}/{self._secret}",
            "_LAMBDA_TELEMETRY_LOG_FD": str(records),
            "_LOCAL_LIFELINE": str(alive),
            **_hooks(recording),
        }
        self._network = _network(recording, environment)
        command, passed = [str(python), "-c", _BOOT, handler], [records, alive]
        passed += [recording.events.fileno()] if recording else []
        passed += [self._network.descriptor] if self._network else []
        try:
            self._start(self._network.command(port, command) if self._network else command, variables, written, passed)
        except BaseException:
            self._release()
            raise
        finally:
            for descriptor in (written, records, alive):
                os.close(descriptor)

    def _start(self, command: list[str], variables: dict[str, str], output: int, passed: list[int]) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=variables["LAMBDA_TASK_ROOT"],
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=passed,
            start_new_session=True,
        )
        if self._network:
            self._enter(self._network)

    def _enter(self, network: ClosedNetwork) -> None:
        """Serve the runtime API inside the process's network."""
        try:
            listener = network.start()
        except ForbiddenError:
            self.kill()
            self._process.wait()
            raise
        self._listener.close()
        self._listener = listener
        self._listener.setblocking(False)

    @property
    def pid(self) -> int:
        """The id of the worker process."""
        return self._process.pid

    def watch(self, on_request: Callable[[Connection], None]) -> None:
        """Set the callback for data on a connection."""
        self._on_request = on_request
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def watch_output(self, on_output: Callable[[], None]) -> None:
        """Set the callback for output, if there is none."""
        if not self._ended and self._output not in self._selector.get_map():
            self._selector.register(self._output, selectors.EVENT_READ, on_output)

    def ignore_output(self) -> None:
        """Call no function for output."""
        if self._output in self._selector.get_map():
            self._selector.unregister(self._output)

    async def serve(self, seconds: float) -> bool:
        """Call the callbacks of what is ready within this time, of output last; return False when nothing was."""
        ready = await self._wait(seconds)
        for key, _ in sorted(ready, key=lambda each: each[0].fd == self._output):
            action: Callable[[], None] = key.data
            action()
        return bool(ready)

    async def _wait(self, seconds: float) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait until something is ready. The selector is one file of the event loop's, so a worker is one there."""
        loop = asyncio.get_running_loop()
        ready = loop.create_future()
        loop.add_reader(self._selector.fileno(), resolve, ready)
        timer = loop.call_later(seconds, resolve, ready)
        try:
            await ready
        finally:
            timer.cancel()
            loop.remove_reader(self._selector.fileno())
        return self._selector.select(0)

    def respond(self, connection: Connection, status: HTTPStatus, headers: dict[str, str], body: bytes) -> None:
        """Write a response of the runtime API, now as far as possible, and the rest while the process is served."""
        connection.respond(status, headers, body)
        if connection.blocked:
            self._selector.modify(
                connection.peer, selectors.EVENT_READ | selectors.EVENT_WRITE, self._ready(connection)
            )

    def output(self) -> bytes:
        """Return what the process has written since the last call; of one that writes without end, a part."""
        pieces = [self._read()]
        while len(pieces[-1]) == _CHUNK and len(pieces) < _CHUNKS:
            pieces.append(self._read())
        return b"".join(pieces)

    def _read(self) -> bytes:
        try:
            data = os.read(self._output, _CHUNK)
        except BlockingIOError:
            return b""
        if not data:  # it would be ready for ever
            self._ended = True
            self.ignore_output()
        return data

    def drop(self, connection: Connection) -> None:
        """Close a connection, unless that is done."""
        if connection not in self.connections:
            return
        self._selector.unregister(connection.peer)
        self.connections.remove(connection)
        connection.close()

    def status(self) -> int | None:
        """Return subprocess's returncode; None if the process still runs."""
        return self._process.poll()

    def kill(self) -> None:
        """Kill the process and its children; `end` cleans up."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def end(self) -> None:
        """Kill the process if it still runs, and close its pipes and sockets."""
        if self._lifeline >= 0:
            self.kill()
            self._process.wait()
            self._release()

    def _accept(self) -> None:
        try:
            peer, _ = self._listener.accept()
        except BlockingIOError:
            return
        connection = Connection(peer, self._secret)
        self.connections.append(connection)
        foreign = [each for each in self.connections if not each.trusted]
        if len(foreign) > _CONNECTIONS:
            self.drop(foreign[0])
        self._selector.register(peer, selectors.EVENT_READ, self._ready(connection))

    def _ready(self, connection: Connection) -> Callable[[], None]:
        return functools.partial(self._on_ready, connection)

    def _on_ready(self, connection: Connection) -> None:
        if connection.blocked:
            connection.flush()
            if not connection.blocked:
                self._selector.modify(connection.peer, selectors.EVENT_READ, self._ready(connection))
        self._on_request(connection)

    def _release(self) -> None:
        self._selector.close()
        for connection in self.connections:
            connection.close()
        self._listener.close()
        if self._network:
            self._network.close()
        os.close(self._output)
        os.close(self._lifeline)
        self._lifeline = -1


def _hooks(recording: EgressRecording | None) -> dict[str, str]:
    """Return the variables with what runs before the handler: it records connections, and refuses those to AWS."""
    if recording is None:
        return {"_LOCAL_HOOKS": json.dumps([_AWS_HOSTS])}
    return {
        "_LOCAL_HOOKS": json.dumps([_AUDIT_EVENTS, _AWS_HOSTS]),
        "_LOCAL_EVENTS": str(recording.events.fileno()),
        "_LOCAL_REFUSES": "yes" if recording.mode == "audit-events" else "",
    }


def _network(recording: EgressRecording | None, environment: dict[str, str]) -> ClosedNetwork | None:
    """Return the network of a worker whose recording is a closed one."""
    if recording is None or not recording.is_closed:
        return None
    return ClosedNetwork(urlsplit(environment["AWS_ENDPOINT_URL"]).port or 0, recording.network)
