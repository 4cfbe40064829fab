"""The state file: complete after any crash, readable by its owner only, never that of another stack."""

import json
import math
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from awsprov import files
from awsprov.engine import journal
from awsprov.engine import state as state_module
from awsprov.engine.state import State
from awsprov.engine.state_file import SCHEMA, StackKey
from awsprov.errors import RefusedError, UsageError
from awsprov.files import write_atomically
from tests.unit.fakes import HOME, Disk, Net, writable
from tests.unit.world import World


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "demo.json"


def created(path: Path) -> State:
    state, net = writable(path), Net("net")
    net.token = state.record_intent(net)
    net.id = "net-1"
    state.record(net)
    return state


# ---- writing


def test_what_is_written_is_read_again(path: Path) -> None:
    records = created(path).records
    again = writable(path)
    assert again.records == records
    assert again.records["net"].inputs == {"cidr": "10.0.0.0/16"}
    assert again.get(Net("net")).id == "net-1"


def test_a_record_of_another_type_is_none_of_this_resource(path: Path) -> None:
    assert created(path).get(Disk("net")).id == ""


@pytest.mark.parametrize("moment", ["fsync", "rename"])
def test_a_crash_while_writing_leaves_the_old_document_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    created(path)
    before = path.read_bytes()

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(*((os, "fsync", dies) if moment == "fsync" else (Path, "replace", dies)))
    with pytest.raises(KeyboardInterrupt):
        writable(path).record_deletion("net")
    assert path.read_bytes() == before
    assert {file.name for file in path.parent.iterdir()} <= {path.name, f"{path.name}.1"}


def test_kill_9_in_the_middle_of_many_writes_leaves_a_whole_document(path: Path) -> None:
    code = """
import sys
from pathlib import Path
from awsprov.files import write_atomically
write_atomically(Path(sys.argv[1]), b'"0"')
print("going", flush=True)
for n in range(10**9):
    write_atomically(Path(sys.argv[1]), b'"%s"' % (str(n).encode() * 5000))
"""
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        process.stdout.readline()
        time.sleep(0.3)
        process.kill()
    assert len(set(json.loads(path.read_bytes())) - set("0123456789")) == 0


