"""Mounts the file system with latency, and serves it in a process of its own.

It needs Linux, /dev/fuse, and root or the program fusermount3.
"""

import array
import ctypes
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EINVAL, ENOSYS
from pathlib import Path

from benchmarks.latency import LARGEST, LOOK, WORKERS, Answer, FileSystem, Operation

_HEADER = struct.Struct("<IIQQIIII")


def available() -> str:
    """Return why it cannot be mounted on this machine; empty if it can."""
    if not Path("/dev/fuse").exists():
        return "there is no /dev/fuse"
    return "" if os.geteuid() == 0 or _fusermount() else "it takes root, or the program fusermount3"


@contextmanager
def mounted(backing: Path, at: Path, look: float = LOOK) -> Iterator[Path]:
    """Mount a directory with latency and an empty cache, served by a process of its own.

    Arguments:
        backing: the directory.
        at: where.
        look: seconds for an operation that reads or writes data or attributes.
    """
    at.mkdir(exist_ok=True)
    device = _mount(at)
    command = [sys.executable, "-m", "benchmarks.mounting", str(device), str(backing), str(look)]
    with subprocess.Popen(command, pass_fds=[device], cwd=Path(__file__).parents[1]) as server:
        os.close(device)
        try:
            yield at
        finally:
            _unmount(at)
            with suppress(subprocess.TimeoutExpired):
                server.wait(10)
            server.kill()


def _fusermount() -> str | None:
    return shutil.which("fusermount3") or shutil.which("fusermount")


def _mount(at: Path) -> int:
    """Mount it as root; return the descriptor of /dev/fuse."""
    if os.geteuid():
        return _mount_as_user(at)
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions,max_read={LARGEST}"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"latency", os.fsencode(at), b"fuse.latency", 0, options.encode()):
        raise OSError(ctypes.get_errno(), f"could not mount {at}")
    return device


def _mount_as_user(at: Path) -> int:
    """Mount it with fusermount, which sends the descriptor over a socket."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        environment = {**os.environ, "_FUSE_COMMFD": str(theirs.fileno())}
        command = [str(_fusermount()), "-o", f"default_permissions,max_read={LARGEST}", str(at)]
        subprocess.run(command, pass_fds=[theirs.fileno()], env=environment, check=True)
        _, sent, _, _ = ours.recvmsg(1, socket.CMSG_SPACE(4))
    return array.array("i", sent[0][2][:4])[0]


def _unmount(at: Path) -> None:
    command = ["umount", "-l", str(at)] if os.geteuid() == 0 else [str(_fusermount()), "-u", "-z", str(at)]
    subprocess.run(command, check=True)


# -- serving


def serve(device: int, backing: str, look: float) -> None:
    """Handle requests of the kernel until the file system is unmounted."""
    sys.setswitchinterval(0.0005)  # an operation is some tens of microseconds of work here
    operations = FileSystem(backing, look).operations()
    workers = [threading.Thread(target=_work, args=(device, operations), daemon=True) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def _work(device: int, operations: dict[int, Operation]) -> None:
    request = memoryview(bytearray(LARGEST + 4096))  # a new one for each operation would be most of its work
    with suppress(OSError):  # ENODEV: it was unmounted
        while True:
            size = os.readv(device, [request])
            _, opcode, unique, node, *_ = _HEADER.unpack_from(request)
            body = request[_HEADER.size : size]
            _reply(device, unique, *_carried_out(operations.get(opcode, _unknown), node, body))


def _carried_out(operation: Operation, node: int, body: memoryview) -> tuple[int, Answer]:
    try:
        return 0, operation(node, body)
    except OSError as error:
        return -(error.errno or EINVAL), b""
    except KeyError:
        return -EINVAL, b""


def _unknown(node: int, body: memoryview) -> Answer:
    raise OSError(ENOSYS, "not here")


def _reply(device: int, unique: int, error: int, answer: Answer) -> None:
    if answer is not None:
        os.write(device, struct.pack("<IiQ", 16 + len(answer), error, unique) + answer)


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]))
