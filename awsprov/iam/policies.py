"""The policies that `awsprov policy` prints, from the table of permissions and the configuration."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from awsprov.aws.limits import MANAGED_POLICY
from awsprov.aws.url_suffixes import partition_of
from awsprov.config.function import FunctionConfig
from awsprov.config.models import Config
from awsprov.iam.boundary import Boundary
from awsprov.iam.permissions import (
    ALL,
    ANY,
    BOUNDED,
    EC2,
    OWN_FILE_SYSTEM,
    OWN_NETWORK,
    PASSED,
    PERMISSIONS,
    REGIONAL,
    ROLE,
    SSH_ONLY,
    TAG_CHANGES,
    TAGGED,
    Grant,
    Task,
    service_principal,
)
from awsprov.iam.secrets import decrypt_condition, secret_path

_VERSION = "2012-10-17"

_WHOLE = ("*", "{boundary}")  # resources that are not the last part of an ARN
_ARN_REGION_ACCOUNT = {"iam": ":{account}:", "apigateway": "{region}::"}


def policy_documents(config: Config, tasks: Iterable[Task], account: str, *, api: str = "*") -> list[dict[str, Any]]:
    """Return the least-privilege policies for running these tasks on the configuration's stack.

    Together they allow what is needed. Their statements are in the order of the table, so that what belongs together is
    together.

    Arguments:
        config: the configuration.
        tasks: the tasks.
        account: the account id, 12 digits.
        api: the id of the stack's API, whose routes may be invoked; `*` if it is not known.
    """
    return pack(policy_statements(config, tasks, account, api=api))


def pack(statements: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return policies with these statements, in their order, each short enough for a managed policy."""
    documents: list[list[dict[str, Any]]] = [[]]
    for statement in statements:
        for part in _split(statement):
            if documents[-1] and policy_size(_document([*documents[-1], part])) > MANAGED_POLICY:
                documents.append([])
            documents[-1].append(part)
    return [_document(document) for document in documents]


def policy_size(document: dict[str, Any]) -> int:
    """Return the characters of a policy that count towards the quota: all but whitespace."""
    return len(re.sub(r"\s", "", json.dumps(document)))


def policy_statements(config: Config, tasks: Iterable[Task], account: str, *, api: str = "*") -> list[dict[str, Any]]:
    """Return the statements of the policies; the arguments are those of `policy_documents`."""
    boundary = config.roles.boundary or Boundary.of(config).arn(account)
    partition = partition_of(config.region)
    names = {"partition": partition, "region": config.region, "account": account, "stack": config.stack}
    names |= {
        "role_path": config.roles.path.removeprefix("/"),
        "boundary": boundary,
        "api": api,
        "ec2": service_principal(EC2, partition),
    }
    merged: dict[str, tuple[Any, set[str]]] = {}
    for grant in grants_for(config, tasks):
        resources = _plain(list(_by_function(_arns(grant), config)))
        scope = {"Resource": resources, **({"Condition": grant.condition} if grant.condition else {})}
        filled = _filled(scope, names)
        actions = merged.setdefault(json.dumps(filled), (filled, set()))[1]
        actions |= {f"{grant.service}:{action}" for action in grant.actions.split()}
    return [{"Effect": "Allow", "Action": sorted(actions), **scope} for scope, actions in merged.values()]


