"""The states of resources at a pace above 0, and the errors of AWS meanwhile. At pace 0.02 a minute takes 1.2 s."""

import socket
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import LocalCloud, Network, function, make_network, make_role, refused, until

ASSUMABLE = "cannot be assumed by Lambda"


@pytest.fixture(scope="module")
def slow_role(slow_cloud: LocalCloud) -> str:
    return make_role(slow_cloud)


def test_a_nat_gateway_passes_its_states_and_stays_listed(slow_network: Network) -> None:
    ec2 = slow_network.ec2

    def described() -> dict[str, Any]:
        return dict(ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0])

    allocation = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat_gateway = ec2.create_nat_gateway(SubnetId=slow_network.subnet, AllocationId=allocation)["NatGateway"]
    nat = nat_gateway["NatGatewayId"]
    assert nat_gateway["State"] == "pending"
    until(lambda: described()["State"] == "available")
    ec2.delete_nat_gateway(NatGatewayId=nat)
    assert described()["State"] == "deleting"
    with refused("InvalidIPAddress.InUse"):
        ec2.release_address(AllocationId=allocation)
    with refused("DependencyViolation"):
        ec2.detach_internet_gateway(InternetGatewayId=slow_network.gateway, VpcId=slow_network.vpc)
    until(lambda: described()["State"] == "deleted")
    ec2.release_address(AllocationId=allocation)
    ec2.delete_subnet(SubnetId=slow_network.subnet)


def test_a_nat_gateway_without_internet_gateway_fails(slow_network: Network) -> None:
    ec2 = slow_network.ec2
    ec2.detach_internet_gateway(InternetGatewayId=slow_network.gateway, VpcId=slow_network.vpc)
    allocation = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=slow_network.subnet, AllocationId=allocation)["NatGateway"]["NatGatewayId"]
    failed = until(lambda: ec2.describe_nat_gateways(NatGatewayIds=[nat], Filters=[STATE_FAILED])["NatGateways"])
    assert failed[0]["FailureCode"] == "Gateway.NotAttached"
    ec2.release_address(AllocationId=allocation)


STATE_FAILED = {"Name": "state", "Values": ["failed"]}


def test_unknown_nat_gateways_are_not_found_and_tags_filter(slow_network: Network) -> None:
    ec2 = slow_network.ec2
    with refused("NatGatewayNotFound"):
        ec2.describe_nat_gateways(NatGatewayIds=["nat-0123456789abcdef0"])
    with refused("NatGatewayNotFound"):
        ec2.delete_nat_gateway(NatGatewayId="nat-0123456789abcdef0")
    allocation, stack = ec2.allocate_address(Domain="vpc")["AllocationId"], uuid.uuid4().hex
    tags = [{"ResourceType": "natgateway", "Tags": [{"Key": "stack", "Value": stack}]}]
    ec2.create_nat_gateway(SubnetId=slow_network.subnet, AllocationId=allocation, TagSpecifications=tags)

    def count(value: str) -> int:
        return len(ec2.describe_nat_gateways(Filters=[{"Name": "tag:stack", "Values": [value]}])["NatGateways"])

    assert (count(stack), count("another")) == (1, 0)


