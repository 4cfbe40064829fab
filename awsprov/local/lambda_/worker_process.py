"""A worker's process under awslambdaric, and the ends of the pipes and sockets that it speaks through.

The process ends with the cloud, however the cloud ends: it holds the reading end of a pipe, and the kernel closes the
writing end with us. Asking the kernel for a signal instead would bind it to the life of the thread that started it.
"""

import contextlib
import os
import selectors
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

from awsprov.local.cloud import HOST
from awsprov.local.lambda_.runtime_api import Connection

_CHUNK = 1 << 16  # bytes
_BOOT = """
import os, signal, sys, threading
def watch(pipe):
    os.read(pipe, 1)
    os.killpg(0, signal.SIGKILL)
threading.Thread(target=watch, args=(int(os.environ.pop("_LOCAL_LIFELINE")),), daemon=True).start()
sys.path[:] = [os.environ["LAMBDA_TASK_ROOT"], *(place for place in sys.path if place)]
from awslambdaric.__main__ import main
main(sys.argv)
"""


class WorkerProcess:
    """The process, a listener for its runtime API's calls, and its output.

    Arguments:
        python: the interpreter of the runtime's environment.
        handler: the function's, as in its configuration.
        environment: all the variables that the process gets.
    """

    def __init__(self, python: Path, handler: str, environment: dict[str, str]) -> None:
        self.connections: list[Connection] = []
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server((HOST, 0))
        self._listener.setblocking(False)
        self._output, written = os.pipe()
        os.set_blocking(self._output, False)
        alive, self._lifeline = os.pipe()
        records = os.dup(written)  # prints and log records go through one pipe, and so stay in order
        variables = {
            **environment,
            "AWS_LAMBDA_RUNTIME_API": f"{HOST}:{self._listener.getsockname()[1]}",
            "_LAMBDA_TELEMETRY_LOG_FD": str(records),
            "_LOCAL_LIFELINE": str(alive),
        }
        try:
            self._process = subprocess.Popen(
                [str(python), "-c", _BOOT, handler],
                cwd=environment["LAMBDA_TASK_ROOT"],
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=written,
                pass_fds=(records, alive),
                start_new_session=True,
            )
        except BaseException:
            self._release()
            raise
        finally:
            for descriptor in (written, records, alive):
                os.close(descriptor)

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def watch(self, hear: Callable[[Connection], None], read: Callable[[], None]) -> None:
        """Say what to do when a connection or the output has something to read."""
        self._hear = hear
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._selector.register(self._output, selectors.EVENT_READ, read)

    def serve(self, seconds: float) -> bool:
        """Do so for what is ready within this time; False when nothing was."""
        ready = self._selector.select(seconds)
        for key, _ in ready:
            action: Callable[[], None] = key.data
            action()
        return bool(ready)

    def output(self) -> bytes:
        """All that the process has written by now."""
        pieces = [self._read()]
        while len(pieces[-1]) == _CHUNK:
            pieces.append(self._read())
        return b"".join(pieces)

    def _read(self) -> bytes:
        try:
            data = os.read(self._output, _CHUNK)
        except BlockingIOError:
            return b""
        if not data:  # all writers are gone, and it would be ready for ever
            with contextlib.suppress(KeyError):
                self._selector.unregister(self._output)
        return data

    def drop(self, connection: Connection) -> None:
        """Forget a connection that the process has closed."""
        self._selector.unregister(connection.peer)
        self.connections.remove(connection)
        connection.close()

    def status(self, patience: float = 0.0) -> int | None:
        """How the process ended, as subprocess counts it; None while it runs."""
        if patience:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)
        return self._process.poll()

    def kill(self) -> None:
        """End the process and all that it started; whoever serves it cleans up."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def end(self) -> None:
        """End the process, if it has not ended yet, and release what belongs to it."""
        if self._lifeline >= 0:
            self.kill()
            self._process.wait()
            self._release()

    def _accept(self) -> None:
        try:
            peer, _ = self._listener.accept()
        except BlockingIOError:
            return
        connection = Connection(peer)
        self.connections.append(connection)
        self._selector.register(peer, selectors.EVENT_READ, lambda: self._hear(connection))

    def _release(self) -> None:
        self._selector.close()
        for connection in self.connections:
            connection.close()
        self._listener.close()
        os.close(self._output)
        os.close(self._lifeline)
        self._lifeline = -1
