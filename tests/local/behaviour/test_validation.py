"""Invalid parameters are refused before anything is created."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from awsprov.local.behaviour.validation import VALIDATION_RULES
from tests.local.conftest import VPC_ACCESS, LocalCloud, Network, function, make_role, refused

POINT = "arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-0123456789abcdef0"


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"FileSystemConfigs": [{"Arn": POINT, "LocalMountPath": "/efs"}]}, "ValidationException"),
        ({"Runtime": "python2.6"}, "InvalidParameterValueException"),
        ({"MemorySize": 40000}, "ValidationException"),
        ({"Timeout": 0}, "ValidationException"),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "InvalidParameterValueException"),
    ],
)
def test_an_invalid_parameter_of_a_function_is_refused(
    cloud: LocalCloud, role: str, parameters: dict[str, Any], code: str
) -> None:
    lambda_ = cloud.client("lambda", parameter_validation=False)
    spec = function(role, **parameters)
    with refused(code):
        lambda_.create_function(**spec)
    with refused("ResourceNotFoundException"):
        lambda_.get_function(FunctionName=spec["FunctionName"])


def test_a_function_with_a_file_system_needs_its_vpc(network: Network, role: str) -> None:
    lambda_, efs = network.cloud.client("lambda"), network.cloud.client("efs")
    file_system = efs.create_file_system(CreationToken=network.vpc)["FileSystemId"]
    efs.create_mount_target(FileSystemId=file_system, SubnetId=network.subnet)
    point = efs.create_access_point(ClientToken=network.vpc, FileSystemId=file_system)["AccessPointArn"]
    config = {"SubnetIds": [network.subnet], "SecurityGroupIds": [network.group]}
    disk = {"Arn": point, "LocalMountPath": "/mnt/efs"}
    name = lambda_.create_function(**function(role, VpcConfig=config, FileSystemConfigs=[disk]))["FunctionName"]
    nowhere: dict[str, list[str]] = {"SubnetIds": [], "SecurityGroupIds": []}
    with pytest.raises(ClientError, match="cannot be removed with access point"):
        lambda_.update_function_configuration(FunctionName=name, VpcConfig=nowhere)
    lambda_.update_function_configuration(FunctionName=name, VpcConfig=nowhere, FileSystemConfigs=[])
    network.ec2.delete_security_group(GroupId=network.group)  # the interface went with the configuration


@pytest.mark.parametrize("limit", ["a Deny", "a boundary", "a condition"])
def test_the_role_of_a_function_in_a_vpc_must_allow_interfaces_after_all(network: Network, limit: str) -> None:
    iam, conditional = network.cloud.client("iam"), limit == "a condition"
    role = make_role(network.cloud, policy="" if conditional else VPC_ACCESS)
    name = role.rpartition("/")[2]
    interfaces = {"Action": "ec2:*", "Resource": "*"}
    condition = {"Condition": {"ArnEquals": {"ec2:Vpc": "arn:aws:ec2:us-east-1:123456789012:vpc/*"}}}
    statement = {"Effect": "Allow", **interfaces, **condition} if conditional else {"Effect": "Deny", **interfaces}
    if limit == "a boundary":
        arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
        iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=arn)
    else:
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName=name, PolicyName="limit", PolicyDocument=document)
    config = {"SubnetIds": [network.subnet], "SecurityGroupIds": [network.group]}
    with pytest.raises(ClientError, match="does not have permissions to call CreateNetworkInterface on EC2"):
        network.cloud.client("lambda").create_function(**function(role, VpcConfig=config))


def test_an_alias_needs_an_existing_version(cloud: LocalCloud, role: str) -> None:
    lambda_ = cloud.client("lambda")
    name = lambda_.create_function(**function(role, Publish=True))["FunctionName"]
    with refused("ResourceNotFoundException"):
        lambda_.create_alias(FunctionName=name, Name="live", FunctionVersion="7")
    lambda_.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    with refused("ResourceNotFoundException"):
        lambda_.update_alias(FunctionName=name, Name="live", FunctionVersion="7")


def test_the_versions_of_an_alias_have_one_role(cloud: LocalCloud, role: str) -> None:
    lambda_ = cloud.client("lambda")
    name = lambda_.create_function(**function(role, Publish=True))["FunctionName"]
    lambda_.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    lambda_.update_function_configuration(FunctionName=name, Role=make_role(cloud))
    other = lambda_.publish_version(FunctionName=name)["Version"]
    routing = {"AdditionalVersionWeights": {other: 0.1}}
    with pytest.raises(ClientError, match="must be associated with the same execution role"):
        lambda_.update_alias(FunctionName=name, Name="live", RoutingConfig=routing)
    with refused("InvalidParameterValueException"):
        lambda_.create_alias(FunctionName=name, Name="next", FunctionVersion="1", RoutingConfig=routing)
    lambda_.update_alias(FunctionName=name, Name="live", FunctionVersion=other)


def test_attributes_are_modified_one_at_a_time(network: Network) -> None:
    ec2, on = network.ec2, {"Value": True}
    with refused("InvalidParameterCombination"):
        ec2.modify_vpc_attribute(VpcId=network.vpc, EnableDnsSupport=on, EnableDnsHostnames=on)
    with refused("InvalidParameterCombination"):
        ec2.modify_subnet_attribute(SubnetId=network.subnet, MapPublicIpOnLaunch=on, EnableDns64=on)
    ec2.modify_vpc_attribute(VpcId=network.vpc, EnableDnsHostnames=on)
    interface = ec2.create_network_interface(SubnetId=network.subnet)["NetworkInterface"]["NetworkInterfaceId"]
    with refused("InvalidParameterCombination"):
        ec2.modify_network_interface_attribute(
            NetworkInterfaceId=interface, Groups=[network.group], SourceDestCheck={"Value": False}
        )


def test_a_log_group_accepts_only_valid_retentions(cloud: LocalCloud) -> None:
    logs = cloud.client("logs")
    logs.create_log_group(logGroupName="/retention")
    with refused("InvalidParameterException"):
        logs.put_retention_policy(logGroupName="/retention", retentionInDays=15)
    logs.put_retention_policy(logGroupName="/retention", retentionInDays=14)


def test_every_row_has_a_test() -> None:
    # Of a stage's logs: serving/test_gateway_rest.py. Of undeclared headers: serving/test_custom_integrations.py.
    assert len(VALIDATION_RULES) == 10


def test_objects_are_written_and_deleted_as_their_condition_says(cloud: LocalCloud) -> None:
    s3, place = cloud.client("s3"), {"Bucket": "conditions", "Key": "lock.json"}
    s3.create_bucket(Bucket="conditions")
    with refused("NoSuchKey"):
        s3.put_object(**place, Body=b"1", IfMatch='"0"')
    first = s3.put_object(**place, Body=b"1", IfNoneMatch="*")["ETag"]
    with refused("PreconditionFailed"):
        s3.put_object(**place, Body=b"2", IfNoneMatch="*")
    second = s3.put_object(**place, Body=b"2", IfMatch=first)["ETag"]
    for call in (s3.put_object, s3.delete_object):
        with refused("PreconditionFailed"):
            call(**place, IfMatch=first)
    with refused("NotImplemented"):
        s3.put_object(**place, Body=b"3", IfNoneMatch=second)
    with refused("AccessDenied"):
        s3.put_object(**place, Body=b"3", IfMatch=second, ExpectedBucketOwner="999999999999")
    assert s3.get_object(**place, ExpectedBucketOwner="123456789012")["Body"].read() == b"2"
    s3.delete_object(**place, IfMatch=second)
    with refused("NoSuchKey"):
        s3.delete_object(**place, IfMatch=second)