def test_a_file_system_and_its_mount_target_pass_their_states(slow_network: Network) -> None:
    efs = slow_network.cloud.client("efs")
    slow_network.cloud.admin("POST", "durations", **{"EFS file system, created": 60})  # time for three calls
    file_system = efs.create_file_system(CreationToken=slow_network.vpc)
    slow_network.cloud.admin("POST", "durations", **{"EFS file system, created": 8})
    assert file_system["LifeCycleState"] == "creating"
    id_ = file_system["FileSystemId"]
    with refused("IncorrectFileSystemLifeCycleState"):
        efs.create_mount_target(FileSystemId=id_, SubnetId=slow_network.subnet)
    with refused("IncorrectFileSystemLifeCycleState"):
        efs.create_access_point(ClientToken="x", FileSystemId=id_)
    with refused("IncorrectFileSystemLifeCycleState"):
        efs.put_file_system_policy(FileSystemId=id_, Policy="{}")
    until(lambda: efs.describe_file_systems(FileSystemId=id_)["FileSystems"][0]["LifeCycleState"] == "available")
    target = efs.create_mount_target(FileSystemId=id_, SubnetId=slow_network.subnet)
    assert target["LifeCycleState"] == "creating"
    with refused("IncorrectMountTargetState"):
        efs.describe_mount_target_security_groups(MountTargetId=target["MountTargetId"])
    with refused("IncorrectMountTargetState"):
        efs.modify_mount_target_security_groups(MountTargetId=target["MountTargetId"], SecurityGroups=[])
    point = efs.create_access_point(ClientToken=slow_network.vpc, FileSystemId=id_)
    assert point["LifeCycleState"] == "creating"
    until(lambda: _target(efs, target)["LifeCycleState"] == "available")
    efs.delete_mount_target(MountTargetId=target["MountTargetId"])
    assert _target(efs, target)["LifeCycleState"] == "deleting"
    with refused("FileSystemInUse"):
        efs.delete_file_system(FileSystemId=id_)
    with refused("DependencyViolation"):
        slow_network.ec2.delete_subnet(SubnetId=slow_network.subnet)
    until(lambda: efs.describe_file_systems(FileSystemId=id_)["FileSystems"][0]["NumberOfMountTargets"] == 0)
    efs.delete_file_system(FileSystemId=id_)
    until(lambda: not [each for each in efs.describe_file_systems()["FileSystems"] if each["FileSystemId"] == id_])
    slow_network.ec2.delete_subnet(SubnetId=slow_network.subnet)


def _target(efs: Any, target: dict[str, Any]) -> dict[str, Any]:
    return dict(efs.describe_mount_targets(MountTargetId=target["MountTargetId"])["MountTargets"][0])


def test_an_instance_is_running_before_ssh_answers(slow_network: Network) -> None:
    ec2 = slow_network.ec2
    ec2.modify_subnet_attribute(SubnetId=slow_network.subnet, MapPublicIpOnLaunch={"Value": True})
    instance = slow_network.launch()

    def described() -> dict[str, Any]:
        return dict(ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0])

    assert described()["State"]["Name"] == "pending"
    port = int({tag["Key"]: tag["Value"] for tag in described()["Tags"]}["awsprov:ssh-port"])
    assert not _answers(port)
    until(lambda: described()["State"]["Name"] == "running")
    assert not ec2.get_console_output(InstanceId=instance).get("Output")
    until(lambda: _answers(port))
    until(lambda: "SSH HOST KEY KEYS" in ec2.get_console_output(InstanceId=instance).get("Output", ""))
    ec2.stop_instances(InstanceIds=[instance])
    assert described()["State"]["Name"] == "stopping"
    assert not _answers(port)
    with refused("IncorrectInstanceState"):
        ec2.start_instances(InstanceIds=[instance])
    until(lambda: described()["State"]["Name"] == "stopped")
    ec2.terminate_instances(InstanceIds=[instance])
    assert described()["State"]["Name"] == "shutting-down"
    until(lambda: described()["State"]["Name"] == "terminated")
    ec2.delete_subnet(SubnetId=slow_network.subnet)


