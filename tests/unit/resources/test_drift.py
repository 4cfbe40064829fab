"""A stack on moto: drift is found and repaired, lost ids are found again, and AWS is called as intended."""

from collections.abc import Iterator

import pytest
from moto.ec2.models.instance_types import INSTANCE_TYPES

from awsprov.engine.engine import Engine
from awsprov.engine.resource import Resource
from awsprov.packaging.environment import variables_of
from awsprov.resources.compute.instances import is_ebs_optimized
from awsprov.resources.function.settings import digests
from tests.unit.fakes import writable
from tests.unit.moto_cloud import Moto, on_moto, refreshed
from tests.unit.resources.drifts import DRIFTS


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    """A stack on moto; a test that changes it restores it."""
    with on_moto(tmp_path_factory.mktemp("deployed")) as moto:
        moto.engine().up()
        yield moto


# ---- drift


@pytest.mark.parametrize("drift", list(DRIFTS))
def test_drift_is_found_and_repaired(deployed: Moto, drift: str) -> None:
    name, arguments, cause = DRIFTS[drift]
    before = deployed.engine()
    cause(before.aws, recorded(before)[name])
    engine = deployed.engine()
    plan = engine.plan()
    differing = {c.resource.name: set(c.differences) for c in plan.of("change")}
    assert differing.pop(name) == arguments
    assert set(differing) <= {"predict-live", "predict-version"}  # which follow the function
    assert plan.of("replace", "delete") == []
    engine.up(plan)
    after = deployed.engine()
    assert not after.differences(recorded(after)[name])


def recorded(engine: Engine) -> dict[str, Resource]:
    """All resources, with their recorded IDs."""
    for resource in engine.stack:
        engine.restore(resource)
    return {resource.name: resource for resource in engine.stack}


def test_an_options_method_without_request_validation_is_replaced(deployed: Moto) -> None:
    before = deployed.engine()
    method = recorded(before)["OPTIONS /predict"].parameters(before.aws)  # type: ignore[attr-defined]
    before.aws.apigateway.delete_method(**method)
    before.aws.apigateway.put_method(**method, authorizationType="NONE")
    engine = deployed.engine()
    plan = engine.plan()
    assert [change.resource.name for change in plan.of("replace")] == ["OPTIONS /predict"]
    engine.up(plan)


def test_a_builder_that_was_launched_without_ebs_optimization_is_replaced(deployed: Moto) -> None:
    before = deployed.engine()
    builder = recorded(before)["builder"].id
    before.aws.ec2.modify_instance_attribute(InstanceId=builder, EbsOptimized={"Value": False})
    (replaced,) = (change for change in deployed.engine().plan().of("replace") if change.resource.name == "builder")
    assert replaced.differences == {"ebs_optimized": (False, True)}
    before.aws.ec2.modify_instance_attribute(InstanceId=builder, EbsOptimized={"Value": True})


def test_after_all_that_nothing_differs(deployed: Moto) -> None:
    assert deployed.engine().plan().empty


# ---- what is found


def test_every_real_resource_is_found_by_its_tags_or_through_its_parent(deployed: Moto) -> None:
    engine = deployed.engine()
    recorded = {name: record.id for name, record in engine.state.records.items()}
    engine.state = writable(deployed.root / "lost.json")  # nothing is recorded there
    found = {name: r.id for name, r in refreshed(engine).items() if not r.virtual}
    assert {name: recorded[name] for name in found} == found


def test_without_the_state_file_there_is_nothing_to_do_either(deployed: Moto) -> None:
    engine = deployed.engine()
    engine.state = writable(deployed.root / "lost.json")  # nothing is recorded there
    plan = engine.plan()
    assert [(change.action, change.resource.name) for change in plan.changes if change.action != "keep"] == []


def test_a_recorded_id_that_does_not_exist_is_looked_up_by_tags(deployed: Moto) -> None:
    engine = deployed.engine()
    for resource in refreshed(engine).values():
        if resource.virtual or resource.needs:
            continue
        right, resource.id = resource.id, "missing-1"
        assert resource.find(engine.aws) == right


# ---- calls


def test_the_function_is_requested_with_its_mount_its_network_and_its_log(deployed: Moto) -> None:
    sent = next(c for c in deployed.sent["CreateFunction"] if c["FunctionName"] == "demo-predict")
    access_point = refreshed(deployed.engine())["function-access-point"].id
    assert [m["LocalMountPath"] for m in sent["FileSystemConfigs"]] == ["/mnt/efs"]
    assert sent["FileSystemConfigs"][0]["Arn"].endswith(f"access-point/{access_point}")
    assert len(sent["VpcConfig"]["SubnetIds"]) == 2
    assert sent["LoggingConfig"] == {"LogGroup": "/aws/lambda/demo-predict"}
    assert "KMSKeyArn" not in sent
    assert sent["Environment"]["Variables"]["PYTHONPATH"].startswith("/mnt/efs/envs/")


