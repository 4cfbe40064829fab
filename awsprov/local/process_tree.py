"""The processes that another process has started, and whether they still run."""

import os
import subprocess
from contextlib import suppress


def descendants(pid: int) -> list[int]:
    """Return the ids of a process's children, their children, and so on."""
    listed = subprocess.run(["/bin/ps", "-axo", "pid=,ppid="], stdout=subprocess.PIPE, check=False).stdout
    pairs = [tuple(map(int, line.split())) for line in listed.splitlines()]
    found, wanted = list[int](), {pid}
    while wanted:
        children = [child for child, parent in pairs if parent in wanted]
        found += children
        wanted = set(children)
    return found


def runs(pid: int) -> bool:
    """Return whether a process runs. One that has ended, but was not reaped by its parent, does not."""
    if not exists(pid):
        return False
    state = subprocess.run(["/bin/ps", "-o", "stat=", "-p", str(pid)], stdout=subprocess.PIPE, check=False).stdout
    return bool(state.strip()) and not state.strip().startswith(b"Z")


def exists(pid: int) -> bool:
    """Return whether the system knows a process, whether it runs or has ended."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # only if it is a child of this process
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