def _document(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": _VERSION, "Statement": statements}


def _split(statement: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the statement, in parts with fewer resources each if it is too long for a policy of its own."""
    resources = statement["Resource"]
    short = policy_size(_document([statement])) <= MANAGED_POLICY
    if short or isinstance(resources, str) or len(resources) == 1:
        yield statement
        return
    middle = len(resources) // 2
    for part in (resources[:middle], resources[middle:]):
        yield from _split({**statement, "Resource": part})


def grants_for(config: Config, tasks: Iterable[Task]) -> Iterator[Grant]:
    """Yield the grants that these tasks need, including those for what the configuration names."""
    wanted = set(tasks)
    kinds = {"", config.api.type, config.api.auth, *(["endpoints"] if config.network.endpoints else [])}
    kinds |= {"nat-instance"} if config.network.nat == "instance" else set()
    for grant in (*PERMISSIONS, *_configured(config), *_shared(config)):
        if wanted & set(grant.tasks.split()) and grant.only in kinds:
            yield from _without_own(grant, config)


def _without_own(grant: Grant, config: Config) -> Iterator[Grant]:
    """Yield the grant without the actions that create or change what already exists: network and file system."""
    needless = (OWN_NETWORK if config.network.subnets else frozenset()) if grant.service == "ec2" else frozenset()
    if config.file_system and grant.service == "elasticfilesystem":
        needless = OWN_FILE_SYSTEM
    if actions := [action for action in grant.actions.split() if action not in needless]:
        yield replace(grant, actions=" ".join(actions))


def _configured(config: Config) -> Iterator[Grant]:
    """Yield grants for what the configuration names: routes, secrets, KMS keys, and what already exists."""
    if routes := [route for function in config.functions.values() for route in function.routes]:
        methods = [("*" if route.method == "ANY" else route.method, route.path) for route in routes]
        yield Grant("invoke", "execute-api", "Invoke", tuple(f"{{api}}/*/{method}{path}" for method, path in methods))
    for function in config.functions.values():
        for reference in function.secrets.values():
            store = reference.partition(":")[0]
            reading = "up deploy read" if function.secrets_at == "deploy" else "up read"
            actions = {"ssm": "GetParameter", "secretsmanager": "DescribeSecret"}[store]
            if function.secrets_at == "deploy":
                actions += {"ssm": "", "secretsmanager": " GetSecretValue"}[store]
                arn = f"arn:{{partition}}:{store}:{{region}}:{{account}}:{secret_path(reference)}"
                yield Grant(reading, "kms", "Decrypt", ("key/*",), decrypt_condition(store, [arn]))
            yield Grant(reading, store, actions, (secret_path(reference),))
        if function.kms_key:
            yield Grant("up deploy", "kms", "CreateGrant Decrypt Encrypt", (function.kms_key,))
        yield from _role_grants(function)
    yield from TAG_CHANGES if config.tags else ()
    yield from _existing(config)


def _existing(config: Config) -> Iterator[Grant]:
    """Yield grants for what exists and is not the stack's: a key pair, an address, a network, or a file system."""
    if config.keypair.name:
        yield Grant("up", "ec2", "RunInstances", (f"key-pair/{config.keypair.name}",))
    if config.network.subnets:
        yield from _existing_network(config)
    if config.file_system:
        yield from _existing_file_system(config.file_system)
    if config.file_system and config.network.groups:  # the builder has them, too
        groups = tuple(f"security-group/{each}" for each in config.network.groups)
        yield Grant("up", "ec2", "RunInstances ModifyNetworkInterfaceAttribute", groups)
    if config.network.address:
        action = "AssociateAddress" if config.network.nat == "instance" else "CreateNatGateway"
        yield Grant("up", "ec2", action, (f"elastic-ip/{config.network.address}",))


def _existing_network(config: Config) -> Iterator[Grant]:
    """Yield grants for what the stack creates in existing subnets; the id of their VPC is not in config.yaml."""
    builder = config.builder.subnet or config.network.subnets[0]
    subnets = tuple(f"subnet/{subnet}" for subnet in config.network.subnets)
    if not config.file_system:
        yield Grant("up", "ec2", "CreateNetworkInterface", subnets)  # of mount targets
    yield Grant("up", "ec2", "RunInstances", (f"subnet/{builder}",))
    yield Grant("up", "ec2", "CreateSecurityGroup", ("vpc/*",))
    yield Grant("up", "ec2", "DescribeVpcAttribute", ("vpc/*",), REGIONAL)
    if endpoint := config.builder.endpoint:
        arn = f"arn:{{partition}}:ec2:{{region}}:{{account}}:instance-connect-endpoint/{endpoint}"
        yield Grant(ALL, "ec2", "DescribeInstanceConnectEndpoints", ANY, REGIONAL)
        yield Grant("up deploy", "ec2-instance-connect", "OpenTunnel", (arn,), SSH_ONLY)


def _existing_file_system(id_: str) -> Iterator[Grant]:
    """Yield grants for an existing file system: to describe it, and for access points, which have the stack's tags."""
    system = (f"file-system/{id_}",)
    yield Grant("up", "elasticfilesystem", "CreateAccessPoint", system)
    yield Grant("up read", "elasticfilesystem", "DescribeFileSystemPolicy DescribeMountTargetSecurityGroups", system)
    yield Grant("up deploy", "elasticfilesystem", "TagResource UntagResource", ("access-point/*",), TAGGED)


def _shared(config: Config) -> Iterator[Grant]:
    """Yield grants for the shared lock and state."""
    place = config.shared_location
    if place is None:
        return
    objects = (f"arn:{{partition}}:s3:::{place.bucket}/{place.prefix}/*",)
    yield Grant(ALL, "s3", "GetObject", objects)
    yield Grant("up down deploy", "s3", "PutObject DeleteObject", objects)
    # Without it, S3 answers 403 and not 404 for an object that does not exist. Such a request has no prefix.
    prefix = {"StringLikeIfExists": {"s3:prefix": f"{place.prefix}/*"}}
    yield Grant(ALL, "s3", "ListBucket", (f"arn:{{partition}}:s3:::{place.bucket}",), prefix)


def _role_grants(function: FunctionConfig) -> Iterator[Grant]:
    """Yield grants for the managed policies of a function, and for its role if that already exists."""
    if managed := tuple(function.managed_policies):
        only_these = {**BOUNDED, "ArnEquals": {"iam:PolicyARN": list(managed)}}
        yield Grant("up", "iam", "AttachRolePolicy", ROLE, only_these)
        yield Grant(ALL, "iam", "GetPolicy", managed)
        yield Grant("up read", "iam", "GetPolicyVersion", managed)
    if function.role:
        yield Grant(ALL, "iam", "GetRole", (function.role,))
        yield Grant("up deploy", "iam", "PassRole", (function.role,), PASSED)


def _arns(grant: Grant) -> list[str]:
    region_account = _ARN_REGION_ACCOUNT.get(grant.service, "{region}:{account}:")
    start = f"arn:{{partition}}:{grant.service}:{region_account}"
    return [each if each in _WHOLE or each.startswith("arn:") else start + each for each in grant.resources]


def _by_function(arns: list[str], config: Config) -> Iterator[str]:
    """Yield the ARNs, those of a function once for each function."""
    for arn in arns:
        names = config.functions if "{function}" in arn else [""]
        yield from (arn.replace("{function}", name) for name in names)


def _plain(values: list[str]) -> Any:
    return values[0] if len(values) == 1 else values


def _filled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, names) for item in value]
    return _fill(str(value), names)


def _fill(text: str, names: dict[str, str]) -> str:
    """Replace the names; any other placeholder, such as a route's `{id}`, becomes `*`."""
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return re.sub(r"\{[^}]*\}", "*", text)
