"""Security settings, one by one: each is the default, and is checked in the calls to AWS or in the resources.

Others are tested elsewhere: the contents of the bundle (packaging/test_bundle), values that are never shown
(resources/test_drift, tests/e2e/test_life), the pinned host key (ssh/test_client), access to the local cloud
(tests/local/daemon/test_request_guard).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from awsprov.cli.plan_view import warnings
from awsprov.config.loader import load
from awsprov.engine.resource import Resource, distinct_notes
from awsprov.errors import UsageError
from awsprov.packaging.bundle import Bundle
from tests.unit import moto_cloud
from tests.unit.moto_cloud import Moto, on_moto, refreshed

GROUPS = ("builder-security-group", "function-security-group", "efs-security-group")


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    """A stack on moto after `up`."""
    with on_moto(tmp_path_factory.mktemp("hard") / "project") as moto:
        moto.engine().up()
        yield moto


@pytest.fixture(scope="module")
def resources(deployed: Moto) -> dict[str, Resource]:
    return refreshed(deployed.engine())


def documents(deployed: Moto) -> list[Any]:
    """Every statement of the roles' policies."""
    return [s for call in deployed.sent["CreatePolicy"] for s in json.loads(call["PolicyDocument"])["Statement"]]


# ---- the network


def test_the_default_security_group_has_no_rules(deployed: Moto, resources: dict[str, Resource]) -> None:
    vpc: Any = [{"Name": "vpc-id", "Values": [resources["vpc"].id]}, {"Name": "group-name", "Values": ["default"]}]
    (group,) = deployed.aws().ec2.describe_security_groups(Filters=vpc)["SecurityGroups"]
    assert (group["IpPermissions"], group["IpPermissionsEgress"]) == ([], [])


def test_rules_added_to_the_default_security_group_are_removed(deployed: Moto, resources: dict[str, Resource]) -> None:
    rule: Any = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": resources["default-security-group"].id}]}]
    deployed.aws().ec2.authorize_security_group_ingress(
        GroupId=resources["default-security-group"].id, IpPermissions=rule
    )
    engine = deployed.engine()
    found = engine.plan()
    assert [change.resource.name for change in found.of("change")] == ["default-security-group"]
    engine.up(found)
    assert deployed.engine().plan().empty


def test_no_inbound_rule_is_open_to_the_internet(deployed: Moto) -> None:
    sent = json.dumps(deployed.sent["AuthorizeSecurityGroupIngress"])
    assert "0.0.0.0/0" not in sent
    assert "::/0" not in sent


def test_egress_is_nfs_and_the_configured_ports(deployed: Moto, resources: dict[str, Resource]) -> None:
    groups = deployed.aws().ec2.describe_security_groups(GroupIds=[resources[g].id for g in GROUPS])["SecurityGroups"]
    out = {g["GroupName"]: sorted((r["FromPort"], r["IpRanges"][0]["CidrIp"]) for r in g["IpPermissionsEgress"])
           for g in groups}  # fmt: skip
    calls = [(443, "0.0.0.0/0"), (2049, "10.0.0.0/16")]
    assert out == {
        "demo-function-security-group": calls,
        "demo-builder-security-group": calls,
        "demo-efs-security-group": [],
    }


def test_port_443_is_open_whatever_other_ports_are_configured(tmp_path: Path) -> None:
    with on_moto(tmp_path / "project", nat="single, egress_ports: [3306]") as moto:
        resources = {resource.name: resource for resource in moto.engine().stack}
        assert sorted(resources["network-acl"].egress_ports) == [443, 3306]  # type: ignore[attr-defined]
        for name in ("builder-security-group", "function-security-group"):
            ports = {rule.port for rule in resources[name].egress}  # type: ignore[attr-defined]
            assert {443, 3306} <= ports


def test_the_network_acl_allows_ssh_from_here_responses_and_fragmentation_needed(
    deployed: Moto, resources: dict[str, Resource]
) -> None:
    (acl,) = deployed.aws().ec2.describe_network_acls(NetworkAclIds=[resources["network-acl"].id])["NetworkAcls"]
    rules = sorted(
        (rule["Egress"], rule["CidrBlock"], *_numbers(rule)) for rule in acl["Entries"] if rule["RuleAction"] == "allow"
    )
    assert rules == [
        (False, "0.0.0.0/0", 3, 4),  # an ICMP type and code
        (False, "0.0.0.0/0", 1024, 3388),
        (False, "0.0.0.0/0", 3390, 65535),
        (False, "10.0.0.0/16"),
        (False, "203.0.113.7/32", 22, 22),
        (True, "0.0.0.0/0", 443, 443),
        (True, "10.0.0.0/16"),
        (True, "203.0.113.7/32", 1024, 65535),
    ]


