"""What would keep a stack from being made: looked at on demand, and before its first thing is. Changes nothing."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from awsprov.aws.client import Aws
from awsprov.aws.errors import explain
from awsprov.config.models import Config
from awsprov.doctor import account, machine, quotas, region, simulation
from awsprov.doctor.check_result import CheckResult
from awsprov.engine.stack import Stack
from awsprov.errors import AwsprovError, CredentialsError

__all__ = ["CHECKS", "Check", "CheckResult", "examine", "insist"]


@dataclass(frozen=True)
class Check:
    """One look.

    Arguments:
        name: what is looked at, in a word or two.
        look: does it; an error that it raises of its own is a failure, a call that AWS refuses leaves it undone.
        refuses: whether it may fail; those that only warn are left out before an `up`.
    """

    name: str
    look: Callable[[Aws, Config, Stack], CheckResult]
    refuses: bool = True


# The first two are done before the others: without credentials there is nothing to look at.
CHECKS = (
    Check("credentials", account.identity),
    Check("clock", account.clock, refuses=False),
    Check("region", account.region),
    Check("permissions", account.permissions),
    Check("rights", simulation.rights, refuses=False),
    Check("VPCs", quotas.vpcs),
    Check("internet gateways", quotas.internet_gateways),
    Check("elastic addresses", quotas.addresses),
    Check("NAT gateways", quotas.nat_gateways),
    Check("vCPUs", quotas.vcpus),
    Check("concurrency", quotas.concurrency, refuses=False),
    Check("instance type", region.instance_type),
    Check("zones", region.zones),
    Check("address range", region.address_range, refuses=False),
    Check("SSH", region.ssh),
    Check("Python", machine.python, refuses=False),
    Check("disk", machine.disk, refuses=False),
    Check("ssh client", machine.client, refuses=False),
)
_ALONE = 2  # of them


def run_checks(
    aws: Aws, config: Config, stack: Stack, *, only_refusing: bool = False
) -> list[tuple[Check, CheckResult]]:
    """Look at everything, side by side, and make nothing.

    Arguments:
        only_refusing: leave out what can only warn.
    """
    asked = [check for check in CHECKS if check.refuses or not only_refusing]
    first = [check for check in asked if check in CHECKS[:_ALONE]]
    found = [(check, _look(check, aws, config, stack)) for check in first]
    if any(finding.state == "fail" for _, finding in found):
        return found
    rest = asked[len(first) :]
    with ThreadPoolExecutor(len(rest)) as pool:
        return found + list(zip(rest, pool.map(lambda check: _look(check, aws, config, stack), rest), strict=True))


def _look(check: Check, aws: Aws, config: Config, stack: Stack) -> CheckResult:
    try:
        return check.look(aws, config, stack)
    except AwsprovError as error:
        return CheckResult("fail", f"{error.what} {error.why}".strip(), error.remedy, type(error))
    except Exception as error:
        told = explain(error)
        if told is None:
            raise
        denied = isinstance(told, CredentialsError)
        return CheckResult("warn" if denied else "skip", f"not looked at: {told.why or told.what}", told.remedy)


def raise_failures(findings: Iterable[tuple[Check, CheckResult]]) -> None:
    """Refuse to go on when something failed, all of it in one error.

    Raises:
        AwsprovError: of the kind of the first failure.
    """
    failed = [(check, finding) for check, finding in findings if finding.state == "fail"]
    if failed:
        raise failed[0][1].error(
            "This stack cannot be made as things are; nothing was made.",
            why="\n".join(f"{check.name}: {finding.message}" for check, finding in failed),
            remedy=" ".join(dict.fromkeys(finding.remedy for _, finding in failed if finding.remedy)),
        )
