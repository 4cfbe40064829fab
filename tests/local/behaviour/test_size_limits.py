"""The limits that AWS has and its service models do not: each is reached, then exceeded by one."""

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.loaders import create_loader

from awsprov.local.behaviour import lambda_limits
from awsprov.local.behaviour.iam_limits import INLINE_POLICIES
from awsprov.local.behaviour.size_limits import SIZE_LIMITS
from tests.local.conftest import LocalCloud, function, make_role, refused


def document(size: int, **statement: Any) -> str:
    """Return a policy of this many characters, and whitespace that does not count."""
    base = {"Effect": "Allow", "Action": "s3:GetObject", **statement}
    policy = {"Version": "2012-10-17", "Statement": [{**base, "Sid": ""}]}
    missing = size - len(json.dumps(policy, separators=(",", ":")))
    return json.dumps({**policy, "Statement": [{**base, "Sid": "x" * missing}]}, indent=4)


def any_resource(size: int) -> str:
    return document(size, Resource="*")


def fresh() -> str:
    return f"n-{uuid.uuid4().hex[:8]}"


def test_a_function_name_has_64_characters_at_most(cloud: LocalCloud, role: str) -> None:
    lambda_, name = cloud.client("lambda"), fresh()
    lambda_.create_function(**function(role, FunctionName=name.ljust(64, "x")))
    with pytest.raises(ClientError, match=r"at 'functionName' .*less than or equal to 64"):
        lambda_.create_function(**function(role, FunctionName=name.ljust(65, "x")))


@pytest.mark.parametrize("letter", ["x", "ñ"])
def test_variables_take_4_kb_as_json(cloud: LocalCloud, role: str, letter: str) -> None:
    lambda_, width = cloud.client("lambda"), len(letter.encode())
    value = letter * ((4096 - len('{"KEY":""}')) // width)
    name = lambda_.create_function(**function(role, Environment={"Variables": {"KEY": value}}))["FunctionName"]
    with pytest.raises(ClientError, match="exceeded the 4KB limit"):
        lambda_.update_function_configuration(FunctionName=name, Environment={"Variables": {"KEY": value + letter}})


@pytest.mark.parametrize(
    ("allowed", "refused_", "code"),
    [
        ({"Timeout": 1800}, {"Timeout": 1801}, "ValidationException"),
        ({"EphemeralStorage": {"Size": 10240}}, {"EphemeralStorage": {"Size": 10241}}, "ValidationException"),
    ],
)
def test_the_bounds_are_those_of_functions_without_managed_instances(
    cloud: LocalCloud, role: str, allowed: dict[str, Any], refused_: dict[str, Any], code: str
) -> None:
    lambda_ = cloud.client("lambda")
    lambda_.create_function(**function(role, **allowed))
    with refused(code):
        lambda_.create_function(**function(role, **refused_))


def test_the_bounds_are_those_of_the_documentation() -> None:
    shapes = create_loader().load_service_model("lambda", "service-2")["shapes"]

    def text(member: str) -> str:
        return str(shapes["CreateFunctionRequest"]["members"][member]["documentation"])

    assert f"maximum allowed value is {lambda_limits.TIMEOUT:,} seconds" in text("Timeout")
    assert f"between 512 and {lambda_limits.EPHEMERAL_STORAGE:,} MB" in text("EphemeralStorage")
    assert f"limited to {lambda_limits.FUNCTION_NAME} characters" in text("FunctionName")


def test_a_function_has_five_layers_at_most(cloud: LocalCloud, role: str) -> None:
    arns = [f"arn:aws:lambda:us-east-1:123456789012:layer:l{number}:1" for number in range(6)]
    with refused("InvalidParameterValueException"):
        cloud.client("lambda").create_function(**function(role, Layers=arns))


def test_the_policy_of_each_alias_has_20480_bytes_at_most(cloud: LocalCloud, role: str) -> None:
    lambda_ = cloud.client("lambda")
    name = lambda_.create_function(**function(role, Publish=True))["FunctionName"]
    lambda_.create_alias(FunctionName=name, Name="live", FunctionVersion="1")

    def allow(number: int, qualifier: str) -> None:
        lambda_.add_permission(
            FunctionName=name, Qualifier=qualifier, StatementId=f"s-{number}", Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn="arn:aws:execute-api:us-east-1:123456789012:a123456789/*/GET/" + "p" * 700,
        )  # fmt: skip

    added = 0
    with refused("PolicyLengthExceededException"):
        while added < 30:
            allow(added, "live")
            added += 1
    policy = json.loads(lambda_.get_policy(FunctionName=name, Qualifier="live")["Policy"])
    size = len(json.dumps(policy, separators=(",", ":")))
    assert size <= 20480 < size + size / added
    allow(0, "1")  # each version has a policy of its own


def test_a_managed_policy_has_6144_characters_at_most(cloud: LocalCloud) -> None:
    iam = cloud.client("iam")
    arn = iam.create_policy(PolicyName=fresh(), PolicyDocument=any_resource(6144))["Policy"]["Arn"]
    with pytest.raises(ClientError, match="Cannot exceed quota for PolicySize: 6144"):
        iam.create_policy(PolicyName=fresh(), PolicyDocument=any_resource(6145))
    with refused("LimitExceeded"):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=any_resource(6145))