def _numbers(rule: Any) -> list[int]:
    ports, icmp = rule.get("PortRange", {}), rule.get("IcmpTypeCode", {})
    return [member[name] for member in (ports, icmp) for name in ("From", "To", "Type", "Code") if name in member]


def test_rules_added_to_the_network_acl_are_removed(deployed: Moto, resources: dict[str, Resource]) -> None:
    wide: Any = {"Protocol": "-1", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}
    deployed.aws().ec2.create_network_acl_entry(
        NetworkAclId=resources["network-acl"].id, RuleNumber=90, Egress=False, **wide
    )
    deployed.aws().ec2.replace_network_acl_entry(
        NetworkAclId=resources["network-acl"].id, RuleNumber=110, Egress=True, **wide
    )
    echo: Any = {**wide, "Protocol": "1", "IcmpTypeCode": {"Type": 8, "Code": -1}}
    deployed.aws().ec2.replace_network_acl_entry(
        NetworkAclId=resources["network-acl"].id, RuleNumber=150, Egress=False, **echo
    )
    found = deployed.engine().plan()
    assert [change.resource.name for change in found.of("change")] == ["network-acl"]
    deployed.engine().up(found)
    assert deployed.engine().plan().empty


def test_no_subnet_assigns_public_addresses(deployed: Moto) -> None:
    subnets = deployed.aws().ec2.describe_subnets(Filters=[{"Name": "tag:awsprov:stack", "Values": ["demo"]}])[
        "Subnets"
    ]
    assert len(subnets) == 4
    assert not any(subnet["MapPublicIpOnLaunch"] for subnet in subnets)


# ---- the file system


def test_the_file_system_refuses_connections_without_tls_and_other_roles(deployed: Moto) -> None:
    statements = json.loads(deployed.sent["PutFileSystemPolicy"][0]["Policy"])["Statement"]
    (deny,) = [s for s in statements if s["Effect"] == "Deny"]
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    allowed = [s for s in statements if s["Effect"] == "Allow"]
    arns = [arn for s in allowed for arn in s["Principal"]["AWS"]]
    assert all(arn.startswith("arn:aws:iam::123456789012:role/awsprov/demo/") for arn in arns)
    assert all("elasticfilesystem:AccessPointArn" in s["Condition"]["StringEquals"] for s in allowed)


def test_functions_mount_read_only_by_role_by_policy_and_by_user(deployed: Moto) -> None:
    statements = json.loads(deployed.sent["PutFileSystemPolicy"][0]["Policy"])["Statement"]
    functions = [s for s in statements if s["Sid"].startswith("Function")]
    assert {s["Action"] for s in functions} == {"elasticfilesystem:ClientMount"}
    writing = [c["PolicyName"] for c in deployed.sent["CreatePolicy"] if "ClientWrite" in c["PolicyDocument"]]
    assert writing == ["demo-builder-policy"]
    points = {p["RootDirectory"]["Path"]: p for p in deployed.sent["CreateAccessPoint"]}
    users = [p["PosixUser"]["Uid"] for p in deployed.sent["CreateAccessPoint"]]
    assert points["/libraries"]["RootDirectory"]["CreationInfo"]["Permissions"] == "0755"
    assert len(set(users)) == 2
    assert 0 not in users


def test_the_policy_of_the_file_system_has_room_for_the_roles_of_a_hundred_functions(
    deployed: Moto, resources: dict[str, Resource]
) -> None:
    role: Any = resources["predict-role"]
    roles = tuple(replace(role, name=f"{'n' * 40}-{n}-role") for n in range(100))
    policy: Any = resources["file-system-policy"]
    document = replace(policy, function_roles=roles).wanted(deployed.aws())["document"]
    service = deployed.aws().efs.meta.service_model
    assert len(json.dumps(document)) <= service.shape_for("Policy").metadata["max"]


