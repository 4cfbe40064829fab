"""Pause and resume on moto: what is declared, what is changed, and that the next run finishes an interrupted one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from awsprov.config.loader import load
from awsprov.engine.engine import Engine
from awsprov.engine.state import State
from awsprov.engine.state_file import StackKey, recorded_pause
from awsprov.errors import NoStackError, PartialError, UsageError
from awsprov.operations.outbound import outbound_addresses
from awsprov.resources.compute.builder import Builder
from awsprov.resources.network.route_tables import RouteTable
from awsprov.stack.declaration import declare_stack
from tests.unit.conftest import Project
from tests.unit.fakes import refused, writable
from tests.unit.moto_cloud import Moto, on_moto

pytestmark = pytest.mark.thorough  # each test creates whole stacks on moto

WAYS_OUT = {"nat-gateway-1", "nat-elastic-ip-1", "nat-gateway-2", "nat-elastic-ip-2"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    """One stack for all tests, with a gateway in each zone."""
    with on_moto(tmp_path_factory.mktemp("moto"), nat="per-zone") as moto:
        yield moto


@pytest.fixture
def moto(shared: Moto) -> Moto:
    """The stack after `up`; a test may change it."""
    shared.engine().up()
    return shared


def engine_when(moto: Moto, *, paused: bool, keeps_addresses: bool = False) -> Engine:
    """Return an engine for the paused or resumed stack."""
    engine, pause = moto.engine(), {"paused": paused, "keeps_addresses": keeps_addresses}
    config = load(moto.root / "config.yaml").model_copy(update=pause)
    return Engine(declare_stack(config, "203.0.113.7/32"), engine.state, engine.aws, workers=1)


def test_a_paused_stack_has_route_tables_and_no_gateways(project: Project) -> None:
    project.write(project.config.read_text() + "network: {nat: per-zone}\n")
    config = load(project.config)
    up, paused = (
        declare_stack(config.model_copy(update={"paused": paused}), "203.0.113.7/32") for paused in (False, True)
    )
    assert {r.name for r in up} - {r.name for r in paused} == WAYS_OUT
    assert {r.name for r in paused} < {r.name for r in up}
    private = [table for table in paused.of(RouteTable) if table.name != "public-route-table"]
    assert [table.gateway for table in private] == [None, None]


def test_pause_and_resume_change_gateways_and_routes_only(moto: Moto) -> None:
    before = {name: record.id for name, record in moto.engine().state.records.items()}
    sent = {call: len(times) for call, times in moto.sent.items()}
    engine_when(moto, paused=True).apply_pause()
    calls = {call for call, times in moto.sent.items() if len(times) != sent.get(call, 0)}
    changes = {call for call in calls if not call.startswith(("Describe", "Get", "List"))}
    assert changes == {"DeleteRoute", "DeleteNatGateway", "ReleaseAddress", "CreateTags"}
    after = {name: record.id for name, record in moto.engine().state.records.items()}
    assert after == {name: id_ for name, id_ in before.items() if name not in WAYS_OUT}
    assert engine_when(moto, paused=True).plan().empty
    engine_when(moto, paused=False).apply_pause()
    resumed = {name: record.id for name, record in moto.engine().state.records.items()}
    assert {name for name in before if resumed[name] != before[name]} == WAYS_OUT
    assert moto.engine().plan().empty


def test_the_addresses_can_be_kept(moto: Moto) -> None:
    before = {name: record.id for name, record in moto.engine().state.records.items()}
    kept = {"nat-elastic-ip-1", "nat-elastic-ip-2"}
    paused = engine_when(moto, paused=True, keeps_addresses=True)
    paused.apply_pause()
    after = {name: record.id for name, record in moto.engine().state.records.items()}
    assert after == {name: id_ for name, id_ in before.items() if name not in WAYS_OUT - kept}
    again = engine_when(moto, paused=True, keeps_addresses=True)
    assert again.plan().empty
    assert len(outbound_addresses(again.stack, again.aws)) == 2
    engine_when(moto, paused=False).apply_pause()
    resumed = {name: record.id for name, record in moto.engine().state.records.items()}
    assert {name: resumed[name] for name in kept} == {name: before[name] for name in kept}


def test_what_differs_elsewhere_is_left_to_up(moto: Moto) -> None:
    engine = moto.engine()
    engine.aws.lambda_.update_function_configuration(FunctionName="demo-predict", MemorySize=2048)
    engine_when(moto, paused=True).apply_pause()
    configuration = engine.aws.lambda_.get_function_configuration(FunctionName="demo-predict")
    assert configuration["MemorySize"] == 2048


@pytest.mark.parametrize("call", ["delete_route", "delete_nat_gateway", "release_address"])
def test_an_interrupted_pause_is_finished_by_the_next(moto: Moto, call: str) -> None:
    engine = engine_when(moto, paused=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine.aws.ec2, call, _fails)
        with pytest.raises(PartialError):
            engine.apply_pause()
    engine_when(moto, paused=True).apply_pause()
    assert not WAYS_OUT & set(moto.engine().state.records)
    assert engine_when(moto, paused=True).plan().empty


@pytest.mark.parametrize("call", ["allocate_address", "create_nat_gateway", "create_route"])
def test_an_interrupted_resume_is_finished_by_the_next(moto: Moto, call: str) -> None:
    engine_when(moto, paused=True).apply_pause()
    engine = engine_when(moto, paused=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine.aws.ec2, call, _fails)
        with pytest.raises(PartialError):
            engine.apply_pause()
    engine_when(moto, paused=False).apply_pause()
    assert moto.engine().plan().empty


def _fails(**_: object) -> None:
    raise refused("UnauthorizedOperation")


def test_a_stack_that_does_not_exist_is_not_created(tmp_path: Path) -> None:
    with on_moto(tmp_path / "moto") as moto, pytest.raises(NoStackError, match="vpc"):
        moto.engine().apply_pause()


def test_the_builder_is_stopped_whatever_is_configured(moto: Moto) -> None:
    builder = next(r for r in moto.engine().stack if isinstance(r, Builder))
    aws = moto.aws()
    builder.id = builder.find(aws)
    aws.ec2.start_instances(InstanceIds=[builder.id])
    for _ in range(2):
        builder.stop(aws)
        assert builder.state(aws) == "stopped"
    aws.ec2.terminate_instances(InstanceIds=[builder.id])
    builder.stop(aws)
    assert builder.state(aws) == "terminated"


# ---- what is written down


def test_the_state_records_that_it_is_paused(tmp_path: Path) -> None:
    home, path = StackKey("demo", "123456789012", "us-east-1"), tmp_path / "demo.json"
    assert not recorded_pause(path)["paused"]
    writable(path, home).set_paused(paused=False)
    assert not path.exists()  # nothing changed, nothing written
    writable(path, home).set_paused(paused=True)
    assert recorded_pause(path)["paused"]
    assert State(path, home).paused
    state = writable(path, home)
    state.set_paused(paused=True, keeps_addresses=True)
    assert recorded_pause(path) == State(path, home).pause == {"paused": True, "keeps_addresses": True}
    state.set_paused(paused=False)
    assert not recorded_pause(path)["paused"]


@pytest.mark.parametrize("content", ['{"schema": 1}', "{"])
def test_an_older_state_is_not_paused_and_a_broken_one_pauses_nothing(tmp_path: Path, content: str) -> None:
    path = tmp_path / "demo.json"
    path.write_text(content)
    assert not recorded_pause(path)["paused"]


def test_config_yaml_cannot_pause(project: Project) -> None:
    project.write(project.config.read_text() + "paused: true\n")
    with pytest.raises(UsageError) as raised:
        load(project.config)
    assert "unknown key `paused`" in raised.value.why
