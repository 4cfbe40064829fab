"""Which compiled libraries of a process open connections by themselves, so that Python's audit events miss them."""

import json
import re
import struct
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

_ELF = b"\x7fELF\x02\x01"  # 64 bits, little-endian: all that Lambda runs on
_MACH_O = (b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
_MACH_O_CONNECT = re.compile(rb"\0_connect(\$[A-Z$]+)?\0")
_SYMBOLS = 11  # SHT_DYNSYM
_SECTION, _SYMBOL = struct.Struct("<IIQQQQIIQQ"), struct.Struct("<IBBHQQ")
# Parts of the system and of Python. They connect only when code calls them which is in the list itself, or by functions
# of Python that have audit events. awslambdaric's client uses the runtime API, and libuuid a socket file.
_KNOWN = re.compile(
    r"(libc|libresolv|libnss_\w+|libcrypto|libssl|libuuid|libpython[\d.]+|ld-\w+|libpthread|libSystem)[.-].*"
    r"|(_socket|_ssl|runtime_client)\..*|python[\d.]*"
)


def socket_libraries(pids: Iterable[int], events: bytes) -> list[str]:
    """Return the paths of libraries that import `connect`, or cannot be read.

    Arguments:
        pids: of processes whose libraries are read from /proc.
        events: audit events, with the compiled modules of other systems.
    """
    mapped = {path for pid in pids for path in _mapped(pid)}
    loaded = {event[1] for event in map(json.loads, events.splitlines()) if event[0] == "library"}
    paths = {path for path in mapped | loaded if Path(path).is_absolute()}
    return sorted(path for path in paths if not _KNOWN.fullmatch(Path(path).name) and links_sockets(Path(path)))


def _mapped(pid: int) -> set[str]:
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/maps").read_text(errors="replace").splitlines()
        fields = [line.split(maxsplit=5) for line in lines]
        return {each[5] for each in fields if len(each) > 5 and "x" in each[1]}  # noqa: PLR2004 - with a path, and code
    return set()


@lru_cache(maxsize=4096)
def links_sockets(path: Path) -> bool:
    """Return whether a program or library imports `connect`; True if it cannot be read, as it could."""
    try:
        content = path.read_bytes()
        if content.startswith(_MACH_O):
            return bool(_MACH_O_CONNECT.search(content))
        return b"connect" in _imports(content) if content.startswith(_ELF) else False
    except (OSError, struct.error, IndexError):
        return True


def _imports(content: bytes) -> set[bytes]:
    """Return the names of the functions that an ELF file takes from other libraries."""
    (start,) = struct.unpack_from("<Q", content, 40)
    size, count = struct.unpack_from("<HH", content, 58)
    sections = [_SECTION.unpack_from(content, start + number * size) for number in range(count)]
    found: set[bytes] = set()
    for _, kind, _, _, offset, length, link, _, _, _ in sections:
        if kind == _SYMBOLS:
            names = sections[link][4]
            for position in range(offset, offset + length, _SYMBOL.size):
                name, _, _, section, _, _ = _SYMBOL.unpack_from(content, position)
                if not section:  # undefined here
                    found.add(content[names + name : content.index(b"\0", names + name)])
    if not any(kind == _SYMBOLS for _, kind, *_ in sections):
        raise IndexError("no symbols")
    return found
