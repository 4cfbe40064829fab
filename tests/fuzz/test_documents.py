"""Every file that awsprov writes, and that others may have changed: it is read, or one error says what is wrong."""

import dataclasses
import json
from contextlib import suppress
from datetime import UTC, datetime

from hypothesis import strategies as st

from awsprov.aws.object_store import StoredObject
from awsprov.cli.install_log import read_lines
from awsprov.engine import event_log, plan_file
from awsprov.engine.lease import read_lease
from awsprov.engine.lock import holder
from awsprov.engine.state import State
from awsprov.engine.state_file import recorded_pause
from awsprov.engine.sync_record import SyncRecordFile
from awsprov.errors import AwsprovError
from awsprov.operations import proof_record
from awsprov.pricing.price_table import prices_of, saved_prices_path
from awsprov.ssh.keys import check_private_key
from awsprov.ssh.known_hosts import stored_host_keys
from tests.fuzz.budget import fuzz, mutated, mutated_json
from tests.fuzz.files import TEXT_WORDS, a_file
from tests.unit.fakes import HOME

RECORD = {"type": "Vpc", "id": "vpc-1", "token": "t", "needs": ["x"], "inputs": {"cidr": "10.0.0.0/16"}, "at": 1.0}
HEAD = {"schema": 1, **dataclasses.asdict(HOME), "generation": 1, "paused": False, "journal": 1}
STATE = {**HEAD, "resources": {"vpc": RECORD}}
CHANGE = {"generation": 2, "resources": {"vpc": RECORD}, "deleted": ["x"]}


@fuzz(mutated_json(STATE))
def test_a_state_file(content: bytes) -> None:
    with a_file("demo.json", content) as path:
        with suppress(AwsprovError):
            use(State(path, HOME))
        with suppress(AwsprovError):
            recorded_pause(path)


def use(state: State) -> None:
    """Read everything in a state, as commands do."""
    for record in state.records.values():
        assert "".join([record.type, record.id, record.token, *record.needs]) is not None
        assert record.at + 1 >= record.at
        assert dict(record.inputs) is not None
    assert state.has_id("x") in (True, False)


@fuzz(st.lists(mutated_json(CHANGE), max_size=3).map(b"\n".join))
def test_a_journal_of_the_state(content: bytes) -> None:
    with a_file("demo.json", json.dumps(STATE).encode()) as path, suppress(AwsprovError):
        path.with_suffix(".1.journal").write_bytes(content + b"\n")
        use(State(path, HOME))


PLAN = {
    "schema_version": 1, "key": dataclasses.asdict(HOME), "forced": ["x"], "salt": "00", "seal": "11",
    "fingerprints": {"a": "b"}, "shown": {"changes": []},
}  # fmt: skip


@fuzz(mutated_json(PLAN))
def test_a_saved_plan(content: bytes) -> None:
    with a_file("x.plan", content) as path, suppress(AwsprovError):
        assert plan_file.load(path, HOME).key == HOME


HOLDER = {"pid": 1, "host": "h", "user": "u", "command": "awsprov up", "since": 1.0}
EVENT = {"resource": "vpc", "step": "creating", "detail": "", "at": 1.0}


@fuzz(mutated_json(HOLDER))
def test_the_note_of_a_lock_s_holder(content: bytes) -> None:
    with a_file("demo.holder", content) as path:
        by = holder(path.with_name("demo.json"))
        assert by is None or str(by)
        assert by is None or by.on_this_host in (True, False)
        assert by is None or datetime.fromtimestamp(by.since, UTC)


LEASE = {"holder": HOLDER, "seconds": 300.0, "call": 120.0, "number": 1, "token": "t", "renewal": 0}
SYNCED = {"location": "s3://bucket/demo", "tokens": ["t"], "copied": True, "writes": ["w"]}
PROOFS = {"predict": {"permissions": ["s3:GetObject on arn:aws:s3:::b/*"], "requests": 1, "at": 1.0}}
PRICES = {"region": "us-east-1", "date": "2026-01-01", "source": "x", "units": {"nat_hour": 0.1}, "instances": {}}


@fuzz(mutated_json(LEASE))
def test_a_shared_lock(content: bytes) -> None:
    found = read_lease(StoredObject(content, '"etag"', "", 1.0))
    assert found is None or round(found.free_in(1.0)) + found.number is not None
    assert found is None or f"{found.holder.description}"


@fuzz(mutated_json(SYNCED))
def test_the_record_of_shared_objects(content: bytes) -> None:
    with a_file("demo.shared", content) as path:
        record = SyncRecordFile(path.with_name("demo.json"), "s3://bucket/demo")
        record.set_copied(not record.read().copied)
        assert record.next_write() in record.read().writes


@fuzz(mutated_json(PROOFS))
def test_recorded_proofs(content: bytes) -> None:
    with a_file("demo.proofs.json", content) as path:
        for proof in proof_record.load(path).values():
            assert proof.parsed() is not None
            assert datetime.fromtimestamp(proof.at, UTC)


@fuzz(mutated_json(PRICES))
def test_saved_prices(content: bytes) -> None:
    with a_file("x", content) as path:
        saved = saved_prices_path("us-east-1", path.parent)
        saved.parent.mkdir()
        path.rename(saved)
        found = prices_of("us-east-1", path.parent)
        assert found
        assert all(round(price) is not None for price in (*found.units.values(), *found.instances.values()))


@fuzz(st.lists(mutated_json(EVENT), max_size=4).map(b"\n".join))
def test_the_log_of_events(content: bytes) -> None:
    with a_file("demo.events.jsonl", content) as path:
        assert isinstance(event_log.under_way(event_log.latest(path, 100)), dict)


@fuzz(st.lists(mutated_json({"timestamp": 1, "message": "m"}), max_size=4).map(b"\n".join))
def test_the_log_of_an_installation(content: bytes) -> None:
    with a_file("demo.installation.jsonl", content) as path:
        for line in read_lines(path, lambda: False):
            assert datetime.fromtimestamp(line["timestamp"] / 1000, UTC)
            assert isinstance(line["message"], str)


@fuzz(mutated(b"i-1 ssh-ed25519 AAAA\ni-2 ssh-rsa BBBB\n", TEXT_WORDS))
def test_known_hosts(content: bytes) -> None:
    with a_file("known_hosts", content) as path:
        assert all(isinstance(key, str) for key in stored_host_keys(path, "i-1"))


@fuzz(mutated(b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", TEXT_WORDS))
def test_a_private_key(content: bytes) -> None:
    with a_file("key.pem", content) as path, suppress(AwsprovError):
        path.chmod(0o600)
        check_private_key(path)
