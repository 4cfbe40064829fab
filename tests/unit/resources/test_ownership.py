"""A foreign resource under an ID that the state records survives every command, for every kind of resource, on moto."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from awsprov.aws.client import Aws
from awsprov.aws.errors import ClientError
from awsprov.engine.engine import Engine
from awsprov.engine.record import Record
from awsprov.engine.resource import Resource, stub
from awsprov.engine.stack import Stack
from awsprov.engine.state_file import SCHEMA, StackKey
from awsprov.errors import PartialError
from awsprov.stack.declaration import KINDS
from awsprov.stack.untaggable import UNTAGGABLE
from tests.unit.fakes import writable
from tests.unit.moto_cloud import Moto, on_moto
from tests.unit.resources.foreign_resources import FOREIGN_RESOURCES, Probe

pytestmark = pytest.mark.thorough  # each test creates whole stacks on moto

DELETED = [kind for kind in KINDS if kind.delete is not Resource.delete]
OURS = {"awsprov:stack": "demo", "awsprov:name": "it"}
THEIRS = {
    "no tags": {},
    "tags of another team": {"team": "mail"},
    "tags of another stack": {"awsprov:stack": "demo2", "awsprov:name": "it"},
}


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    with on_moto(tmp_path_factory.mktemp("foreign")) as moto:
        yield moto


def engine_with(aws: Aws, path: Path, kind: type[Resource], id_: str) -> Engine:
    """Return the engine of an empty stack, whose state says that it has this resource."""
    key = StackKey("demo", "123456789012", "us-east-1")
    edited = {"schema": SCHEMA, **asdict(key), "generation": 1, "resources": {"it": asdict(Record(kind.__name__, id_))}}
    (path / "state.json").write_text(json.dumps(edited))
    aws.clear_cache()
    kinds = (UNTAGGABLE[kind].kind, kind) if kind in UNTAGGABLE else (kind,)
    return Engine(Stack([], kinds, UNTAGGABLE), writable(path / "state.json", key), aws, workers=1)


def exists(probe: Probe) -> bool:
    try:
        return bool(probe())
    except (ClientError, KeyError):  # moto raises a KeyError for the policy of a file system that was deleted
        return False


def up(engine: Engine, _: Resource) -> None:
    engine.up(allow_data_loss=True)
    assert engine.state.records == {}


def up_after_the_plan(engine: Engine, orphan: Resource) -> None:
    engine.delete_orphans([orphan])
    assert engine.state.records == {}


def down(engine: Engine, _: Resource) -> None:
    result = engine.down()
    assert (result.remaining, result.found) == ((), ())
    assert [r.name for r in result.foreign] == ["it"]


def pause(engine: Engine, _: Resource) -> None:
    engine.apply_pause()


def replace(engine: Engine, replaced: Resource) -> None:
    engine.delete_replaced([replaced])


COMMANDS: tuple[Callable[[Engine, Resource], None], ...] = (up, up_after_the_plan, down, pause, replace)


def test_every_kind_that_is_deleted_has_a_foreign_resource() -> None:
    assert set(FOREIGN_RESOURCES) == set(DELETED)


def test_a_kind_without_tags_is_in_the_table_and_no_other() -> None:
    without = {kind for kind in DELETED if kind.fetch_tags is Resource.fetch_tags or kind in UNTAGGABLE}
    assert without == set(UNTAGGABLE)
    assert all(part.kind not in UNTAGGABLE and part.reason for part in UNTAGGABLE.values())


@pytest.mark.parametrize(
    "tags", [pytest.param(tags, marks=() if "stack" in tags else pytest.mark.thorough) for tags in THEIRS]
)
@pytest.mark.parametrize("kind", DELETED, ids=lambda kind: kind.__name__)
def test_a_foreign_resource_under_a_recorded_id_survives_every_command(
    moto: Moto, tmp_path: Path, kind: type[Resource], tags: str
) -> None:
    aws = moto.aws()
    id_, probe = FOREIGN_RESOURCES[kind](aws, THEIRS[tags])
    for command in COMMANDS:
        command(engine_with(aws, tmp_path, kind, id_), stub(kind, "it", id_))
        assert exists(probe), command.__name__


@pytest.mark.parametrize("command", [up, down], ids=lambda command: command.__name__)
@pytest.mark.parametrize("kind", DELETED, ids=lambda kind: kind.__name__)
def test_what_is_the_stack_s_under_a_recorded_id_is_deleted(
    moto: Moto, tmp_path: Path, kind: type[Resource], command: Callable[[Engine, Resource], None]
) -> None:
    aws = moto.aws()
    id_, probe = FOREIGN_RESOURCES[kind](aws, OURS)
    assert exists(probe)
    engine = engine_with(aws, tmp_path, kind, id_)
    engine.delete_orphans([stub(kind, "it", id_)]) if command is up else engine.down()
    assert not exists(probe)


MAIL = """\
  mail: {source: src, handler: app.handler}
"""


def test_a_subnet_of_others_with_the_same_addresses_leads_to_the_key_with_the_addresses(tmp_path: Path) -> None:
    with on_moto(tmp_path, nat="none") as moto:
        moto.engine().up()
        ec2 = moto.aws().ec2
        (subnet,) = ec2.describe_subnets(Filters=[{"Name": "tag:awsprov:name", "Values": ["public-subnet-1"]}])[
            "Subnets"
        ]
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
        theirs = ec2.create_subnet(VpcId=subnet["VpcId"], CidrBlock=subnet["CidrBlock"])["Subnet"]
        with pytest.raises(PartialError) as caught:
            moto.engine().up()
        ec2.delete_subnet(SubnetId=theirs["SubnetId"])
        moto.engine().down()  # the tests of this file share moto
    error: Any = caught.value.failures[0].error
    assert error.what == "public-subnet-1 cannot be created: another one exists, without this stack's tags."
    assert error.remedy == "Choose another `network.cidr:` in config.yaml, or delete the existing one."


def test_a_function_that_another_team_created_under_the_name_of_ours_survives_up_and_down(tmp_path: Path) -> None:
    with on_moto(tmp_path, nat="none", functions=MAIL) as moto:
        moto.engine().up()
        aws, theirs = moto.aws(), {"team": "mail"}
        aws.lambda_.delete_function(FunctionName="demo-mail")
        arn = aws.arn("logs", "log-group:/aws/lambda/demo-mail")
        aws.logs.untag_resource(resourceArn=arn, tagKeys=[*aws.tags("")])  # moto keeps the tags of a deleted group
        aws.logs.delete_log_group(logGroupName="/aws/lambda/demo-mail")
        aws.lambda_.create_function(
            FunctionName="demo-mail",
            Role=aws.iam.get_role(RoleName="demo-predict-role")["Role"]["Arn"],
            Code={"ZipFile": b"PK\x05\x06" + bytes(18)},
            Runtime="python3.12",
            Handler="app.handler",
            Tags=theirs,
        )
        aws.logs.create_log_group(logGroupName="/aws/lambda/demo-mail", tags=theirs)
        moto.functions = ""
        events: list[tuple[str, str]] = []
        engine = moto.engine()
        engine.emit = lambda event: events.append((event.resource, event.step))
        engine.up()
        assert {("mail", "left"), ("mail-log-group", "left")} <= set(events)
        assert not {"mail", "mail-log-group", "mail-live"} & set(engine.state.records)
        result = moto.engine().down()
        assert result.remaining == ()
        assert aws.lambda_.get_function(FunctionName="demo-mail")["Tags"] == theirs
        assert aws.logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/demo-mail")["logGroups"]
