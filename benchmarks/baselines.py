"""Servers that the local cloud is compared with: moto's own, and cheroot with the handler of a few lines.

`python -m benchmarks.baselines` serves the latter, and prints its port.
"""

import io
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from cheroot import wsgi

ECHO = "def handler(event, context):\n    print('called')\n    return {'statusCode': 200, 'body': event.get('body')}\n"
_TIMEOUT = 60.0  # seconds until a server answers


class Server(NamedTuple):
    """A server on this machine."""

    port: int
    pid: int


@contextmanager
def moto() -> Iterator[Server]:
    """Run moto's server, as `moto_server` does."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with _process(["moto.server", "--port", str(port)]) as process:
        _wait_for(port)
        yield Server(port, process.pid)


@contextmanager
def cheroot() -> Iterator[Server]:
    """Run the handler under cheroot, as a WSGI application."""
    with _process(["benchmarks.baselines"], stdout=subprocess.PIPE) as process:
        yield Server(int(process.stdout.readline()), process.pid)  # type: ignore[union-attr]  # it is a pipe


@contextmanager
def _process(module: Sequence[str], stdout: int = subprocess.DEVNULL) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a module of Python until the block ends."""
    with subprocess.Popen([sys.executable, "-m", *module], stdout=stdout, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    """Wait until a server accepts connections."""
    end = time.monotonic() + _TIMEOUT
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            return


def _application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """Call the handler with the body of a request."""
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode()
    result = _HANDLER["handler"]({"body": body}, None)
    content = result["body"].encode()
    start_response(f"{result['statusCode']} OK", [("Content-Length", str(len(content)))])
    return [content]


_HANDLER: dict[str, Any] = {}


def main() -> None:
    """Serve the handler until the process is ended."""
    server = wsgi.Server(("127.0.0.1", 0), _application)
    server.prepare()
    print(server.bind_addr[1], flush=True)
    sys.stdout = io.StringIO()  # what the handler prints
    exec(ECHO, _HANDLER)  # noqa: S102 - the code above
    server.serve()


if __name__ == "__main__":
    main()