def test_what_holds_data_is_encrypted(deployed: Moto) -> None:
    assert deployed.sent["CreateFileSystem"][0]["Encrypted"] is True
    assert all(m["Ebs"]["Encrypted"] for c in deployed.sent["RunInstances"] for m in c["BlockDeviceMappings"])


def test_the_builder_s_role_cannot_be_stolen_by_a_web_page(deployed: Moto) -> None:
    options = deployed.sent["RunInstances"][0]["MetadataOptions"]
    assert (options["HttpTokens"], options["HttpPutResponseHopLimit"]) == ("required", 1)


def test_the_builder_is_ebs_optimized(deployed: Moto) -> None:
    assert deployed.sent["RunInstances"][0]["EbsOptimized"] is True


def test_only_types_that_are_always_ebs_optimized_are_launched_so() -> None:
    support = {name: described["EbsInfo"]["EbsOptimizedSupport"] for name, described in INSTANCE_TYPES.items()}
    assert [name for name in support if is_ebs_optimized(name) and support[name] != "default"] == []
    assert is_ebs_optimized("t3.small")
    assert not is_ebs_optimized("t2.micro")


def test_the_private_key_stays_here(deployed: Moto) -> None:
    sent = deployed.sent["ImportKeyPair"][0]
    assert sent["PublicKeyMaterial"].startswith(b"ssh-ed25519 ")
    assert "CreateKeyPair" not in deployed.sent


def test_ssh_is_open_to_one_address_and_nfs_to_two_groups(deployed: Moto) -> None:
    found = refreshed(deployed.engine())
    sent = {
        c["GroupId"]: c["IpPermissions"]
        for c in deployed.sent["AuthorizeSecurityGroupIngress"][:2]
        if "IpPermissions" in c
    }
    ssh = sent[found["builder-security-group"].id]
    assert [(p["FromPort"], [r["CidrIp"] for r in p["IpRanges"]]) for p in ssh] == [(22, ["203.0.113.7/32"])]
    nfs = sent[found["efs-security-group"].id]
    assert {pair["GroupId"] for p in nfs for pair in p["UserIdGroupPairs"]} == {
        found["builder-security-group"].id,
        found["function-security-group"].id,
    }


@pytest.mark.parametrize(
    "call", ["CreateNatGateway", "RunInstances", "CreateRouteTable", "CreateFileSystem", "CreateAccessPoint"]
)
def test_what_takes_a_token_is_given_one_and_no_two_are_alike(deployed: Moto, call: str) -> None:
    tokens = [c.get("ClientToken") or c.get("CreationToken") for c in deployed.sent[call]]
    assert all(tokens)
    assert len(set(tokens)) == len(tokens)


def test_everything_that_can_be_is_tagged_by_the_call_that_makes_it(deployed: Moto) -> None:
    for call in ("CreateVpc", "CreateSubnet", "CreateInternetGateway", "AllocateAddress", "CreateNatGateway",
                 "CreateRouteTable", "CreateSecurityGroup", "ImportKeyPair", "RunInstances"):  # fmt: skip
        for sent in deployed.sent[call]:
            tags = {tag["Key"]: tag["Value"] for tag in sent["TagSpecifications"][0]["Tags"]}
            assert tags["awsprov:stack"] == "demo"
            assert tags["awsprov:name"]


def test_permissions_name_the_route_that_may_call(deployed: Moto) -> None:
    sources = [c["SourceArn"].split(":", 5)[5].partition("/")[2] for c in deployed.sent["AddPermission"]]
    assert sorted(sources) == ["*/*/", "*/GET/items/*", "*/POST/predict"]


# ---- no secret in a plan


def test_a_plan_shows_that_a_variable_differs_and_not_what_it_holds(deployed: Moto) -> None:
    before = deployed.engine()
    function: Resource = refreshed(before)["predict"]
    before.aws.lambda_.update_function_configuration(
        FunctionName=function.id, Environment={"Variables": {"PASSWORD": "s3cret-of-old"}}
    )
    engine = deployed.engine()
    plan = engine.plan()
    assert "variables" in {name for c in plan.changes for name in c.differences}
    assert "s3cret-of-old" not in repr(plan)
    assert "hunter22" not in str([c.differences for c in plan.changes])
    engine.up(plan)


def test_the_paths_of_environments_are_shown_by_the_names_of_these() -> None:
    paths = variables_of("b65f0d06", "0f2c9d11")
    assert digests(paths) == {"PYTHONPATH": "b65f0d06", "AWSPROV_FILES": "0f2c9d11"}
    assert digests(variables_of("", "")) == {"PYTHONPATH": "known later"}
    assert "b65f0d06" not in str(digests({"MODEL": paths["PYTHONPATH"]}))
    assert "s3cret" not in str(digests({"PYTHONPATH": "s3cret"}))
