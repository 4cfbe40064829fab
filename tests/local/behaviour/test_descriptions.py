"""What AWS returns in descriptions although no one has set it: Terraform compares it with its own defaults."""

from typing import Any

import pytest

from tests.local.conftest import LocalCloud, Network, function, until


def test_an_integration_of_a_rest_api_has_a_timeout(cloud: LocalCloud) -> None:
    gateway = cloud.client("apigateway")
    api = gateway.create_rest_api(name="defaults")["id"]
    place: Any = {
        "restApiId": api,
        "resourceId": gateway.get_resources(restApiId=api)["items"][0]["id"],
        "httpMethod": "GET",
    }
    gateway.put_method(**place, authorizationType="NONE")
    assert gateway.put_integration(**place, type="MOCK")["timeoutInMillis"] == 29_000
    assert gateway.get_integration(**place)["timeoutInMillis"] == 29_000
    assert gateway.get_method(**place)["methodIntegration"]["timeoutInMillis"] == 29_000
    gateway.put_integration(**place, type="MOCK", timeoutInMillis=1000)
    assert gateway.get_integration(**place)["timeoutInMillis"] == 1000


def test_methods_with_any_setting_have_a_log_level(cloud: LocalCloud) -> None:
    gateway = cloud.client("apigateway")
    api = gateway.create_rest_api(name="levels")["id"]
    place: Any = {
        "restApiId": api,
        "resourceId": gateway.get_resources(restApiId=api)["items"][0]["id"],
        "httpMethod": "GET",
    }
    gateway.put_method(**place, authorizationType="NONE")
    gateway.put_integration(**place, type="MOCK")
    gateway.create_deployment(restApiId=api, stageName="prod")
    patch = {"op": "replace", "path": "/*/*/throttling/burstLimit", "value": "7"}
    gateway.update_stage(restApiId=api, stageName="prod", patchOperations=[patch])
    settings = gateway.get_stage(restApiId=api, stageName="prod")["methodSettings"]["*/*"]
    assert (settings["throttlingBurstLimit"], settings["loggingLevel"]) == (7, "OFF")


def test_an_integration_of_an_http_api_has_a_connection_type(cloud: LocalCloud) -> None:
    gateway = cloud.client("apigatewayv2")
    api = gateway.create_api(Name="defaults", ProtocolType="HTTP")["ApiId"]
    uri = "arn:aws:lambda:us-east-1:123456789012:function:f"
    created = gateway.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=uri, PayloadFormatVersion="2.0"
    )
    assert created["ConnectionType"] == "INTERNET"
    assert gateway.get_integrations(ApiId=api)["Items"][0]["ConnectionType"] == "INTERNET"


def test_the_authorizers_of_an_http_api_are_listed(cloud: LocalCloud) -> None:
    gateway = cloud.client("apigatewayv2")
    api = gateway.create_api(Name="authorizers", ProtocolType="HTTP")["ApiId"]
    assert gateway.get_authorizers(ApiId=api)["Items"] == []
    created = gateway.create_authorizer(
        ApiId=api,
        Name="tokens",
        AuthorizerType="JWT",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": "https://issuer.example.com", "Audience": ["a"]},
    )
    listed = gateway.get_authorizers(ApiId=api, MaxResults="500")["Items"]
    assert [(each["AuthorizerId"], each["Name"]) for each in listed] == [(created["AuthorizerId"], "tokens")]


@pytest.mark.parametrize(("given", "returned"), [({}, "public"), ({"ConnectivityType": "private"}, "private")])
def test_a_nat_gateway_has_a_connectivity_type(network: Network, given: dict[str, str], returned: str) -> None:
    ec2 = network.ec2
    address = {} if given else {"AllocationId": ec2.allocate_address(Domain="vpc")["AllocationId"]}
    created = ec2.create_nat_gateway(SubnetId=network.subnet, **address, **given)["NatGateway"]["NatGatewayId"]
    assert ec2.describe_nat_gateways(NatGatewayIds=[created])["NatGateways"][0]["ConnectivityType"] == returned


def test_an_alias_without_weights_has_no_routing(cloud: LocalCloud, role: str) -> None:
    lambda_ = cloud.client("lambda")
    name = lambda_.create_function(**function(role, Publish=True))["FunctionName"]
    lambda_.update_function_configuration(FunctionName=name, Timeout=7)
    second = lambda_.publish_version(FunctionName=name)["Version"]
    routing = {"AdditionalVersionWeights": {second: 0.1}}
    lambda_.create_alias(FunctionName=name, Name="live", FunctionVersion="1", RoutingConfig=routing)
    assert lambda_.get_alias(FunctionName=name, Name="live")["RoutingConfig"] == routing
    none: Any = {"AdditionalVersionWeights": {}}
    lambda_.update_alias(FunctionName=name, Name="live", RoutingConfig=none)
    assert "RoutingConfig" not in lambda_.get_alias(FunctionName=name, Name="live")


def test_an_interface_of_lambda_is_attached_to_something_of_aws(network: Network, role: str) -> None:
    config = {"SubnetIds": [network.subnet], "SecurityGroupIds": [network.group]}
    network.cloud.client("lambda").create_function(**function(role, VpcConfig=config))
    filters = [{"Name": "subnet-id", "Values": [network.subnet]}]
    (interface,) = network.ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
    attachment = interface["Attachment"]
    assert attachment["AttachmentId"].startswith("ela-attach-")
    assert (attachment["InstanceOwnerId"], attachment["Status"]) == ("amazon-aws", "attached")
    assert "InstanceId" not in attachment


def test_an_interface_of_an_instance_is_attached_to_the_instance(network: Network) -> None:
    instance = network.launch()
    filters = [{"Name": "subnet-id", "Values": [network.subnet]}]
    (interface,) = network.ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
    assert interface["Attachment"]["InstanceId"] == instance


def test_a_rule_for_another_security_group_has_its_description(network: Network) -> None:
    pair = {"GroupId": network.group, "Description": "NFS"}
    permission: Any = {"IpProtocol": "tcp", "FromPort": 2049, "ToPort": 2049, "UserIdGroupPairs": [pair]}
    network.ec2.authorize_security_group_ingress(GroupId=network.group, IpPermissions=[permission])
    filters = [{"Name": "group-id", "Values": [network.group]}]
    rules = network.ec2.describe_security_group_rules(Filters=filters)["SecurityGroupRules"]
    assert [rule["Description"] for rule in rules if not rule["IsEgress"]] == ["NFS"]


def test_an_instance_has_a_public_address_only_while_it_runs(network: Network) -> None:
    network.ec2.modify_subnet_attribute(SubnetId=network.subnet, MapPublicIpOnLaunch={"Value": True})
    instance = network.launch()

    def description() -> Any:
        found = network.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        return found if found["State"]["Name"] in ("running", "stopped") else None

    running = until(description)
    assert running["NetworkInterfaces"][0]["Association"]["PublicIp"] == running["PublicIpAddress"]
    network.ec2.stop_instances(InstanceIds=[instance])
    until(lambda: (found := description()) and found["State"]["Name"] == "stopped")
    stopped = description()
    assert "Association" not in stopped["NetworkInterfaces"][0]
    assert "PublicIpAddress" not in stopped
