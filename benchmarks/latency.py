"""A file system with the latency of a network: FUSE on top of a directory, with a delay for each operation.

It implements the kernel's protocol (linux/fuse.h, version 7.31) with the standard library only; `mounting.py` mounts
and serves it. README.md in this directory lists what is delayed.
"""

import os
import stat
import struct
import threading
import time
from collections.abc import Callable
from errno import EINVAL

LOOK, CHANGE = 0.001, 0.0027  # seconds for an operation that reads or writes data or attributes; for one that creates
RATE = 300e6  # bytes a second, of one client in all
ATTRIBUTES, ENTRIES = 3, 30  # seconds that a client caches attributes: NFS's acregmin and acdirmin
WORKERS = 96  # operations at the same time, more than a client's 64 threads
LARGEST = 1 << 20  # bytes in one read or write, as EFS's rsize and wsize

_ASYNC_READ, _BIG_WRITES, _PARALLEL_DIROPS, _MAX_PAGES = 1 << 0, 1 << 5, 1 << 18, 1 << 22
_KEEP_CACHE = 2
_MODE, _UID, _GID, _SIZE, _ATIME, _MTIME = (1 << bit for bit in range(6))  # which fields a SETATTR carries

Answer = bytes | None  # None: the kernel wants no answer
Operation = Callable[[int, memoryview], Answer]


