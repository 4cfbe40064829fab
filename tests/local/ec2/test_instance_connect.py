"""EC2 Instance Connect endpoints of the local cloud: their states, and which tunnels they open."""

import json
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest

from awsprov.aws.client import Aws
from awsprov.aws.local_endpoint import LocalEndpoint
from awsprov.errors import AwsprovError
from awsprov.ssh.tunnel import open_tunnel
from tests.local.conftest import LocalCloud, Network, make_network, refused, until

SERVICE = "ec2-instance-connect"


def aws_of(cloud: LocalCloud, access_key: str = "", secret: str = "") -> Aws:
    key = cloud.running.key
    endpoint = LocalEndpoint(cloud.endpoint, access_key or key.access_key, secret or key.secret_key, "3.12")
    return Aws("demo", "us-east-1", local=endpoint)


@dataclass
class Place:
    """A network with an endpoint, and an instance that runs."""

    network: Network
    endpoint: dict[str, Any]
    address: str

    def url(self, aws: Aws, service: str = SERVICE, **changed: Any) -> str:
        names = {"instanceConnectEndpointId": self.endpoint["InstanceConnectEndpointId"], "remotePort": 22}
        query = urlencode({**names, "privateIpAddress": self.address, "maxTunnelDuration": 60, **changed})
        return aws.presigned_url(service, f"ws://{self.endpoint['DnsName']}/openTunnel?{query}")

    def greeting(self, aws: Aws, **changed: Any) -> bytes:
        """Return the first bytes that the instance sends; empty if it cannot be reached."""
        with open_tunnel(self.url(aws, **changed)) as connection:
            connection.settimeout(20)
            return connection.recv(8)


@pytest.fixture(scope="module")
def place(cloud: LocalCloud) -> Place:
    network = make_network(cloud)
    ec2 = network.ec2
    created = ec2.create_instance_connect_endpoint(SubnetId=network.subnet, SecurityGroupIds=[network.group])
    instance = network.launch()
    (reservation,) = ec2.describe_instances(InstanceIds=[instance])["Reservations"]
    found = Place(network, created["InstanceConnectEndpoint"], reservation["Instances"][0]["PrivateIpAddress"])
    allow = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [{"GroupId": network.group}]}
    assert found.greeting(aws_of(cloud)) == b""  # the group of the instance does not let the endpoint in
    ec2.authorize_security_group_ingress(GroupId=network.group, IpPermissions=[allow])
    until(lambda: found.greeting(aws_of(cloud)))
    return found


def user(cloud: LocalCloud, place: Place, port: str) -> Aws:
    """Create a user who may open tunnels to a port through the endpoint; return the clients with the user's key."""
    iam, name = cloud.client("iam"), f"user-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    statement = {
        "Effect": "Allow",
        "Action": "ec2-instance-connect:OpenTunnel",
        "Resource": place.endpoint["InstanceConnectEndpointArn"],
        "Condition": {"NumericEquals": {"ec2-instance-connect:remotePort": port}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return aws_of(cloud, key["AccessKeyId"], key["SecretAccessKey"])


def test_an_endpoint_is_created_and_deleted(slow_network: Network) -> None:
    ec2 = slow_network.ec2
    tags: Any = [{"ResourceType": "instance-connect-endpoint", "Tags": [{"Key": "team", "Value": "net"}]}]
    created = ec2.create_instance_connect_endpoint(SubnetId=slow_network.subnet, TagSpecifications=tags)
    endpoint = created["InstanceConnectEndpoint"]
    assert (endpoint["State"], endpoint["VpcId"]) == ("create-in-progress", slow_network.vpc)
    assert endpoint["Tags"] == [{"Key": "team", "Value": "net"}]
    (default,) = ec2.describe_security_groups(
        Filters=[{"Name": "vpc-id", "Values": [slow_network.vpc]}, {"Name": "group-name", "Values": ["default"]}]
    )["SecurityGroups"]
    assert endpoint["SecurityGroupIds"] == [default["GroupId"]]
    named: Any = [{"Name": "instance-connect-endpoint-id", "Values": [endpoint["InstanceConnectEndpointId"]]}]

    def state() -> str:
        found = ec2.describe_instance_connect_endpoints(Filters=named)["InstanceConnectEndpoints"]
        return found[0]["State"] if found else "not listed"

    until(lambda: state() == "create-complete")
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=slow_network.subnet)
    ec2.delete_instance_connect_endpoint(InstanceConnectEndpointId=endpoint["InstanceConnectEndpointId"])
    assert state() == "delete-in-progress"
    until(lambda: state() == "not listed")
    with refused("InvalidInstanceConnectEndpointId.NotFound"):
        ec2.delete_instance_connect_endpoint(InstanceConnectEndpointId=endpoint["InstanceConnectEndpointId"])
    ec2.delete_subnet(SubnetId=slow_network.subnet)


def test_a_tunnel_leads_to_the_instance(cloud: LocalCloud, place: Place) -> None:
    assert place.greeting(aws_of(cloud)).startswith(b"SSH-2.0")
    assert place.greeting(user(cloud, place, "22")).startswith(b"SSH-2.0")


def test_a_tunnel_needs_the_permission_for_its_port(cloud: LocalCloud, place: Place) -> None:
    with pytest.raises(AwsprovError, match="refused the tunnel") as caught:
        place.greeting(user(cloud, place, "3389"))
    assert "is not authorized to perform: ec2-instance-connect:OpenTunnel on resource" in caught.value.why


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"service": "ec2"}, "AccessDenied"),
        ({"remotePort": 80}, "RemotePort is not valid"),
        ({"maxTunnelDuration": 3601}, "1 to 3600 seconds"),
        ({"instanceConnectEndpointId": "eice-0123456789abcdef0"}, "does not exist"),
    ],
)
def test_a_wrong_request_is_refused(cloud: LocalCloud, place: Place, changed: Any, message: str) -> None:
    with pytest.raises(AwsprovError) as caught:
        place.greeting(aws_of(cloud), **changed)
    assert message in caught.value.why


def test_a_wrong_signature_is_refused(cloud: LocalCloud, place: Place) -> None:
    for url in (place.url(aws_of(cloud, secret="guessed")), place.url(aws_of(cloud)).replace("=22&", "=3389&")):
        with pytest.raises(AwsprovError) as caught:
            open_tunnel(url)
        assert "SignatureDoesNotMatch" in caught.value.why


def test_a_tunnel_ends_after_its_longest_duration(cloud: LocalCloud, place: Place) -> None:
    with open_tunnel(place.url(aws_of(cloud), maxTunnelDuration=1)) as connection:
        connection.settimeout(20)
        while connection.recv(4096):
            pass