def test_deleted_resources_stay_listed_for_an_hour(start_cloud: Callable[..., LocalCloud]) -> None:
    network = make_network(start_cloud(pace=0.001))  # an hour is 3.6 s
    ec2, instance = network.ec2, network.launch()
    allocation = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=network.subnet, AllocationId=allocation)["NatGateway"]["NatGatewayId"]

    def listed() -> list[str]:
        instances = [i for r in ec2.describe_instances()["Reservations"] for i in r["Instances"]]
        return [each["State"]["Name"] for each in instances] + [
            each["State"] for each in ec2.describe_nat_gateways()["NatGateways"]
        ]

    ec2.terminate_instances(InstanceIds=[instance])
    ec2.delete_nat_gateway(NatGatewayId=nat)
    until(lambda: listed() == ["terminated", "deleted"])
    until(lambda: not listed())
    with refused("InvalidInstanceID.NotFound"):
        ec2.describe_instances(InstanceIds=[instance])
    with refused("NatGatewayNotFound"):
        ec2.describe_nat_gateways(NatGatewayIds=[nat])


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def test_a_role_is_not_assumable_at_once(slow_cloud: LocalCloud) -> None:
    lambda_ = slow_cloud.client("lambda")

    def too_early() -> dict[str, Any]:
        spec = function(make_role(slow_cloud))
        return {} if _created(lambda_, spec) else spec

    spec = until(too_early)  # the time is short on a busy machine
    until(lambda: _created(lambda_, spec))


def test_a_role_of_another_service_is_never_assumable(cloud: LocalCloud) -> None:
    with pytest.raises(ClientError, match=ASSUMABLE):
        cloud.client("lambda").create_function(**function(make_role(cloud, "ec2")))


def test_an_instance_profile_is_not_usable_at_once(slow_network: Network) -> None:
    iam = slow_network.cloud.client("iam")
    launch = partial(slow_network.ec2.run_instances, MinCount=1, MaxCount=1, ImageId="ami-0", InstanceType="t3.small")

    def outcome(name: str) -> str:
        with pytest.raises(ClientError) as caught:
            launch(IamInstanceProfile={"Name": name})
        return str(caught.value)

    def too_early() -> str:
        name = f"profile-{uuid.uuid4().hex[:8]}"
        iam.create_instance_profile(InstanceProfileName=name)
        return name if "Invalid IAM Instance Profile name" in outcome(name) else ""

    assert "Invalid IAM Instance Profile name" in outcome("nosuch")
    name = until(too_early)  # the time is short on a busy machine
    until(lambda: "InvalidAMIID" in outcome(name))


def test_a_function_cannot_be_changed_while_it_is_pending_or_in_progress(slow_network: Network, slow_role: str) -> None:
    lambda_, ec2 = slow_network.cloud.client("lambda"), slow_network.ec2
    spec = function(slow_role, VpcConfig=vpc_config(slow_network))
    name = spec["FunctionName"]
    created = until(lambda: _created(lambda_, spec))
    assert (created["State"], created["StateReasonCode"]) == ("Pending", "Creating")
    assert "LastUpdateStatus" not in created

    def configuration() -> dict[str, Any]:
        return dict(lambda_.get_function_configuration(FunctionName=name))

    until(lambda: configuration()["State"] == "Active")
    other = ec2.create_security_group(GroupName="other", Description="x", VpcId=slow_network.vpc)["GroupId"]
    moved = {**vpc_config(slow_network), "SecurityGroupIds": [other]}  # new security groups make the update slow enough
    updated = lambda_.update_function_configuration(FunctionName=name, VpcConfig=moved)
    assert updated["LastUpdateStatus"] == "InProgress"
    for call, parameters in (
        (lambda_.update_function_configuration, {"MemorySize": 512}),
        (lambda_.update_function_code, {"ZipFile": spec["Code"]["ZipFile"]}),
        (lambda_.publish_version, {}),
    ):
        with refused("ResourceConflictException"):
            call(FunctionName=name, **parameters)
    until(lambda: configuration()["LastUpdateStatus"] == "Successful")
    assert lambda_.publish_version(FunctionName=name)["Version"] == "1"


def _created(lambda_: Any, spec: dict[str, Any]) -> Any:
    try:
        return lambda_.create_function(**spec)
    except ClientError as error:
        if ASSUMABLE in str(error) or "CreateNetworkInterface" in str(error):
            return None
        raise