def test_a_managed_policy_has_five_versions_at_most(cloud: LocalCloud) -> None:
    iam = cloud.client("iam")
    arn = iam.create_policy(PolicyName=fresh(), PolicyDocument=any_resource(200))["Policy"]["Arn"]
    for _ in range(4):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=any_resource(200))
    with refused("LimitExceeded"):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=any_resource(200))


def test_a_trust_policy_has_2048_characters_at_most(cloud: LocalCloud) -> None:
    iam, name = cloud.client("iam"), fresh()
    who = {"Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(2048, **who))
    with pytest.raises(ClientError, match="Cannot exceed quota for ACLSizePerRole: 2048"):
        iam.create_role(RoleName=fresh(), AssumeRolePolicyDocument=document(2049, **who))
    with refused("LimitExceeded"):
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=document(2049, **who))


@pytest.mark.parametrize(("kind", "limit"), INLINE_POLICIES.items())
def test_inline_policies_are_limited_in_all(cloud: LocalCloud, kind: str, limit: int) -> None:
    iam, name = cloud.client("iam"), fresh()
    trust = {"AssumeRolePolicyDocument": document(200, Principal="*")} if kind == "Role" else {}
    getattr(iam, f"create_{kind.lower()}")(**{f"{kind}Name": name}, **trust)
    put = getattr(iam, f"put_{kind.lower()}_policy")
    owner = {f"{kind}Name": name}
    put(**owner, PolicyName="a", PolicyDocument=any_resource(limit // 2))
    put(**owner, PolicyName="b", PolicyDocument=any_resource(limit // 2))
    put(**owner, PolicyName="b", PolicyDocument=any_resource(limit // 2))  # replaced, not added
    with pytest.raises(ClientError, match=f"Maximum policy size of {limit} bytes exceeded"):
        put(**owner, PolicyName="b", PolicyDocument=any_resource(limit // 2 + 1))


def test_ten_policies_can_be_attached(cloud: LocalCloud) -> None:
    iam = cloud.client("iam")
    name = make_role(cloud, policy="").rpartition("/")[2]
    arns = [iam.create_policy(PolicyName=fresh(), PolicyDocument=any_resource(200))["Policy"]["Arn"] for _ in range(11)]
    for arn in [*arns[:10], arns[0]]:
        iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    with pytest.raises(ClientError, match="Cannot exceed quota for PoliciesPerRole: 10"):
        iam.attach_role_policy(RoleName=name, PolicyArn=arns[10])


def test_a_rest_api_has_one_variable_beside_another_at_most(cloud: LocalCloud) -> None:
    api = cloud.client("apigateway")
    rest = api.create_rest_api(name=fresh())["id"]
    root = api.get_resources(restApiId=rest)["items"][0]["id"]
    first = api.create_resource(restApiId=rest, parentId=root, pathPart="{id}")["id"]
    for other in ("{name}", "{proxy+}"):
        with pytest.raises(
            ClientError, match=r"A sibling \(\{id\}\) of this resource already has a variable path part"
        ):
            api.create_resource(restApiId=rest, parentId=root, pathPart=other)
    api.create_resource(restApiId=rest, parentId=root, pathPart="plain")
    api.create_resource(restApiId=rest, parentId=first, pathPart="{name}")


def test_routes_of_an_http_api_differ_in_more_than_their_variables(cloud: LocalCloud) -> None:
    api = cloud.client("apigatewayv2")
    http = api.create_api(Name=fresh(), ProtocolType="HTTP")["ApiId"]
    api.create_route(ApiId=http, RouteKey="GET /items/{id}")
    with refused("ConflictException"):
        api.create_route(ApiId=http, RouteKey="GET /items/{name}")
    api.create_route(ApiId=http, RouteKey="GET /items/{proxy+}")
    api.create_route(ApiId=http, RouteKey="POST /items/{id}")


def tags(number: int) -> list[dict[str, str]]:
    return [{"Key": f"k{each}", "Value": "v"} for each in range(number)]


def test_a_resource_has_50_tags_at_most(cloud: LocalCloud, role: str) -> None:
    efs, lambda_, ec2 = cloud.client("efs"), cloud.client("lambda"), cloud.client("ec2")
    name = efs.create_file_system(CreationToken=fresh(), Tags=tags(50))["FileSystemId"]
    efs.tag_resource(ResourceId=name, Tags=tags(1))  # the value of a key that is there
    with refused("BadRequest"):
        efs.tag_resource(ResourceId=name, Tags=[{"Key": "more", "Value": "v"}])
    with refused("BadRequest"):
        efs.create_file_system(CreationToken=fresh(), Tags=tags(51))
    arn = lambda_.create_function(**function(role, Tags={f"k{n}": "v" for n in range(50)}))["FunctionArn"]
    with refused("InvalidParameterValueException"):
        lambda_.tag_resource(Resource=arn, Tags={"more": "v"})
    with refused("TagLimitExceeded"):
        ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags(51)}])
    with refused("BadRequestException"):
        cloud.client("apigateway").create_rest_api(name=fresh(), tags={f"k{n}": "v" for n in range(51)})
    with refused("BadRequestException"):
        cloud.client("apigatewayv2").create_api(
            Name=fresh(), ProtocolType="HTTP", Tags={f"k{n}": "v" for n in range(51)}
        )
    log = cloud.client("logs")
    group = f"/{fresh()}"
    log.create_log_group(logGroupName=group, tags={f"k{n}": "v" for n in range(50)})
    arn = log.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["logGroupArn"]
    with refused("TooManyTagsException"):
        log.tag_resource(resourceArn=arn, tags={"more": "v"})


@pytest.mark.parametrize(("key", "value"), [("k" * 129, "v"), ("k", "v" * 257)])
def test_the_key_of_a_tag_has_128_characters_and_its_value_256(cloud: LocalCloud, key: str, value: str) -> None:
    ec2 = cloud.client("ec2")
    specification = [{"ResourceType": "vpc", "Tags": [{"Key": key[:128], "Value": value[:256]}]}]
    ec2.delete_vpc(VpcId=ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=specification)["Vpc"]["VpcId"])
    specification[0]["Tags"] = [{"Key": key, "Value": value}]
    with refused("InvalidParameterValue"):
        ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=specification)
    iam = cloud.client("iam", parameter_validation=False)
    name = make_role(cloud).rpartition("/")[2]
    with refused("ValidationError"):
        iam.tag_role(RoleName=name, Tags=[{"Key": key, "Value": value}])


def test_keys_of_tags_in_iam_have_no_case(cloud: LocalCloud) -> None:
    tags = [{"Key": "Team", "Value": "v"}, {"Key": "team", "Value": "v"}]
    with refused("InvalidInput"):
        cloud.client("iam").tag_role(RoleName=make_role(cloud).rpartition("/")[2], Tags=tags)
    ec2 = cloud.client("ec2")
    ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}])


def test_every_row_has_a_test() -> None:
    assert len(SIZE_LIMITS) == 20
