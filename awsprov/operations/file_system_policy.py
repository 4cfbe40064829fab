"""The policy of an existing file system: whether it denies the stack's roles to mount it. It is never changed."""

from collections.abc import Iterator

from awsprov.aws.client import Aws
from awsprov.engine.stack import Stack
from awsprov.iam.denials import AccessRequest, denials
from awsprov.resources.compute.builder import Builder
from awsprov.resources.function.function import Function
from awsprov.resources.storage.existing import BUILDER_ACCESS_POINT, ExistingFileSystem
from awsprov.resources.storage.file_system import AccessPoint
from awsprov.resources.storage.file_system_policy import file_system_policy

OWNER_OF_POLICY = "Have the owner of the file system allow the roles of this stack in its policy."
_NEW = "fsap-00000000000000000"  # stands for an access point that does not exist yet


def mount_denials(system: ExistingFileSystem, stack: Stack, aws: Aws) -> tuple[list[str], list[str]]:
    """Return what the policy of an existing file system denies the roles of the stack, and what it may deny them.

    The roles' own policies allow them to mount it. In one account this is enough, unless a statement of the file
    system's policy denies it (EFS user guide, using IAM to control access).
    """
    document = file_system_policy(aws, system.file_system)
    certain: list[str] = []
    possible: list[str] = []
    for what, request in _mounts(system, stack, aws):
        denied, perhaps = denials(document, request)
        certain += [f"{what}, by {', '.join(denied)}"] if denied else []
        possible += [f"{what}, by {', '.join(perhaps)}"] if perhaps else []
    return certain, possible


def _mounts(system: ExistingFileSystem, stack: Stack, aws: Aws) -> Iterator[tuple[str, AccessRequest]]:
    """Yield what the stack's roles do with the file system: what it is, in words, and the request."""
    points = {point.name: point.id or _NEW for point in stack.of(AccessPoint)}
    builder, functions = points.pop(BUILDER_ACCESS_POINT), next(iter(points.values()))
    for each in stack.of(Builder):
        role = each.profile.role.arn(aws)
        yield "builder: mount", _request(system, aws, role, "ClientMount", builder)
        yield "builder: write", _request(system, aws, role, "ClientWrite", builder)
    for function in stack.of(Function):
        yield f"{function.name}: mount", _request(system, aws, function.role.arn(aws), "ClientMount", functions)


def _request(system: ExistingFileSystem, aws: Aws, role: str, action: str, point: str) -> AccessRequest:
    context = {
        "aws:securetransport": "true",
        "aws:principalarn": role,
        "aws:principalaccount": aws.account,
        "elasticfilesystem:accessedviamounttarget": "true",
        "elasticfilesystem:accesspointarn": aws.arn("elasticfilesystem", f"access-point/{point}"),
    }
    arn = aws.arn("elasticfilesystem", f"file-system/{system.file_system}")
    return AccessRequest(role, f"elasticfilesystem:{action}", arn, context)
