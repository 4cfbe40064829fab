"""The functions of the stack: log groups, secrets, roles, and the functions with version and alias."""

from collections.abc import Mapping
from dataclasses import dataclass

from awsprov.config.models import Config
from awsprov.engine.stack import Stack
from awsprov.iam.boundary import Boundary
from awsprov.resources.function.alias import Alias
from awsprov.resources.function.function import Function
from awsprov.resources.function.log_groups import LogGroup
from awsprov.resources.function.network_interfaces import LambdaNetworkInterfaces
from awsprov.resources.function.policy_document import FunctionPermissions, FunctionPolicyDocument
from awsprov.resources.function.smoke_test import SmokeTest
from awsprov.resources.function.versions import Version
from awsprov.resources.identity.boundary import PermissionsBoundary
from awsprov.resources.identity.existing import LAMBDA, ExistingPolicy, ExistingRole
from awsprov.resources.identity.policies import Policy
from awsprov.resources.identity.roles import Role
from awsprov.resources.identity.secrets import Secret
from awsprov.stack.compute import Environments
from awsprov.stack.loader import code_of
from awsprov.stack.network import Network, SecurityGroups
from awsprov.stack.storage import Storage


@dataclass(frozen=True)
class FunctionAccess:
    """The log group, the role and the secrets of a function.

    Arguments:
        log_group: its log group.
        role: its role.
        deploy_time_secrets: the secrets, by variable, that become variables when it is deployed.
    """

    log_group: LogGroup
    role: Role | ExistingRole
    deploy_time_secrets: Mapping[str, Secret]


def declare_boundary(config: Config, stack: Stack) -> PermissionsBoundary:
    """Declare the permissions boundary of all roles."""
    needed = Boundary.of(config)
    managed = tuple(stack.add(ExistingPolicy(_policy_name(arn), arn)) for arn in needed.managed_policies)
    return stack.add(PermissionsBoundary("permissions-boundary", config.roles.boundary or "", needed, managed))


def _policy_name(arn: str) -> str:
    """Return the name in the stack of a managed policy, which may have the same name as another one elsewhere."""
    return f"policy {arn.partition('::')[2]}"


def declare_function_access(
    config: Config, storage: Storage, boundary: PermissionsBoundary, stack: Stack
) -> dict[str, FunctionAccess]:
    """Declare log group, secrets and role of each function."""
    log_groups = {
        name: stack.add(LogGroup(f"{name}-log-group", function.log_days, name))
        for name, function in config.functions.items()
    }
    return {
        name: _declare_access(config, name, log_group, storage=storage, boundary=boundary, stack=stack)
        for name, log_group in log_groups.items()
    }


def _declare_access(
    config: Config, name: str, log_group: LogGroup, *, storage: Storage, boundary: PermissionsBoundary, stack: Stack
) -> FunctionAccess:
    function = config.functions[name]
    secrets = {key: stack.add(Secret.of(name, key, at)) for key, at in function.secrets.items()}
    document = FunctionPolicyDocument(
        name,
        log_group,
        storage.function_access_point,
        secrets=tuple(function.start_secrets.values()),
        traced=config.tracing,
        kms_key=function.kms_key or "",
    )
    at_deploy = secrets if function.secrets_at == "deploy" else {}
    if function.role:
        return FunctionAccess(log_group, stack.add(ExistingRole(f"{name}-role", name, function.role)), at_deploy)
    policy = stack.add(Policy(f"{name}-policy", document, boundary, after=tuple(secrets.values())))
    permissions = _declare_permissions(config, name, boundary, stack)
    role = Role(f"{name}-role", LAMBDA, policy, boundary, permissions=permissions, detach_others=config.detach_others)
    return FunctionAccess(log_group, stack.add(role), at_deploy)


def _declare_permissions(
    config: Config, name: str, boundary: PermissionsBoundary, stack: Stack
) -> tuple[Policy | ExistingPolicy, ...]:
    """Declare the policy with a function's permissions; return it with the function's managed policies."""
    function = config.functions[name]
    own = FunctionPermissions(tuple(function.own_permissions))
    policies = [stack.add(Policy(f"{name}-permissions", own, boundary))] if own.permissions else []
    managed = {policy.arn: policy for policy in boundary.managed_policies}
    return (*policies, *(managed[arn] for arn in function.managed_policies))


def declare_functions(
    config: Config,
    stack: Stack,
    *,
    network: Network,
    groups: SecurityGroups,
    storage: Storage,
    environments: Environments,
    interfaces: LambdaNetworkInterfaces,
    access: Mapping[str, FunctionAccess],
) -> dict[str, Alias]:
    """Declare each function with its version and its `live` alias; return the aliases by the function's name."""
    aliases = {}
    for name, settings in config.functions.items():
        code = code_of(config, name)
        function = stack.add(
            Function(
                name,
                access[name].role,
                access[name].log_group,
                network.private,
                security_group=groups.functions,
                mount_targets=storage.mount_targets,
                access_point=storage.function_access_point,
                libraries=config.environment,
                files=config.file_environment,
                bundle=code.bundle,
                handler=settings.handler,
                runtime=f"python{config.libraries.python}",
                architecture=config.libraries.architecture,
                settings=Function.settings_of(settings),
                traced=config.tracing,
                concurrency=settings.concurrency,
                deploy_time_secrets=access[name].deploy_time_secrets,
                variables=code.variables,
                groups=groups.existing,
                after=(interfaces,),
            )
        )
        aliases[name] = _declare_alias(function, environments, config, stack)
    return aliases


def _declare_alias(function: Function, environments: Environments, config: Config, stack: Stack) -> Alias:
    """Declare the version and the `live` alias of a function."""
    version = stack.add(Version(f"{function.name}-version", function, environments.libraries, environments.files))
    settings = config.functions[function.name]
    smoke = settings.smoke
    test = None
    if smoke:
        test = SmokeTest(smoke.payload, smoke.expect.status, tuple(smoke.expect.contains), argument=smoke.argument)
    return stack.add(
        Alias(
            f"{function.name}-live",
            function,
            version,
            start_check=settings.start_check,
            smoke_test=test,
            canary=settings.canary_step,
            keep=config.versions.keep,
        )
    )
