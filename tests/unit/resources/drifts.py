"""Changes that people make to a stack outside of awsprov, and the arguments that differ then."""

import json
from collections.abc import Callable
from typing import Any

from awsprov.aws.client import Aws
from awsprov.resources.network.route_tables import PAUSE, PAUSED

Change = Callable[[Any, Any], object]


def statement(**members: str) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **members}]})


DRIFTS: dict[str, tuple[str, set[str], Change]] = {
    "host names": (
        "vpc",
        {"dns_hostnames"},
        lambda aws, r: aws.ec2.modify_vpc_attribute(VpcId=r.id, EnableDnsHostnames={"Value": False}),
    ),
    "public addresses": (
        "private-subnet-1",
        {"public_by_default"},
        lambda aws, r: aws.ec2.modify_subnet_attribute(SubnetId=r.id, MapPublicIpOnLaunch={"Value": True}),
    ),
    "no default route": (
        "private-route-table",
        {"gateway"},
        lambda aws, r: aws.ec2.delete_route(RouteTableId=r.id, DestinationCidrBlock="0.0.0.0/0"),
    ),
    "another default route": (
        "private-route-table",
        {"gateway"},
        lambda aws, r: aws.ec2.replace_route(
            RouteTableId=r.id,
            DestinationCidrBlock="0.0.0.0/0",
            GatewayId=aws.ec2.describe_internet_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [r.vpc.id]}])[
                "InternetGateways"
            ][0]["InternetGatewayId"],
        ),
    ),
    "a mark that the stack is paused": (
        "private-route-table",
        {"pause"},
        lambda aws, r: aws.ec2.create_tags(Resources=[r.id], Tags=[{"Key": PAUSE, "Value": PAUSED}]),
    ),
    "a subnet without routes": (
        "public-route-table",
        {"subnets"},
        lambda aws, r: aws.ec2.disassociate_route_table(
            AssociationId=r.describe(aws)["Associations"][0]["RouteTableAssociationId"]
        ),
    ),
    "SSH open to everyone": (
        "builder-security-group",
        {"ingress"},
        lambda aws, r: aws.ec2.authorize_security_group_ingress(
            GroupId=r.id, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0"
        ),
    ),
    "SSH closed": (
        "builder-security-group",
        {"ingress"},
        lambda aws, r: aws.ec2.revoke_security_group_ingress(
            GroupId=r.id, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="203.0.113.7/32"
        ),
    ),
    "another group at the file system": (
        "efs-security-group",
        {"ingress"},
        lambda aws, r: aws.ec2.authorize_security_group_ingress(
            GroupId=r.id,
            IpPermissions=[
                {"IpProtocol": "tcp", "FromPort": 2049, "ToPort": 2049, "UserIdGroupPairs": [{"GroupId": r.id}]}
            ],
        ),
    ),
    "an egress rule of the file system": (
        "efs-security-group",
        {"egress"},
        lambda aws, r: aws.ec2.authorize_security_group_egress(
            GroupId=r.id, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        ),
    ),
    "the target's group": (
        "mount-target-1",
        {"security_group"},
        lambda aws, r: aws.efs.modify_mount_target_security_groups(
            MountTargetId=r.id,
            SecurityGroups=[
                aws.ec2.describe_security_groups(GroupNames=["demo-builder-security-group"])["SecurityGroups"][0][
                    "GroupId"
                ]
            ],
        ),
    ),
    "the file system policy": (
        "file-system-policy",
        {"document"},
        lambda aws, r: aws.efs.put_file_system_policy(
            FileSystemId=r.id, Policy='{"Version": "2012-10-17", "Statement": []}'
        ),
    ),
    "more permissions": (
        "predict-policy",
        {"statements"},
        lambda aws, r: aws.iam.create_policy_version(
            PolicyArn=r.id,
            PolicyDocument=statement(Action="*", Resource="*"),
            SetAsDefault=True,
        ),
    ),
    "a role for everyone": (
        "predict-role",
        {"trust"},
        lambda aws, r: aws.iam.update_assume_role_policy(
            RoleName=r.id,
            PolicyDocument=statement(Principal="*", Action="sts:AssumeRole"),
        ),
    ),
    "no policy": (
        "predict-role",
        {"policies"},
        lambda aws, r: aws.iam.detach_role_policy(RoleName=r.id, PolicyArn=r.policy.id),
    ),
    "another policy as well": (
        "predict-role",
        {"policies"},
        lambda aws, r: aws.iam.attach_role_policy(RoleName=r.id, PolicyArn=policy_of_the_builder(aws)),
    ),
    "an empty profile": (
        "builder-instance-profile",
        {"role"},
        lambda aws, r: aws.iam.remove_role_from_instance_profile(InstanceProfileName=r.id, RoleName=r.role.id),
    ),
    "retention": (
        "predict-log-group",
        {"days"},
        lambda aws, r: aws.logs.delete_retention_policy(logGroupName=r.id),
    ),
    "memory and variables": (
        "predict",
        {"memory", "variables"},
        lambda aws, r: aws.lambda_.update_function_configuration(
            FunctionName=r.id, MemorySize=128, Environment={"Variables": {"LEVEL": "DEBUG"}}
        ),
    ),
    "code": (
        "predict",
        {"code"},
        lambda aws, r: aws.lambda_.update_function_code(FunctionName=r.id, ZipFile=b"PK\x05\x06" + bytes(18)),
    ),
    "the mount": (
        "predict",
        {"mount"},
        lambda aws, r: aws.lambda_.update_function_configuration(FunctionName=r.id, FileSystemConfigs=[]),
    ),
    "the alias": (
        "predict-live",
        {"version"},
        lambda aws, r: aws.lambda_.update_alias(FunctionName=r.function.id, Name="live", FunctionVersion="$LATEST"),
    ),
    "the throttle": (
        "api-stage",
        {"rate", "burst"},
        lambda aws, r: aws.apigateway.update_stage(
            restApiId=r.api.id,
            stageName=r.stage,
            patchOperations=[
                {"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "9999"},
                {"op": "replace", "path": "/*/*/throttling/burstLimit", "value": "9"},
            ],
        ),
    ),
    "an old deployment": (
        "api-stage",
        {"snapshot"},
        lambda aws, r: aws.apigateway.update_stage(
            restApiId=r.api.id,
            stageName=r.stage,
            patchOperations=[
                {
                    "op": "replace",
                    "path": "/deploymentId",
                    "value": aws.apigateway.create_deployment(restApiId=r.api.id, description="by hand")["id"],
                }
            ],
        ),
    ),
    "the function of a route": (
        "POST /predict",
        {"calls"},
        lambda aws, r: aws.apigateway.put_integration(
            **r.parameters(aws), type="AWS_PROXY", integrationHttpMethod="POST", uri=r._uri(aws).replace("live", "dead")
        ),
    ),
    "the CORS origin": (
        "OPTIONS /predict",
        {"headers"},
        lambda aws, r: aws.apigateway.put_integration_response(
            **r.parameters(aws),
            statusCode="200",
            responseParameters={"method.response.header.Access-Control-Allow-Origin": "'*'"},
        ),
    ),
}


def policy_of_the_builder(aws: Aws) -> str:
    found = aws.iam.list_policies(Scope="Local", PathPrefix="/awsprov/demo/")["Policies"]
    return next(policy["Arn"] for policy in found if policy["PolicyName"] == "demo-builder-policy")