def test_the_content_is_on_disk_before_the_name_is(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    fsync, rename = os.fsync, Path.replace

    def syncing(descriptor: int) -> None:
        order.append("fsync")
        fsync(descriptor)

    def renaming(self: Path, target: Path) -> Path:
        order.append("rename")
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(Path, "replace", renaming)
    write_atomically(path, b"{}")
    assert order == ["fsync", "rename", "fsync"]  # the content, the name, the directory


def test_only_the_owner_may_read_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        created(path)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_known_id_is_not_written_again(path: Path) -> None:
    state, net = created(path), Net("net")
    net.id = "net-1"
    before = path.stat().st_ino
    state.record(net)
    assert path.stat().st_ino == before


def test_removing_twice_is_no_error(path: Path) -> None:
    state = created(path)
    state.remove()
    state.remove()
    assert not path.exists()


# ---- tokens


def test_the_same_intent_has_the_same_token_and_another_has_another(path: Path) -> None:
    token = writable(path).record_intent(Net("net"))
    assert writable(path).record_intent(Net("net")) == token
    assert writable(path).record_intent(Net("other")) != token
    assert writable(path).record_intent(Net("net", "10.1.0.0/16")) != token
    assert writable(path).record_intent(Disk("net")) != token
    elsewhere = StackKey("demo", HOME.account, "eu-west-1")
    assert writable(path.with_name("x.json"), elsewhere).record_intent(Net("net")) != token


def test_a_token_is_not_used_again_after_a_deletion_or_a_renewal(path: Path) -> None:
    state = writable(path)
    tokens = [state.record_intent(Net("net"))]
    state.record_deletion("net")
    tokens.append(state.record_intent(Net("net")))
    state.rotate_token("net")
    tokens.append(state.record_intent(Net("net")))
    assert len(set(tokens)) == 3
    assert writable(path).record_intent(Net("net")) == tokens[-1]  # the generation is on disk, too


def test_the_token_of_something_that_no_longer_exists_is_not_used_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = created(path).records["net"].token
    later = time.time() + 3600
    monkeypatch.setattr(time, "time", lambda: later)
    again = writable(path).record_intent(Net("net"))
    assert token != again == writable(path).record_intent(Net("net"))


def test_the_token_of_something_that_may_not_be_listed_yet_is_used_again(path: Path) -> None:
    token = created(path).records["net"].token
    assert writable(path).record_intent(Net("net")) == token


def test_after_a_lost_document_no_token_is_used_again(path: Path) -> None:
    token = writable(path).record_intent(Net("net"))
    path.unlink()
    state = writable(path)
    state.renew_tokens()
    assert state.record_intent(Net("net")) != token


def test_a_pending_creation_keeps_its_token_whatever_is_deleted_meanwhile(path: Path) -> None:
    state = writable(path)
    token = state.record_intent(Net("net"))
    state.record_intent(Disk("disk"))
    state.record_deletion("disk")
    assert writable(path).record_intent(Net("net")) == token


def test_a_token_fits_into_every_api(path: Path) -> None:
    token = writable(path).record_intent(Net("net"))
    assert token.isalnum()
    assert len(token) <= 64


# ---- refusals


@pytest.mark.parametrize(
    ("key", "named"),
    [
        (StackKey("other", HOME.account, HOME.region), "other"),
        (StackKey(HOME.stack, "999999999999", HOME.region), "999999999999"),
        (StackKey(HOME.stack, HOME.account, "eu-west-1"), "eu-west-1"),
    ],
)
def test_the_state_of_another_stack_is_refused(path: Path, key: StackKey, named: str) -> None:
    created(path)
    with pytest.raises(RefusedError, match=named):
        State(path, key)


def test_the_state_of_a_newer_awsprov_is_refused(path: Path) -> None:
    created(path)
    document = {**json.loads(path.read_bytes()), "schema": SCHEMA + 1}
    path.write_text(json.dumps(document))
    with pytest.raises(RefusedError, match="newer awsprov"):
        writable(path)


WHOLE = {"schema": 1, "stack": "demo", "account": HOME.account, "region": HOME.region, "generation": 0, "resources": {}}
GARBAGE: list[bytes] = [
    b"",
    b"\x00\xff\xfe garbage",
    b"{",
    b"[]",
    b"null",
    b"7",
    b"{}",
    *(json.dumps({k: v for k, v in WHOLE.items() if k != missing}).encode() for missing in WHOLE),
    json.dumps({**WHOLE, "schema": "one"}).encode(),
    json.dumps({**WHOLE, "resources": []}).encode(),
    json.dumps({**WHOLE, "resources": {"vpc": "vpc-1"}}).encode(),
    json.dumps({**WHOLE, "resources": {"vpc": {}}}).encode(),
    json.dumps({**WHOLE, "resources": {"vpc": {"type": "Vpc", "at": math.nan}}}).encode(),
    json.dumps({**WHOLE, "generation": math.inf}).encode(),
    json.dumps({**WHOLE, "resources": {"vpc": {"type": "Vpc", "colour": "red"}}}).encode(),
]


@pytest.mark.parametrize("content", GARBAGE)
def test_an_unreadable_document_is_one_clear_error(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(UsageError, match="cannot be read") as caught:
        writable(path)
    assert "`awsprov recover`" in caught.value.remedy
    assert path.read_bytes() == content


# ---- no secret at rest


def test_no_value_of_a_variable_no_key_and_no_secret_in_the_state(world: World) -> None:
    world.engine().up()
    written = json.loads(world.path.read_bytes())
    assert set(written) == {"schema", "stack", "account", "region", "generation", "journal", "resources"} | {
        "paused",
        "keeps_addresses",
        "like",
    }
    for record in written["resources"].values():
        assert set(record) == {"type", "id", "token", "needs", "inputs", "at", "added"}


def test_the_states_of_before_the_last_runs_stay(path: Path) -> None:
    for n in range(6):  # each is a run
        state = writable(path)
        net = Net("net")
        net.id = f"net-{n}"
        state.record(net)
        state.record_deletion("other")
    ids = [json.loads(each.read_text())["resources"]["net"]["id"] for each in sorted(path.parent.glob(f"{path.name}*"))]
    assert ids == ["net-5", "net-4", "net-3", "net-2"]
    assert all(each.stat().st_mode & 0o077 == 0 for each in path.parent.glob(f"{path.name}*"))


# ---- a large document


Large = Callable[..., State]


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> Large:
    """Return a function that makes a state whose document is too large to be written whole at each change."""
    monkeypatch.setattr(journal, "_SMALL", 4096)

    def large(path: Path, count: int = 60) -> State:
        state = writable(path)
        for n in range(count):
            state.record(disk(f"disk-{n}"))
        return state

    return large


def disk(name: str, id_: str = "") -> Disk:
    disk = Disk(name)
    disk.id = id_ or f"vol-{name}"
    return disk


def test_what_is_written_grows_with_the_number_of_changes_and_not_with_its_square(
    path: Path, large: Large, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    whole, appended = files.write_atomically, journal.Journal.append

    def replacing(where: Path, content: bytes) -> None:
        written.append(len(content))
        whole(where, content)

    def appending(one: journal.Journal, change: bytes) -> None:
        written.append(len(change))
        appended(one, change)

    monkeypatch.setattr(state_module, "write_atomically", replacing)
    monkeypatch.setattr(journal.Journal, "append", appending)
    large(path, 100)
    first = sum(written)
    written.clear()
    large(path.with_name("other.json"), 400)
    assert sum(written) < 4.5 * first


def test_a_large_document_and_its_journal_are_read_as_one(path: Path, large: Large) -> None:
    state = large(path)
    state.record_intent(disk("new"))
    state.record_deletion("disk-3")
    state.record(disk("disk-4", "vol-other"))
    assert list(path.parent.glob("*.journal"))
    again = writable(path)
    assert again.records == state.records
    assert again.generation == state.generation
    assert "disk-3" not in again.records
    assert again.records["new"].token


def test_a_line_that_a_crash_cut_short_never_was(path: Path, large: Large) -> None:
    state = large(path)
    before = writable(path).records
    state.record(disk("late"))
    file = next(path.parent.glob("*.journal"))
    file.write_bytes(file.read_bytes()[:-7])
    again = writable(path)
    assert again.records == before
    again.record(disk("later"))
    assert "later" in writable(path).records


def test_an_old_journal_is_not_applied_to_a_newer_document(path: Path, large: Large) -> None:
    state = large(path)
    state.record(disk("disk-4", "vol-older"))
    left = next(path.parent.glob("*.journal"))
    content = left.read_bytes()
    state.record(disk("disk-4", "vol-newer"))
    state.compact()
    left.write_bytes(content)  # the process died after the document, before this was taken away
    assert writable(path).records["disk-4"].id == "vol-newer"


def test_the_journal_of_a_document_that_a_backup_replaced_is_not_applied(path: Path, large: Large) -> None:
    large(path).compact()
    backup = path.read_bytes()
    lost = writable(path)
    lost.set_paused(True)
    lost.record(disk("disk-4", "vol-lost"))
    path.write_bytes(backup)
    writable(path).set_paused(True)
    assert writable(path).records["disk-4"].id == "vol-disk-4"


def test_the_name_of_a_new_journal_is_on_disk_too(path: Path, large: Large, monkeypatch: pytest.MonkeyPatch) -> None:
    state = large(path)
    state.compact()
    fsync, directories = os.fsync, list[bool]()

    def syncing(descriptor: int) -> None:
        directories.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", syncing)
    state.record(disk("a"))
    state.record(disk("b"))
    assert directories == [False, True, False]


def test_at_the_end_all_of_it_is_in_the_document(path: Path, large: Large) -> None:
    state = large(path)
    state.compact()
    assert not list(path.parent.glob("*.journal"))
    assert len(json.loads(path.read_bytes())["resources"]) == len(state.records)
    state.remove()
    assert not list(path.parent.iterdir())