def test_the_file_system_and_the_disk_are_encrypted(deployed: Moto) -> None:
    assert deployed.sent["CreateFileSystem"][0]["Encrypted"] is True
    (disk,) = [m["Ebs"] for m in deployed.sent["RunInstances"][0]["BlockDeviceMappings"]]
    assert (disk["Encrypted"], disk["DeleteOnTermination"]) == (True, True)


# ---- the builder


def test_the_builder_s_credentials_do_not_leave_the_instance(deployed: Moto) -> None:
    options = deployed.sent["RunInstances"][0]["MetadataOptions"]
    assert options == {"HttpTokens": "required", "HttpPutResponseHopLimit": 1, "HttpEndpoint": "enabled"}
    assert "UserData" not in deployed.sent["RunInstances"][0]


def test_the_builder_s_role_can_mount_its_file_system_and_nothing_else(deployed: Moto) -> None:
    (policy,) = [c for c in deployed.sent["CreatePolicy"] if c["PolicyName"] == "demo-builder-policy"]
    (statement,) = json.loads(policy["PolicyDocument"])["Statement"]
    assert set(statement["Action"]) == {"elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"}
    assert statement["Resource"].rpartition("/")[2].startswith("fs-")


# ---- the roles


def test_no_role_may_act_on_all_resources(deployed: Moto) -> None:
    wide = [s for s in documents(deployed) if s["Resource"] == "*" and s["Effect"] == "Allow"]
    actions = {action for s in wide for action in s["Action"]}
    # Lambda creates network interfaces with the function's role, and X-Ray has no resources: IAM has no ARN for them.
    assert {action.partition(":")[0] for action in actions} == {"ec2", "xray"}
    assert all(re.search("NetworkInterface|PrivateIp|DescribeSubnets|xray:Put", action) for action in actions)
    assert not any("*" in action for s in documents(deployed) for action in s["Action"])


def test_lambda_may_manage_network_interfaces_and_the_function_s_code_may_not(deployed: Moto) -> None:
    (policy,) = [c for c in deployed.sent["CreatePolicy"] if c["PolicyName"] == "demo-predict-policy"]
    statements = {s["Sid"]: s for s in json.loads(policy["PolicyDocument"])["Statement"] if "Sid" in s}
    deny = statements["NotForTheCode"]
    assert (deny["Effect"], deny["Action"]) == ("Deny", statements["NetworkInterfaces"]["Action"])
    function = "arn:aws:lambda:us-east-1:123456789012:function:demo-predict"
    assert deny["Condition"] == {"ArnEquals": {"lambda:SourceFunctionArn": function}}