class Clock:
    """Delays operations; transfers share one bandwidth."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free = 0.0

    def charge(self, seconds: float, size: int = 0) -> None:
        """Sleep for a latency and for the transfer of `size` bytes, after the transfers before it."""
        now = time.monotonic()
        with self._lock:
            self._free = max(self._free, now) + size / RATE
            until = self._free if size else now
        time.sleep(max(until - now, 0) + seconds)


class FileSystem:
    """Implements the operations: each is a method that takes a node and the body of the request."""

    def __init__(self, backing: str, look: float = LOOK) -> None:
        self._look = look
        self._clock = Clock()
        self._lock = threading.Lock()
        self._nodes: dict[int, tuple[int, str]] = {}  # id: parent's id and name; a rename moves what is below, too
        self._ids: dict[tuple[int, str], int] = {}
        self._last = 1
        self._backing = backing

    def operations(self) -> dict[int, Operation]:
        """Return the operations by the kernel's opcode."""
        return {
            1: self.lookup, 2: _nothing, 3: self.getattr, 4: self.setattr, 5: self.readlink, 6: self.symlink,
            9: self.mkdir, 10: self.unlink, 11: self.rmdir, 12: self.rename, 14: self.open, 15: self.read,
            16: self.write, 17: self.statfs, 18: self.release, 20: self.fsync, 25: _agreed, 26: self.init,
            27: self.opendir, 28: self.readdir, 29: _agreed, 30: _agreed, 35: self.create, 36: _nothing,
            42: _nothing, 45: self.rename2,
        }  # fmt: skip

    def _path(self, node: int) -> str:
        parts = list[str]()
        while node != 1:
            node, name = self._nodes[node]
            parts.append(name)
        return "/".join([self._backing, *reversed(parts)])

    def _entry(self, parent: int, name: str) -> bytes:
        """Return the node and the attributes of a name. The kernel caches a missing name for as long."""
        try:
            attributes = _attributes(os.lstat(f"{self._path(parent)}/{name}"))
        except FileNotFoundError:
            return struct.pack("<QQQQII", 0, 0, ENTRIES, 0, 0, 0) + bytes(88)
        with self._lock:
            node = self._ids.get((parent, name))
            if node is None:
                self._last = node = self._last + 1
                self._ids[parent, name], self._nodes[node] = node, (parent, name)
        return struct.pack("<QQQQII", node, 0, ENTRIES, ATTRIBUTES, 0, 0) + attributes

    def init(self, _: int, body: memoryview) -> bytes:
        """Negotiate the protocol's version and options."""
        _, _, ahead, flags = struct.unpack_from("<IIII", body)
        flags &= _ASYNC_READ | _BIG_WRITES | _PARALLEL_DIROPS | _MAX_PAGES
        return struct.pack("<IIIIHHIIHHI28x", 7, 31, ahead, flags, WORKERS, WORKERS, LARGEST, 1, LARGEST // 4096, 0, 0)

    # -- looking: LOOK each

    def lookup(self, node: int, body: memoryview) -> bytes:
        """Return the attributes of a name in a directory."""
        self._clock.charge(self._look)
        return self._entry(node, _names(body)[0])

    def getattr(self, node: int, body: memoryview) -> bytes:
        """Return attributes that are no longer cached."""
        self._clock.charge(self._look)
        return struct.pack("<QII", ATTRIBUTES, 0, 0) + _attributes(os.lstat(self._path(node)))

    def readlink(self, node: int, body: memoryview) -> bytes:
        """Return the target of a symbolic link."""
        self._clock.charge(self._look)
        return os.fsencode(os.readlink(self._path(node)))  # noqa: PTH115 - text in, text out

    def open(self, node: int, body: memoryview) -> bytes:
        """Open a file, and keep the cached content."""
        self._clock.charge(self._look)
        flags = struct.unpack_from("<I", body)[0] & ~(os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW)
        return struct.pack("<QII", os.open(self._path(node), flags), _KEEP_CACHE, 0)

    def read(self, _: int, body: memoryview) -> bytes:
        """Read, limited by the bandwidth."""
        handle, offset, size = struct.unpack_from("<QQI", body)
        content = os.pread(handle, size, offset)
        self._clock.charge(self._look, len(content))
        return content

    def opendir(self, node: int, body: memoryview) -> bytes:
        """Open a directory without a delay: NFS has no such operation."""
        return struct.pack("<QII", 0, 0, 0)

    def readdir(self, node: int, body: memoryview) -> bytes:
        """Return a part of a directory's entries."""
        self._clock.charge(self._look)
        _, offset, size = struct.unpack_from("<QQI", body)
        found = b""
        for number, name in enumerate(sorted(os.listdir(self._path(node)))[offset:], start=offset + 1):  # noqa: PTH208
            raw = os.fsencode(name)
            entry = struct.pack("<QQII", number + 1, number, len(raw), 0) + raw + bytes(-len(raw) % 8)
            if len(found) + len(entry) > size:
                break
            found += entry
        return found

    def statfs(self, node: int, body: memoryview) -> bytes:
        """Return the free space."""
        self._clock.charge(self._look)
        has = os.statvfs(self._backing)
        numbers = has.f_blocks, has.f_bfree, has.f_bavail, has.f_files, has.f_ffree
        return struct.pack("<QQQQQIIII24x", *numbers, has.f_bsize, 255, has.f_frsize, 0)

    def release(self, _: int, body: memoryview) -> bytes:
        """Close without a delay: NFS does not wait when it closes a file that was read."""
        os.close(struct.unpack_from("<Q", body)[0])
        return b""

    # -- changing: CHANGE each, but writes are like reads

    def write(self, _: int, body: memoryview) -> bytes:
        """Write, limited by the bandwidth."""
        handle, offset, size = struct.unpack_from("<QQI", body)
        self._clock.charge(self._look, size)
        return struct.pack("<II", os.pwrite(handle, body[40 : 40 + size], offset), 0)

    def create(self, node: int, body: memoryview) -> bytes:
        """Create a file and open it."""
        self._clock.charge(CHANGE)
        flags, mode = struct.unpack_from("<II", body)
        name = _names(body[16:])[0]
        handle = os.open(f"{self._path(node)}/{name}", flags | os.O_CREAT, stat.S_IMODE(mode))
        return self._entry(node, name) + struct.pack("<QII", handle, 0, 0)

    def mkdir(self, node: int, body: memoryview) -> bytes:
        """Create a directory."""
        self._clock.charge(CHANGE)
        name = _names(body[8:])[0]
        os.mkdir(f"{self._path(node)}/{name}", stat.S_IMODE(struct.unpack_from("<I", body)[0]))  # noqa: PTH102
        return self._entry(node, name)

    def symlink(self, node: int, body: memoryview) -> bytes:
        """Create a symbolic link."""
        self._clock.charge(CHANGE)
        name, target = _names(body)
        os.symlink(target, f"{self._path(node)}/{name}")  # noqa: PTH211
        return self._entry(node, name)

    def unlink(self, node: int, body: memoryview) -> bytes:
        """Delete a file."""
        return self._remove(node, body, os.unlink)

    def rmdir(self, node: int, body: memoryview) -> bytes:
        """Delete a directory."""
        return self._remove(node, body, os.rmdir)

    def _remove(self, node: int, body: memoryview, how: Callable[[str], None]) -> bytes:
        self._clock.charge(CHANGE)
        name = _names(body)[0]
        how(f"{self._path(node)}/{name}")
        with self._lock:
            self._ids.pop((node, name), None)
        return b""

    def rename(self, node: int, body: memoryview) -> bytes:
        """Rename a file or directory."""
        return self._rename(node, struct.unpack_from("<Q", body)[0], body[8:])

    def rename2(self, node: int, body: memoryview) -> bytes:
        """Rename, without support for any flag."""
        to, flags = struct.unpack_from("<QI", body)
        if flags:
            raise OSError(EINVAL, "no flags here")
        return self._rename(node, to, body[16:])

    def _rename(self, node: int, to: int, names: memoryview) -> bytes:
        self._clock.charge(CHANGE)
        old, new = _names(names)
        os.rename(f"{self._path(node)}/{old}", f"{self._path(to)}/{new}")  # noqa: PTH104
        with self._lock:
            moved = self._ids.pop((node, old), None)
            self._ids.pop((to, new), None)
            if moved:
                self._ids[to, new], self._nodes[moved] = moved, (to, new)
        return b""

    def setattr(self, node: int, body: memoryview) -> bytes:
        """Set mode, owner, size and times."""
        self._clock.charge(CHANGE)
        fields = struct.unpack_from("<IIQQQQQQIIIIIIII", body)
        valid, size, atime, mtime, mode, uid, gid = (fields[n] for n in (0, 3, 5, 6, 11, 13, 14))
        path = self._path(node)
        if valid & _MODE:
            os.chmod(path, stat.S_IMODE(mode))  # noqa: PTH101
        if valid & (_UID | _GID):
            os.chown(path, uid if valid & _UID else -1, gid if valid & _GID else -1)
        if valid & _SIZE:
            os.truncate(path, size)
        if valid & _ATIME and valid & _MTIME:
            os.utime(path, (atime, mtime))
        return struct.pack("<QII", ATTRIBUTES, 0, 0) + _attributes(os.lstat(path))

    def fsync(self, _: int, body: memoryview) -> bytes:
        """Write a file to disk."""
        self._clock.charge(CHANGE)
        return b""


def _nothing(node: int, body: memoryview) -> None:
    """Forget nodes. The kernel expects no response."""


def _agreed(node: int, body: memoryview) -> bytes:
    """Succeed without a delay: it is no round trip of its own."""
    return b""


def _names(body: memoryview) -> list[str]:
    return [os.fsdecode(name) for name in bytes(body).split(b"\0")[:-1]]


def _attributes(has: os.stat_result) -> bytes:
    times = [int(at) for at in (has.st_atime, has.st_mtime, has.st_ctime)]
    nanoseconds = [at % 1_000_000_000 for at in (has.st_atime_ns, has.st_mtime_ns, has.st_ctime_ns)]
    owner = has.st_mode, has.st_nlink, has.st_uid, has.st_gid, has.st_rdev, 4096, 0
    return struct.pack("<QQQQQQIIIIIIIIII", has.st_ino, has.st_size, has.st_blocks, *times, *nanoseconds, *owner)
