"""Drift: `plan` shows what was changed outside awsprov, and `up` corrects it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.projects import Client, Project

pytestmark = pytest.mark.xdist_group("drift")

OPEN = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
Ids = dict[str, str]
Drift = Callable[[Client, Ids], object]


@pytest.fixture(scope="module")
def project(make_project: Callable[[str], Project]) -> Project:
    """A deployed stack; without a NAT gateway, whose address would keep the internet gateway attached."""
    created = make_project("drift")
    created.config.write_text(created.config.read_text() + "network: {nat: none, endpoints: [s3]}\n")
    created.run("up", "--yes")
    return created


def default_route(client: Client, ids: Ids) -> None:
    client("ec2").delete_route(RouteTableId=ids["public-route-table"], DestinationCidrBlock="0.0.0.0/0")


def endpoint_without_table(client: Client, ids: Ids) -> None:
    client("ec2").modify_vpc_endpoint(
        VpcEndpointId=ids["s3-endpoint"], RemoveRouteTableIds=[ids["private-route-table"]]
    )


def subnet_out_of_its_table(client: Client, ids: Ids) -> None:
    (table,) = client("ec2").describe_route_tables(RouteTableIds=[ids["public-route-table"]])["RouteTables"]
    client("ec2").disassociate_route_table(AssociationId=table["Associations"][0]["RouteTableAssociationId"])


def open_ssh_to_all(client: Client, ids: Ids) -> None:
    client("ec2").authorize_security_group_ingress(GroupId=ids["builder-security-group"], IpPermissions=OPEN)


def revoke_nfs(client: Client, ids: Ids) -> None:
    (group,) = client("ec2").describe_security_groups(GroupIds=[ids["efs-security-group"]])["SecurityGroups"]
    client("ec2").revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])


def terminated_builder(client: Client, ids: Ids) -> None:
    client("ec2").terminate_instances(InstanceIds=[ids["builder"]])


def variable(client: Client, ids: Ids) -> None:
    has = client("lambda").get_function_configuration(FunctionName=ids["answer"])["Environment"]["Variables"]
    changed = {"Variables": {**has, "LEVEL": "elsewhere"}}
    client("lambda").update_function_configuration(FunctionName=ids["answer"], Environment=changed)


def wide_policy(client: Client, ids: Ids) -> None:
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    client("iam").create_policy_version(
        PolicyArn=ids["answer-policy"], PolicyDocument=json.dumps(everything), SetAsDefault=True
    )


def detached_policy(client: Client, ids: Ids) -> None:
    client("iam").detach_role_policy(RoleName=ids["answer-role"], PolicyArn=ids["answer-policy"])


def foreign_policy(client: Client, ids: Ids) -> None:
    client("iam").attach_role_policy(
        RoleName=ids["answer-role"], PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )


def trust(client: Client, ids: Ids) -> None:
    anyone = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [anyone]})
    client("iam").update_assume_role_policy(RoleName=ids["builder-role"], PolicyDocument=document)


def mount_target(client: Client, ids: Ids) -> None:
    client("efs").delete_mount_target(MountTargetId=ids["mount-target-1"])


def mount_target_group(client: Client, ids: Ids) -> None:
    client("efs").modify_mount_target_security_groups(
        MountTargetId=ids["mount-target-1"], SecurityGroups=[ids["builder-security-group"]]
    )


def file_system_policy(client: Client, ids: Ids) -> None:
    client("efs").delete_file_system_policy(FileSystemId=ids["file-system"])


def internet_gateway(client: Client, ids: Ids) -> None:
    client("ec2").detach_internet_gateway(InternetGatewayId=ids["internet-gateway"], VpcId=ids["vpc"])


def alias(client: Client, ids: Ids) -> None:
    client("lambda").update_alias(FunctionName=ids["answer"], Name="live", FunctionVersion="$LATEST")


def permission(client: Client, ids: Ids) -> None:
    function, qualifier, statement = ids["permission POST /answer"].split(":")
    client("lambda").remove_permission(FunctionName=function, Qualifier=qualifier, StatementId=statement)


def retention(client: Client, ids: Ids) -> None:
    client("logs").delete_retention_policy(logGroupName=ids["answer-log-group"])


def throttle(client: Client, ids: Ids) -> None:
    api, stage = ids["api-stage"].split("/")
    faster: Any = [{"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "9999"}]
    client("apigateway").update_stage(restApiId=api, stageName=stage, patchOperations=faster)


def method(client: Client, ids: Ids) -> None:
    api, resource, verb = ids["POST /answer"].split("/")
    client("apigateway").delete_method(restApiId=api, resourceId=resource, httpMethod=verb)


def function(client: Client, ids: Ids) -> None:
    client("lambda").delete_function(FunctionName=ids["answer"])


# Changes that do not touch each other are made at once; their differences are recognized by the names.
ROUNDS: list[dict[Drift, dict[str, str]]] = [
    {
        default_route: {"public-route-table": "change"},
        endpoint_without_table: {"s3-endpoint": "change"},
        open_ssh_to_all: {"builder-security-group": "change"},
        terminated_builder: {"builder": "create"},
        variable: {"answer": "change"},
        wide_policy: {"answer-policy": "change"},
        foreign_policy: {},  # a note, and left alone
        trust: {"builder-role": "change"},
        mount_target: {"mount-target-1": "create"},
        permission: {"permission POST /answer": "create"},
        retention: {"answer-log-group": "change"},
    },
    {
        subnet_out_of_its_table: {"public-route-table": "change"},
        revoke_nfs: {"efs-security-group": "change"},
        detached_policy: {"answer-role": "change"},
        mount_target_group: {"mount-target-1": "change"},
        file_system_policy: {"file-system-policy": "create"},
        alias: {"answer-live": "change"},
        throttle: {"api-stage": "change"},
    },
    {
        internet_gateway: {"internet-gateway": "change", "public-route-table": "change"},
        method: {"POST /answer": "create"},
    },
    {function: dict.fromkeys(("answer", "answer-version", "answer-live", "permission POST /answer"), "create")},
]


@pytest.mark.parametrize("drifts", ROUNDS, ids=["many", "more", "ways in", "function"])
def test_drift_is_shown_and_corrected(project: Project, client: Client, drifts: dict[Drift, dict[str, str]]) -> None:
    ids = {name: record["id"] for name, record in project.state()["resources"].items()}
    for drift in drifts:
        drift(client, ids)
    changes = project.json("plan", "--detailed-exitcode", exits=7)["changes"]
    expected = {name: action for shown in drifts.values() for name, action in shown.items()}
    assert {change["name"]: change["action"] for change in changes} == expected
    project.run("up", "--yes")
    project.run("plan", "--detailed-exitcode")
    assert json.loads(project.run("invoke", "--http").stdout)["level"] == "low"


def test_down_takes_the_drifted_stack_away(
    project: Project, client: Client, inventory: Callable[[str], dict[str, list[str]]]
) -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]})
    client("iam").put_role_policy(RoleName="drift-answer-role", PolicyName="theirs", PolicyDocument=document)
    assert "deleting the inline policy theirs" in project.run("down", "--yes").stderr
    assert inventory("drift") == {}
