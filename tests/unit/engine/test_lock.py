"""The lock of a stack: its holder, its release when the holder dies, and its removal when another host holds it."""

import getpass
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from awsprov.engine.lock import is_held, locked, remove_lock
from awsprov.errors import LockedError

HOLDER = """
import sys, time
from pathlib import Path
from awsprov.engine.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
print("released", flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "demo.json"


@pytest.fixture
def holder(path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the lock of the stack."""
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_the_second_process_sees_who_holds_the_lock(path: Path, holder: "subprocess.Popen[str]") -> None:
    with pytest.raises(LockedError) as caught, locked(path):
        pass
    assert f"process {holder.pid}" in caught.value.why
    assert socket.gethostname() in caught.value.why
    assert "for 0 s" in caught.value.why or "for 1 s" in caught.value.why
    assert holder.poll() is None


def test_the_lock_of_a_killed_process_is_taken_over(path: Path, holder: "subprocess.Popen[str]") -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with locked(path):
        assert json.loads(path.with_suffix(".holder").read_bytes())["pid"] == os.getpid()


def test_a_lock_without_a_note_is_reported(path: Path, holder: "subprocess.Popen[str]") -> None:
    path.with_suffix(".holder").write_text("{")
    with pytest.raises(LockedError, match="Another awsprov") as caught, locked(path):
        pass
    assert caught.value.why == ""
    assert holder.poll() is None


def test_the_lock_is_released_whatever_happens_under_it(path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), locked(path):
        raise KeyboardInterrupt
    with locked(path):
        pass
    assert not path.with_suffix(".holder").exists()


def test_a_user_without_a_name_may_hold_the_lock(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_name() -> str:
        raise KeyError("getpwuid(): uid not found: 1234")  # a container that runs as some number

    monkeypatch.setattr(getpass, "getuser", no_name)
    with locked(path):
        assert json.loads(path.with_suffix(".holder").read_bytes())["user"]


# ---- of another machine


def elsewhere(path: Path) -> None:
    """Make the note say that the holder runs on another host, as on a network file system."""
    note = path.with_suffix(".holder")
    note.write_text(json.dumps({**json.loads(note.read_bytes()), "host": "elsewhere"}))


def test_a_lock_of_another_host_is_reported_with_unlock(path: Path, holder: "subprocess.Popen[str]") -> None:
    with pytest.raises(LockedError) as here, locked(path):
        pass
    elsewhere(path)
    with pytest.raises(LockedError) as there, locked(path):
        pass
    assert "unlock" not in here.value.remedy
    assert "no longer runs on elsewhere: `awsprov unlock`" in there.value.remedy
    assert holder.poll() is None


def test_a_lock_is_held_as_long_as_its_process_runs(path: Path, holder: "subprocess.Popen[str]") -> None:
    assert is_held(path)
    holder.kill()
    holder.wait()
    assert not is_held(path)
    assert not is_held(path.with_name("never.json"))


def test_a_lock_that_was_taken_over_is_not_released_by_its_former_holder(
    path: Path, holder: "subprocess.Popen[str]"
) -> None:
    remove_lock(path)
    with locked(path):
        assert holder.communicate("", timeout=30)[0] == "released\n"
        assert is_held(path)
        assert json.loads(path.with_suffix(".holder").read_bytes())["pid"] == os.getpid()
