"""The network of a worker in which only the local cloud answers; what else the worker tries is recorded.

`namespace` opens the sockets inside, which are used here: a thread answers lookups, reads the packets that leave, and
relays connections to the cloud's endpoint. Names have addresses of a range that no host has, so that it is known which
name a packet was meant for. A lookup is always answered, as by the resolver of a VPC; no other host answers.
"""

import contextlib
import functools
import ipaddress
import selectors
import socket
import subprocess
import sys
import threading
from pathlib import Path

from awsprov.local.cloud import HOST
from awsprov.local.lambda_.egress_recording import ConnectionRecord
from awsprov.local.lambda_.packets import destination, resolver_response

_PROGRAM = str(Path(__file__).with_name("namespace.py"))
_FIRST_ADDRESS = int(ipaddress.IPv4Address("198.18.1.0"))  # of the names; RFC 2544
_MESSAGE = 1024  # bytes of the message with the sockets, or with the reason why there are none
_PACKET = 2048  # bytes
_CHUNK = 1 << 18  # bytes
_START = 20.0  # seconds on a busy machine; a tenth is usual


class ForbiddenError(Exception):
    """The kernel does not allow the namespaces."""


class ClosedNetwork:
    """The network of one worker.

    Arguments:
        endpoint: the port of the local cloud's endpoint on 127.0.0.1; inside it is the same.
        record: of what leaves.
    """

    def __init__(self, endpoint: int, record: ConnectionRecord) -> None:
        self._endpoint, self._record = endpoint, record
        self._names: dict[str, str] = {}  # by address
        self._seen: set[bytes] = set()  # packets that open a connection, which are sent again
        self._ours, self._theirs = socket.socketpair()
        self._selector = selectors.DefaultSelector()

    @property
    def descriptor(self) -> int:
        """The descriptor that the process must inherit."""
        return self._theirs.fileno()

    def command(self, runtime: int, command: list[str]) -> list[str]:
        """Return the command that runs a command inside.

        Arguments:
            runtime: the port of the runtime API.
            command: the program, which is a path, and its arguments.
        """
        ports = [str(self.descriptor), str(self._endpoint), str(runtime)]
        return [sys.executable, "-I", "-S", _PROGRAM, *ports, *command]

    def start(self) -> socket.socket:
        """Serve the process, which has started; return the listener for its runtime API.

        Raises:
            ForbiddenError: it could not enter the namespaces.
        """
        packets, resolver, endpoint, runtime = self._receive()
        for each, handle in (
            (packets, self._read_packet),
            (resolver, self._answer_lookup),
            (endpoint, self._accept),
        ):
            self._selector.register(each, selectors.EVENT_READ, functools.partial(handle, each))
        self._selector.register(self._ours, selectors.EVENT_READ)  # `close` closes the other end
        threading.Thread(target=self._serve, name="closed-network", daemon=True).start()
        return runtime

    def close(self) -> None:
        """End the thread, and close its sockets."""
        self._theirs.close()

    def _receive(self) -> list[socket.socket]:
        self._ours.settimeout(_START)
        try:
            message, descriptors, _, _ = socket.recv_fds(self._ours, _MESSAGE, 4)
        except TimeoutError:
            message, descriptors = b"it did not start in time", []
        if not descriptors:
            self._release()
            raise ForbiddenError(message.decode(errors="replace") or "it exited without a reason")
        return [socket.socket(fileno=descriptor) for descriptor in descriptors]

    def _serve(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    self._release()
                    return
                with contextlib.suppress(OSError):
                    key.data()

    def _release(self) -> None:
        self._ours.close()
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]  # sockets only
        self._selector.close()

    def _read_packet(self, packets: socket.socket) -> None:
        found = destination(packets.recv(_PACKET))
        if found is None or found.identity in self._seen:
            return
        if found.identity:
            self._seen.add(found.identity)
        self._record.connected(found.protocol, self._names.get(found.host, found.host), found.port)

    def _answer_lookup(self, resolver: socket.socket) -> None:
        query, client = resolver.recvfrom(_PACKET)
        response = resolver_response(query, self._address)
        if response:
            resolver.sendto(response, client)

    def _address(self, name: str) -> str:
        """Record the lookup of a name, and return its address."""
        self._record.looked_up(name)
        address = next((address for address, known in self._names.items() if known == name), "")
        address = address or str(ipaddress.IPv4Address(_FIRST_ADDRESS + len(self._names)))
        self._names[address] = name
        return address

    def _accept(self, listener: socket.socket) -> None:
        client, _ = listener.accept()
        threading.Thread(target=_relay, args=(client, self._endpoint), name="relay", daemon=True).start()


def reason_forbidden() -> str:
    """Return why no process can have a closed network on this machine; "" if one can."""
    if sys.platform != "linux":
        return "only Linux has network namespaces"
    network = ClosedNetwork(1, ConnectionRecord())
    command = network.command(2, ["/bin/true"])
    process = subprocess.Popen(command, pass_fds=(network.descriptor,), stdin=subprocess.DEVNULL)
    try:
        network.start().close()
    except ForbiddenError as error:
        return f"the kernel does not allow network namespaces ({error})"
    finally:
        network.close()
        process.wait()
    return ""


def _relay(client: socket.socket, port: int) -> None:
    """Connect a client to a port of this machine, until both have closed."""
    with client, contextlib.suppress(OSError), socket.create_connection((HOST, port)) as server:
        back = threading.Thread(target=_copy, args=(server, client), name="relay", daemon=True)
        back.start()
        _copy(client, server)
        back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