def test_a_service_may_assume_a_role_for_this_account_only(deployed: Moto) -> None:
    trusts = [json.loads(c["AssumeRolePolicyDocument"])["Statement"][0] for c in deployed.sent["CreateRole"]]
    conditions = {t["Principal"]["Service"]: t.get("Condition") for t in trusts}
    ours = {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    assert conditions == {"lambda.amazonaws.com": ours, "ec2.amazonaws.com": None}  # EC2 sends no source account


def test_no_role_has_an_aws_managed_policy(deployed: Moto) -> None:
    assert all(":123456789012:policy/awsprov/demo/" in c["PolicyArn"] for c in deployed.sent["AttachRolePolicy"])
    assert "PutRolePolicy" not in deployed.sent


# ---- the API and the logs


def test_the_stage_is_throttled(deployed: Moto) -> None:
    patch = {o["path"]: o["value"] for c in deployed.sent["UpdateStage"] for o in c["patchOperations"]}
    assert float(patch["/*/*/throttling/rateLimit"]) == 50
    assert float(patch["/*/*/throttling/burstLimit"]) == 100


def test_each_request_is_logged_without_its_body(deployed: Moto) -> None:
    """With a logging role in the account's settings; without, a plan notes that there are no logs, and what to do."""
    engine = deployed.engine()
    assert engine.plan().empty
    stage = next(r for r in engine.stack if r.name == "api-stage")
    assert stage.wanted(engine.aws)["log"] == ""
    assert "update-account" in stage.note
    role = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::123456789012:role/logs"}]
    deployed.aws().apigateway.update_account(patchOperations=role)  # type: ignore[arg-type]
    deployed.engine().up()
    api, name = next(r for r in deployed.engine().stack if r.name == "api"), "prod"
    api_id = refreshed(deployed.engine())[api.name].id
    reply = deployed.aws().apigateway.get_stage(restApiId=api_id, stageName=name)
    assert reply["accessLogSettings"]["destinationArn"].endswith(f":log-group:API-Gateway-Execution-Logs_{api_id}/prod")
    assert "$context.identity.sourceIp" in reply["accessLogSettings"]["format"]
    settings = reply["methodSettings"]["*/*"]
    assert (settings["loggingLevel"], settings["dataTraceEnabled"]) == ("ERROR", False)
    assert deployed.engine().plan().empty
    no_role: Any = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": ""}]
    deployed.aws().apigateway.update_account(patchOperations=no_role)
    engine = deployed.engine()
    assert engine.plan().empty
    assert any("update-account" in note for note in distinct_notes(engine.stack))


def test_requests_are_traced(deployed: Moto) -> None:
    assert {c["TracingConfig"]["Mode"] for c in deployed.sent["CreateFunction"]} == {"Active"}
    patches = [o for c in deployed.sent["UpdateStage"] for o in c["patchOperations"] if o["path"] == "/tracingEnabled"]
    assert {patch["value"] for patch in patches} == {"true"}


def test_api_gateway_validates_requests(deployed: Moto) -> None:
    (validator,) = deployed.sent["CreateRequestValidator"]
    assert (validator["validateRequestBody"], validator["validateRequestParameters"]) == (True, True)
    assert all(method["requestValidatorId"] for method in deployed.sent["PutMethod"])
    methods = [c for c in deployed.sent["PutMethod"] if c["httpMethod"] != "OPTIONS"]
    sent = [parameter for method in methods for parameter in method["requestParameters"]]
    assert sent == ["method.request.path.id"]


def test_a_function_has_reserved_concurrency(deployed: Moto) -> None:
    kept = {c["FunctionName"]: c["ReservedConcurrentExecutions"] for c in deployed.sent["PutFunctionConcurrency"]}
    assert kept == {"demo-predict": 100, "demo-second": 100}


def test_an_account_with_too_little_concurrency_gets_a_note_and_no_reservation(
    deployed: Moto, resources: dict[str, Resource], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moto_cloud, "ROOM", 10)
    for name in ("predict", "second"):
        deployed.aws().lambda_.delete_function_concurrency(FunctionName=resources[name].id)
    engine = deployed.engine()
    assert engine.plan().empty
    reserve = "does not leave enough to reserve `concurrency: 100`"
    assert sum(reserve in note for note in distinct_notes(engine.stack)) == 1
    monkeypatch.undo()
    assert [change.resource.name for change in deployed.engine().plan().of("change")] == ["predict", "second"]
    deployed.engine().up()


def test_requests_must_be_signed(deployed: Moto) -> None:
    methods = [c for c in deployed.sent["PutMethod"] if c["httpMethod"] != "OPTIONS"]
    assert {method["authorizationType"] for method in methods} == {"AWS_IAM"}


@pytest.mark.parametrize(("auth", "count"), [("iam", 0), ("none", 1), ("api_key", 1)])
def test_a_plan_warns_of_an_api_that_is_open(deployed: Moto, auth: str, count: int) -> None:
    file = deployed.root / "config.yaml"
    config = load(file)
    api = config.api.model_copy(update={"auth": auth})
    assert len(warnings(config.model_copy(update={"api": api}))) == count


def test_the_api_may_call_functions_for_its_own_routes_only(deployed: Moto) -> None:
    assert all("SourceArn" in call for call in deployed.sent["AddPermission"])
    assert {call["Principal"] for call in deployed.sent["AddPermission"]} == {"apigateway.amazonaws.com"}


def test_log_groups_are_created_first_and_keep_lines_for_a_year(deployed: Moto) -> None:
    kept = {call["logGroupName"]: call["retentionInDays"] for call in deployed.sent["PutRetentionPolicy"]}
    assert {name.partition("_")[0]: days for name, days in kept.items()} == {
        "/aws/lambda/demo-predict": 365,
        "/aws/lambda/demo-second": 365,
        "API-Gateway-Execution-Logs": 365,
    }


# ---- the bundle


def test_the_bundle_refuses_a_file_with_the_name_of_the_loader(tmp_path: Path) -> None:
    (tmp_path / "bootstrap.py").write_text("")
    with pytest.raises(UsageError, match="has the name of a file that awsprov adds"):
        _ = Bundle(tmp_path, (("bootstrap.py", b"ours"),)).content
