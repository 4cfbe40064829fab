"""Behaviours of AWS that are implemented in the backends of the local cloud."""

import json
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import LocalCloud, Network, refused


def test_efs_completes_the_statements_of_a_policy(cloud: LocalCloud) -> None:
    efs = cloud.client("efs")
    created = efs.create_file_system(CreationToken=uuid.uuid4().hex)
    sent = {
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": ["elasticfilesystem:ClientMount"]}]
    }
    efs.put_file_system_policy(FileSystemId=created["FileSystemId"], Policy=json.dumps(sent))
    returned = json.loads(efs.describe_file_system_policy(FileSystemId=created["FileSystemId"])["Policy"])
    assert returned.pop("Id")
    assert returned["Statement"][0].pop("Sid")
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": "elasticfilesystem:ClientMount",
        "Resource": created["FileSystemArn"],
    }
    assert returned == {"Version": "2008-10-17", "Statement": [statement]}


def overlapping(calls: list[Callable[[], object]]) -> list[str]:
    """Make calls at the same time, and return the error codes."""

    def code(call: Callable[[], object]) -> str:
        together.wait()
        try:
            call()
        except ClientError as error:
            return str(error.response["Error"]["Code"]) if "concurrent modification" in str(error) else "other"
        return ""

    together = threading.Barrier(len(calls))
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(code, calls))


def test_a_rest_api_is_changed_by_one_call_at_a_time(cloud: LocalCloud, slow_cloud: LocalCloud) -> None:
    for each in (cloud, slow_cloud):
        gateway = each.client("apigateway")
        api = gateway.create_rest_api(name="api")["id"]
        root = gateway.get_resources(restApiId=api)["items"][0]["id"]
        create = partial(gateway.create_resource, restApiId=api, parentId=root)
        codes = overlapping([partial(create, pathPart=f"path{n}") for n in range(8)])
        assert set(codes) == {"", "ConflictException"}
        created = gateway.get_resources(restApiId=api)["items"]
        assert len(created) == 1 + codes.count("")
        for n in range(8):  # one after the other, without delay
            gateway.put_method(restApiId=api, resourceId=root, httpMethod=METHODS[n], authorizationType="NONE")


METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY")


def test_an_http_api_is_changed_by_one_call_at_a_time_and_others_are_not_affected(cloud: LocalCloud) -> None:
    gateway = cloud.client("apigatewayv2")
    apis = [gateway.create_api(Name="api", ProtocolType="HTTP")["ApiId"] for _ in range(2)]
    codes = overlapping([partial(gateway.create_route, ApiId=apis[0], RouteKey=f"GET /{n}") for n in range(8)])
    assert set(codes) == {"", "ConflictException"}
    assert overlapping([partial(gateway.create_route, ApiId=api, RouteKey="GET /other") for api in apis]) == ["", ""]
    assert overlapping([partial(gateway.get_routes, ApiId=apis[0]) for _ in range(8)]) == [""] * 8


def test_the_source_check_of_an_instance_is_that_of_its_primary_interface(network: Network) -> None:
    ec2, instance = network.ec2, network.launch()

    def described() -> tuple[bool, str, bool]:
        found = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        (interface,) = found["NetworkInterfaces"]
        return found["SourceDestCheck"], interface["NetworkInterfaceId"], interface["SourceDestCheck"]

    on, interface, _ = described()
    assert on
    ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, SourceDestCheck={"Value": False})
    assert described() == (False, interface, False)
    ec2.modify_instance_attribute(InstanceId=instance, SourceDestCheck={"Value": True})
    assert described() == (True, interface, True)


# ---- what does not exist

NONE = "none000000"
GONE = {  # operations of API Gateway, with parameters beside the parent's, which exists
    "delete_rest_api": {"restApiId": NONE},
    "delete_resource": {"resourceId": NONE},
    "delete_authorizer": {"authorizerId": NONE},
    "delete_request_validator": {"requestValidatorId": NONE},
    "delete_usage_plan": {"usagePlanId": NONE},
    "delete_usage_plan_key": {"keyId": NONE},
}


@pytest.mark.parametrize("operation", GONE)
def test_deleting_what_is_gone_from_api_gateway_is_refused_as_not_found(cloud: LocalCloud, operation: str) -> None:
    gateway, params = cloud.client("apigateway"), dict(GONE[operation])
    if operation == "delete_usage_plan_key":
        params["usagePlanId"] = gateway.create_usage_plan(name="plan")["id"]
    elif operation not in ("delete_rest_api", "delete_usage_plan"):
        params["restApiId"] = gateway.create_rest_api(name="api")["id"]
    with refused("NotFoundException"):
        getattr(gateway, operation)(**params)


def test_deleting_an_entry_that_a_network_acl_does_not_have_is_refused(network: Network) -> None:
    acl = network.ec2.create_network_acl(VpcId=network.vpc)["NetworkAcl"]["NetworkAclId"]
    with refused("InvalidNetworkAclEntry.NotFound"):
        network.ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=7, Egress=False)


def test_removing_a_role_that_an_instance_profile_does_not_have_is_refused(cloud: LocalCloud, role: str) -> None:
    iam, profile = cloud.client("iam"), f"profile-{uuid.uuid4().hex[:8]}"
    iam.create_instance_profile(InstanceProfileName=profile)
    with refused("NoSuchEntity"):
        iam.remove_role_from_instance_profile(InstanceProfileName=profile, RoleName=role.rpartition("/")[2])
