"""The check of existing resources: secrets, roles, policies, a key pair, an address. It only reads."""

from awsprov.aws.client import Aws
from awsprov.config.models import Config
from awsprov.engine.existing import Existing
from awsprov.engine.results import joined
from awsprov.engine.stack import Stack
from awsprov.errors import UsageError
from awsprov.operations.checks import CheckResult
from awsprov.resources.identity.boundary import PermissionsBoundary
from awsprov.resources.network.existing import ExistingSubnet, ExistingVpc
from awsprov.resources.network.security_groups import ExistingSecurityGroup
from awsprov.resources.storage.existing import ExistingFileSystem, ExistingMountTarget

_CHECKED_BY_THEIR_OWN = (ExistingVpc, ExistingSubnet, ExistingSecurityGroup, ExistingFileSystem, ExistingMountTarget)


def named(stack: Stack) -> list[Existing]:
    """Return what config.yaml names that already exists, and that has no check of its own."""
    others = [r for r in stack.of(Existing) if not isinstance(r, _CHECKED_BY_THEIR_OWN)]
    return [r for r in others if not isinstance(r, PermissionsBoundary) or r.configured]


def existing_resources(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Check that everything exists that config.yaml names, and that it can be used."""
    found = {r: r.find(aws) for r in named(stack)}
    missing = [r.missing_error(aws) for r, id_ in found.items() if not id_]
    if missing:
        raise joined(UsageError, missing, " ")
    return CheckResult("ok", ", ".join(dict.fromkeys(found.values())))
