"""Symbolic links in a state directory, as a project that was downloaded can contain: nothing is written through one."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from awsprov.cli.install_log import InstallLog
from awsprov.engine.debug_log import LOGS_KEPT, debug_log
from awsprov.engine.event_log import EventLog
from awsprov.engine.events import Event
from awsprov.engine.journal import Journal
from awsprov.engine.lock import is_held, locked
from awsprov.files import open_private, write_atomically
from awsprov.packaging.install_progress import INSTALLING
from awsprov.ssh.keys import generate
from awsprov.ssh.known_hosts import store_host_keys

CONTENT = "precious"


def take_lock(path: Path) -> None:
    with locked(path.with_suffix(".json")):
        pass


WRITERS: dict[str, Callable[[Path], object]] = {
    "demo.lock": take_lock,
    "demo.holder": take_lock,
    "demo.json": lambda path: write_atomically(path, b"{}"),
    "demo.0.journal": lambda path: Journal(path.parent / "demo.json", 0, 1).append(b"{}"),
    "demo.events.jsonl": lambda path: EventLog(path, "awsprov up")(Event("vpc", "ready")),
    "demo.installation.jsonl": lambda path: InstallLog(path)(Event(INSTALLING[0], "creating")),
    "demo.pem": generate,
    "demo.pem.pub": lambda path: generate(path.with_suffix("")),
    "demo.known_hosts": lambda path: store_host_keys(path, "i-1", ("ssh-ed25519 AAAA",)),
}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    target = tmp_path / "target"
    target.write_text(CONTENT)
    return target


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_is_not_written_through_a_link(tmp_path: Path, target: Path, name: str) -> None:
    path = tmp_path / "state" / name
    path.parent.mkdir()
    path.symlink_to(target)
    with suppress(OSError):  # the write is refused, or replaces the link by a file
        WRITERS[name](path)
    assert target.read_text() == CONTENT


def test_looking_for_the_holder_does_not_write_through_a_link(tmp_path: Path, target: Path) -> None:
    (tmp_path / "demo.lock").symlink_to(target)
    with pytest.raises(OSError, match="symbolic links"):
        is_held(tmp_path / "demo.json")
    assert target.read_text() == CONTENT


def test_no_log_is_deleted_through_a_link(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for number in range(LOGS_KEPT + 3):
        (other / f"{number}.log").touch()
    (tmp_path / "logs").symlink_to(other)
    with debug_log(tmp_path, "up") as path:
        assert path is None
    assert len(list(other.iterdir())) == LOGS_KEPT + 3


def test_only_logs_of_awsprov_are_deleted_where_the_state_directory_is_a_link(tmp_path: Path) -> None:
    logs = tmp_path / "other" / "logs"
    logs.mkdir(parents=True)
    foreign = [logs / f"2020{number:04}.log" for number in range(LOGS_KEPT + 3)]
    own = [logs / f"20200101T000000.{number:06}Z-up.log" for number in range(LOGS_KEPT + 3)]
    for path in (*foreign, *own):
        path.touch()
    (tmp_path / ".awsprov").symlink_to(tmp_path / "other")
    with debug_log(tmp_path / ".awsprov", "up") as log:
        assert log is not None
        assert log.resolve() in logs.iterdir()
    assert set(foreign) < set(logs.iterdir())
    assert len(list(logs.iterdir())) == len(foreign) + LOGS_KEPT


def test_only_the_owner_can_read_a_new_file(tmp_path: Path) -> None:
    with open_private(tmp_path / "new", "a") as file:
        file.write("text")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", WRITERS)
def test_every_file_beside_the_state_is_for_its_owner_only(tmp_path: Path, name: str) -> None:
    before = os.umask(0)
    try:
        WRITERS[name](tmp_path / name)
    finally:
        os.umask(before)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert written
    assert [path.name for path in written if path.stat().st_mode & 0o077] == []
