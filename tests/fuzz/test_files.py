"""Every file that may come from others: it is read, or one error says what is wrong with it."""

import dataclasses
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import strategies as st

from awsprov.aws.object_store import StoredObject
from awsprov.cli.install_log import read_lines
from awsprov.config.env_file import read_env_file
from awsprov.config.loader import load
from awsprov.engine import event_log, plan_file
from awsprov.engine.lease import read_lease
from awsprov.engine.lock import holder
from awsprov.engine.state import State
from awsprov.engine.state_file import recorded_pause
from awsprov.engine.sync_record import SyncRecordFile
from awsprov.errors import AwsprovError
from awsprov.operations import proof_record
from awsprov.packaging.import_analysis import imported_modules
from awsprov.packaging.install_target import InstallTarget
from awsprov.packaging.lockfile import Lock
from awsprov.packaging.requirements import read_requirements
from awsprov.pricing.price_table import prices_of, saved_prices_path
from awsprov.ssh.keys import check_private_key
from awsprov.ssh.known_hosts import stored_host_keys
from awsprov.terraform.converter import convert
from awsprov.terraform.reader import read_terraform
from tests.fuzz.budget import fuzz, mutated, mutated_json
from tests.unit.config.test_fuzz import GOOD as GOOD_CONFIG
from tests.unit.config.test_fuzz import WORDS as YAML_WORDS
from tests.unit.fakes import HOME, locked

TEXT_WORDS = [
    b"\n",
    b"\r",
    b"\0",
    b"=",
    b'"',
    b"'",
    b"\\",
    b"#",
    b" ",
    b"\xff",
    b"\xef\xbb\xbf",
    b"${X}",
    b"$(id)",
    b"-r x",
]


@contextmanager
def a_file(name: str, content: bytes) -> Iterator[Path]:
    """Write a file into a directory of its own."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, name)
        path.write_bytes(content)
        yield path


@fuzz(mutated(GOOD_CONFIG.encode(), [word.encode("utf-8", "surrogatepass") for word in YAML_WORDS]))
def test_config_yaml(content: bytes) -> None:
    with a_file("config.yaml", content) as path, suppress(AwsprovError):
        (path.parent / "src").mkdir()
        (path.parent / "src" / "app.py").write_text("def handler(event, context): ...\n")
        (path.parent / "requirements.txt").write_text("numpy\n")
        assert load(path).name


ENV = b'# comment\nA=1\nexport B="two\\nlines"\nC=\'x\'\nD=a b # c\nE=${A}\n\nF="open\n'


@fuzz(mutated(ENV, TEXT_WORDS))
def test_an_env_file(content: bytes) -> None:
    with a_file("x.env", content) as path, suppress(ValueError):
        assert all(isinstance(value, str) for value in read_env_file(path).values())


REQUIREMENTS = b"""\
numpy>=2,<3 ; python_version >= "3.11"  # why
scikit-learn[extra] == 1.7.* \\
  --hash=sha256:0000
--index-url https://example.com/simple
--extra-index-url https://${USER}:x@example.com/simple
-c constraints.txt
-r requirements.txt
pkg @ https://example.com/pkg-1.0-py3-none-any.whl
"""


@fuzz(mutated(REQUIREMENTS, TEXT_WORDS))
def test_requirements_txt(content: bytes) -> None:
    with a_file("requirements.txt", content) as path, suppress(AwsprovError):
        assert read_requirements(path, path.parent).inputs is not None


@fuzz(mutated("\n".join([*locked("one", "1.0").lines, *locked("two", "2.0").lines, ""]).encode(), TEXT_WORDS))
def test_a_lock_file(content: bytes) -> None:
    with a_file("requirements.lock", content) as path:
        path.with_name("requirements.txt").write_text("one\n")
        lock = Lock(path.with_name("requirements.txt"), path, InstallTarget("3.12"))
        head = lock.text_of([]).encode()
        path.write_bytes(head + content)
        read = dataclasses.replace(lock)
        assert read.state in ("missing", "stale", "fresh")
        assert (read.state == "fresh") >= bool(read.pins) or read.problem == ""
        assert isinstance(read.urls, list)


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


TERRAFORM = b"""\
variable "name" { default = "x" }
locals { a = "${var.name}-b" }
provider "aws" { region = "eu-west-1" }
resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
data "archive_file" "z" { source_dir = "src" }
resource "aws_lambda_function" "f" {
  function_name = local.a
  handler = "app.handler"
  runtime = "python3.12"
  memory_size = 512
  timeout = 10
  environment { variables = { A = "b", PASSWORD = var.name } }
}
resource "aws_api_gateway_resource" "r" { path_part = "x" }
"""
TERRAFORM_WORDS = [*b'{ } " = ${ var.x [ ] null 1 <<E #'.split(), b"\n", b"(" * 500]


@fuzz(mutated(TERRAFORM, TERRAFORM_WORDS))
def test_terraform(content: bytes) -> None:
    with a_file("main.tf", content) as path, suppress(AwsprovError):
        assert convert(read_terraform(path.parent), "demo", "us-east-1", path.parent).text


@fuzz(mutated(b"import numpy\nfrom a.b import c\n\ndef handler(event, context):\n    return 1\n", TEXT_WORDS))
def test_a_handler(content: bytes) -> None:
    with a_file("app.py", content) as path:
        assert isinstance(imported_modules(path.parent, "app.handler"), list)


@fuzz(mutated(b"i-1 ssh-ed25519 AAAA\ni-2 ssh-rsa BBBB\n", TEXT_WORDS))
def test_known_hosts(content: bytes) -> None:
    with a_file("known_hosts", content) as path:
        assert all(isinstance(key, str) for key in stored_host_keys(path, "i-1"))


@fuzz(mutated(b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", TEXT_WORDS))
def test_a_private_key(content: bytes) -> None:
    with a_file("key.pem", content) as path, suppress(AwsprovError):
        path.chmod(0o600)
        check_private_key(path)
