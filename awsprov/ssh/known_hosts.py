"""Host keys of machines, in OpenSSH's known_hosts format."""

from pathlib import Path

from awsprov.files import read_limited, write_atomically

_MAX_SIZE = 1024 * 1024  # bytes


def store_host_keys(file: Path, alias: str, host_keys: tuple[str, ...]) -> None:
    """Store a machine's host keys in OpenSSH's known_hosts format, so that `ssh` can use the file."""
    others = [line for line in _read_lines(file) if not line.startswith(f"{alias} ")]
    lines = [*others, *(f"{alias} {key}" for key in host_keys)]
    write_atomically(file, "".join(f"{line}\n" for line in lines).encode())


def stored_host_keys(file: Path, alias: str) -> tuple[str, ...]:
    """Return the host keys that are stored for a machine."""
    return tuple(line.split(" ", 1)[1] for line in _read_lines(file) if line.startswith(f"{alias} "))


def _read_lines(file: Path) -> list[str]:
    try:
        return read_limited(file, _MAX_SIZE).decode(errors="replace").splitlines()
    except FileNotFoundError:
        return []