def interfaces(network: Network) -> list[dict[str, Any]]:
    filters = [{"Name": "description", "Values": ["AWS Lambda VPC ENI*"]}, {"Name": "vpc-id", "Values": [network.vpc]}]
    return list(network.ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"])


def vpc_config(network: Network) -> dict[str, Any]:
    return {"SubnetIds": [network.subnet], "SecurityGroupIds": [network.group]}


def test_a_lambda_interface_is_shared_outlives_its_functions_and_can_be_deleted(
    slow_network: Network, slow_role: str
) -> None:
    lambda_, ec2 = slow_network.cloud.client("lambda"), slow_network.ec2
    names = []
    for _ in range(2):
        spec = function(slow_role, VpcConfig=vpc_config(slow_network))
        created = until(partial(_created, lambda_, spec))
        assert created["VpcConfig"]["VpcId"] == slow_network.vpc
        names.append(created["FunctionName"])
    (interface,) = interfaces(slow_network)
    assert (interface["InterfaceType"], interface["Status"]) == ("lambda", "in-use")
    for name in names:
        lambda_.delete_function(FunctionName=name)
        with refused("DependencyViolation"):
            ec2.delete_security_group(GroupId=slow_network.group)
    with refused("InvalidParameterValue"):
        ec2.delete_network_interface(NetworkInterfaceId=interface["NetworkInterfaceId"])
    until(lambda: interfaces(slow_network)[0]["Status"] == "available")
    assert interfaces(slow_network)[0]["InterfaceType"] == "interface"
    ec2.delete_network_interface(NetworkInterfaceId=interface["NetworkInterfaceId"])
    ec2.delete_security_group(GroupId=slow_network.group)
    ec2.delete_subnet(SubnetId=slow_network.subnet)


def test_at_pace_0_a_lambda_interface_is_deleted_with_its_function_if_the_role_exists(network: Network) -> None:
    lambda_, iam = network.cloud.client("lambda"), network.cloud.client("iam")
    for early in (False, True):
        role = make_role(network.cloud)
        created = lambda_.create_function(**function(role, VpcConfig=vpc_config(network)))
        assert created["State"] == "Active"
        if early:
            name = role.rpartition("/")[2]
            for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
                iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
            iam.delete_role(RoleName=name)
        lambda_.delete_function(FunctionName=created["FunctionName"])
        assert [each["Status"] for each in interfaces(network)] == (["available"] if early else [])


def test_a_function_needs_its_network_its_permission_and_its_mount_targets(network: Network, role: str) -> None:
    lambda_, efs = network.cloud.client("lambda"), network.cloud.client("efs")
    config = vpc_config(network)
    with pytest.raises(ClientError, match=r"InvalidSubnetID\.NotFound"):
        lambda_.create_function(**function(role, VpcConfig={**config, "SubnetIds": ["subnet-0123456789abcdef0"]}))
    with pytest.raises(ClientError, match=r"InvalidGroup\.NotFound"):
        lambda_.create_function(**function(role, VpcConfig={**config, "SecurityGroupIds": ["sg-0123456789abcdef0"]}))
    with pytest.raises(ClientError, match="CreateNetworkInterface"):
        lambda_.create_function(**function(make_role(network.cloud, policy=""), VpcConfig=config))
    file_system = efs.create_file_system(CreationToken=network.vpc)["FileSystemId"]
    point = efs.create_access_point(ClientToken=network.vpc, FileSystemId=file_system)
    disk = {"Arn": point["AccessPointArn"], "LocalMountPath": "/mnt/efs"}
    with pytest.raises(ClientError, match="does not have mount targets created in all availability zones"):
        lambda_.create_function(**function(role, VpcConfig=config, FileSystemConfigs=[disk]))
    missing = {**disk, "Arn": disk["Arn"][:-17] + "0123456789abcdef0"}
    with pytest.raises(ClientError, match="does not exist"):
        lambda_.create_function(**function(role, VpcConfig=config, FileSystemConfigs=[missing]))
    efs.create_mount_target(FileSystemId=file_system, SubnetId=network.subnet)
    created = lambda_.create_function(**function(role, VpcConfig=config, FileSystemConfigs=[disk]))
    assert created["FileSystemConfigs"] == [disk]


def test_a_function_cannot_be_created_before_its_mount_targets_are_available(
    slow_network: Network, slow_role: str
) -> None:
    lambda_, efs = slow_network.cloud.client("lambda"), slow_network.cloud.client("efs")
    file_system = efs.create_file_system(CreationToken=slow_network.vpc)["FileSystemId"]
    until(
        lambda: efs.describe_file_systems(FileSystemId=file_system)["FileSystems"][0]["LifeCycleState"] == "available"
    )
    point = efs.create_access_point(ClientToken=slow_network.vpc, FileSystemId=file_system)
    id_ = point["AccessPointId"]
    until(lambda: efs.describe_access_points(AccessPointId=id_)["AccessPoints"][0]["LifeCycleState"] == "available")
    efs.create_mount_target(FileSystemId=file_system, SubnetId=slow_network.subnet)
    disk = {"Arn": point["AccessPointArn"], "LocalMountPath": "/mnt/efs"}
    spec = function(slow_role, VpcConfig=vpc_config(slow_network), FileSystemConfigs=[disk])
    with pytest.raises(ClientError, match="not all are in the available life cycle state yet"):
        lambda_.create_function(**spec)


def test_a_stale_revision_is_refused(cloud: LocalCloud, role: str) -> None:
    lambda_ = cloud.client("lambda")
    created = lambda_.create_function(**function(role))
    name, revision = created["FunctionName"], created["RevisionId"]
    updated = lambda_.update_function_configuration(FunctionName=name, MemorySize=256, RevisionId=revision)
    assert updated["RevisionId"] != revision
    with refused("PreconditionFailedException"):
        lambda_.update_function_configuration(FunctionName=name, MemorySize=512, RevisionId=revision)


POLICY_OF_A_ROLE = "IAM policy of a role, visible to Lambda"
TRACES = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"


@pytest.fixture
def late_policies(slow_cloud: LocalCloud) -> Iterator[None]:
    """Have policies of roles take effect after a second."""
    slow_cloud.admin("POST", "durations", **{POLICY_OF_A_ROLE: 50})
    yield
    slow_cloud.admin("POST", "durations", **{POLICY_OF_A_ROLE: 10})


@pytest.mark.usefixtures("late_policies")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"TracingConfig": {"Mode": "Active"}}, "does not have permissions to call PutTraceSegments on XRAY"),
        ({"KMSKeyArn": "arn:aws:kms:us-east-1:123456789012:key/1"}, "KMS key is invalid for CreateGrant"),
    ],
)
def test_a_new_policy_of_a_role_has_no_effect_on_tracing_and_keys_at_once(
    slow_cloud: LocalCloud, options: dict[str, Any], message: str
) -> None:
    lambda_, role = slow_cloud.client("lambda"), make_role(slow_cloud, policy="")
    spec = function(role)
    until(lambda: _created(lambda_, spec))
    until(lambda: lambda_.get_function(FunctionName=spec["FunctionName"])["Configuration"]["State"] == "Active")
    slow_cloud.client("iam").attach_role_policy(RoleName=role.rpartition("/")[2], PolicyArn=TRACES)
    change = partial(lambda_.update_function_configuration, FunctionName=spec["FunctionName"], **options)
    with pytest.raises(ClientError, match=message):
        change()
    until(lambda: not _refused(change))


def _refused(call: Callable[[], object]) -> bool:
    try:
        call()
    except ClientError:
        return True
    return False


def test_a_role_without_permission_for_x_ray_is_refused_for_tracing(cloud: LocalCloud) -> None:
    with pytest.raises(ClientError, match="PutTraceSegments on XRAY"):
        cloud.client("lambda").create_function(**function(make_role(cloud), TracingConfig={"Mode": "Active"}))
