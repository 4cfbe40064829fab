"""Checks of `awsprov doctor`: can this stack be created? They also run before the first `up`. They change nothing."""

from collections.abc import Iterable
from dataclasses import replace

from awsprov.aws.client import Aws
from awsprov.config.models import Config
from awsprov.doctor import (
    account,
    existing_file_system,
    existing_network,
    existing_resources,
    machine,
    quotas,
    region,
    shared,
    simulation,
)
from awsprov.engine.stack import Stack
from awsprov.operations.checks import Check, CheckResult, run_check, run_in_parallel
from awsprov.resources.identity.existing import ExistingRole


def _in_existing_network(aws: Aws, config: Config, stack: Stack) -> bool:
    return bool(config.network.subnets)


def _in_own_network(aws: Aws, config: Config, stack: Stack) -> bool:
    return not config.network.subnets


def _with_existing_file_system(aws: Aws, config: Config, stack: Stack) -> bool:
    return bool(config.file_system)


def _with_endpoints(aws: Aws, config: Config, stack: Stack) -> bool:
    return bool(config.network.endpoints)


def _with_existing_roles(aws: Aws, config: Config, stack: Stack) -> bool:
    return bool(stack.of(ExistingRole))


def _with_existing_resources(aws: Aws, config: Config, stack: Stack) -> bool:
    return bool(existing_resources.named(stack))


def _shared(aws: Aws, config: Config, stack: Stack) -> bool:
    return bool(config.shared)


# These two run before the others: without valid credentials no other check means anything.
FIRST_CHECKS = (
    Check("credentials", account.identity),
    Check("clock", account.clock, can_fail=False),
)
CHECKS = (
    *FIRST_CHECKS,
    Check("region", account.region),
    Check("EC2 dry runs", account.dry_runs),
    Check("IAM permissions", simulation.iam_permissions, can_fail=False),
    Check("existing resources", existing_resources.existing_resources, applies=_with_existing_resources),
    Check("existing roles", simulation.existing_roles, can_fail=False, applies=_with_existing_roles),
    Check("shared lock", shared.shared_lock, applies=_shared),
    Check("VPCs", quotas.vpcs),
    Check("internet gateways", quotas.internet_gateways),
    Check("elastic IPs", quotas.elastic_ips),
    Check("NAT gateways", quotas.nat_gateways),
    Check("gateway endpoints", quotas.gateway_endpoints, applies=_with_endpoints),
    Check("vCPUs", quotas.vcpus),
    Check("API timeout", quotas.integration_timeout),
    Check("concurrency", quotas.concurrency, can_fail=False),
    Check("function memory", quotas.memory, can_fail=False),
    Check("file systems", region.mounts, can_fail=False),
    Check("instance type", region.instance_type),
    Check("zones", region.zones, applies=_in_own_network),
    Check("VPC range", region.vpc_range, can_fail=False, applies=_in_own_network),
    Check("SSH access", region.ssh_access),
    *(Check(name, check, applies=_in_existing_network) for name, check in existing_network.CHECKS.items()),
    *(Check(name, check, applies=_with_existing_file_system) for name, check in existing_file_system.CHECKS.items()),
    Check("Python", machine.python, can_fail=False),
    Check("disk space", machine.disk_space, can_fail=False),
    Check("ssh client", machine.ssh_client, can_fail=False),
)


def run_checks(aws: Aws, config: Config, stack: Stack, *, only_failing: bool = False) -> list[CheckResult]:
    """Run the checks that apply, and return their results; if the credentials are not valid, only those of the first.

    Arguments:
        only_failing: leave out the checks that can only warn.
    """
    checks = [each for each in CHECKS if (each.can_fail or not only_failing) and each.applies(aws, config, stack)]
    first = [run_check(check, aws, config, stack) for check in checks if check in FIRST_CHECKS]
    if any(result.status == "failed" for result in first):
        credentials, *others = first
        return [
            credentials,
            *(replace(each, remedy="") if each.remedy == credentials.remedy else each for each in others),
        ]
    return first + run_in_parallel([check for check in checks if check not in FIRST_CHECKS], aws, config, stack)


def check_existing(aws: Aws, config: Config, stack: Stack) -> None:
    """Check an existing network and file system, before the first plan of a stack in it is shown.

    Raises:
        AwsprovError: the stack cannot use it.
    """
    named = {**existing_network.CHECKS, **existing_file_system.CHECKS}
    checks = [check for check in CHECKS if check.name in named and check.applies(aws, config, stack)]
    raise_failures(run_in_parallel(checks, aws, config, stack))


def raise_failures(results: Iterable[CheckResult]) -> None:
    """Raise one error for all checks that failed.

    Raises:
        AwsprovError: a check failed; the class is that of the first failure.
    """
    failed = [result for result in results if result.status == "failed"]
    if failed:
        raise failed[0].error(
            "This stack cannot be created. Nothing was created.",
            why="\n".join(f"{result.name}: {result.message}" for result in failed),
            remedy=" ".join(dict.fromkeys(result.remedy for result in failed if result.remedy)),
        )
