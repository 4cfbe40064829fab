"""The durations of asynchronous operations on AWS, and the states of the resources meanwhile.

Durations are in seconds, at pace 1.
"""

from dataclasses import dataclass, field

from awsprov.local.behaviour.fidelity_row import ESTIMATE, GUIDE, MODEL, REPORTS, TERRAFORM, FidelityRow


@dataclass(frozen=True)
class Duration(FidelityRow):
    """An asynchronous transition of a resource.

    Arguments:
        subject: the transition. It is also the key of `POST /_awsprov/durations`.
        begins: the state in the response of the call.
        ends: the last state.
        typical: the seconds that the transition takes on AWS.
    """

    subject: str
    begins: str
    ends: str
    typical: float
    moto: str = field(default="at once", kw_only=True)

    @property
    def title(self) -> str:
        return self.subject

    @property
    def on_aws(self) -> str:
        return self.aws or f"`{self.begins}` → `{self.ends}` in about {_human(self.typical)}"

    @property
    def seconds(self) -> float:
        """The seconds that the transition takes here, before the pace."""
        return _CHANGED.get(self.subject, self.typical)


def set_durations(durations: dict[str, float]) -> None:
    """Change durations until the local cloud stops.

    Arguments:
        durations: seconds by subject.

    Raises:
        ValueError: there is no transition with such a subject.
    """
    known = {each.subject for each in DURATIONS}
    if unknown := sorted(set(durations) - known):
        raise ValueError(f"Unknown duration {unknown[0]!r}. Use one of: {', '.join(sorted(known))}.")
    _CHANGED.update(durations)


def _human(seconds: float) -> str:
    return f"{seconds / 60:g} min" if seconds >= 120 else f"{seconds:g} s"  # noqa: PLR2004 - two minutes


_CHANGED: dict[str, float] = {}  # by subject

VPC = Duration("VPC", "pending", "available", 1.5, source=f"{REPORTS}; {ESTIMATE}")
SUBNET = Duration("Subnet", "pending", "available", 1.5, source=REPORTS)
NAT_CREATE = Duration("NAT gateway, created", "pending", "available", 100, source=f"{REPORTS}; {TERRAFORM}")
NAT_FAIL = Duration(
    "NAT gateway in a VPC without internet gateway",
    "pending",
    "failed",
    30,
    moto="becomes available",
    source=f"{GUIDE}: FailureCode Gateway.NotAttached",
)
NAT_DELETE = Duration(
    "NAT gateway, deleted", "deleting", "deleted", 60, moto="keeps its interface and address", source=ESTIMATE
)
NAT_FORGET = Duration(
    "NAT gateway, removed from lists",
    "deleted",
    "not listed",
    3600,
    aws="stays listed for about an hour",
    moto="stays listed",
    local="as AWS; stays listed at pace 0",
)
ENDPOINT_DELETE = Duration(
    "Gateway endpoint, deleted", "deleting", "not listed", 5, moto="`deleted`, and stays listed", source=ESTIMATE
)
CONNECT_ENDPOINT_CREATE = Duration(
    "EC2 Instance Connect endpoint, created",
    "create-in-progress",
    "create-complete",
    180,
    moto="has none",
    source=f"{MODEL}; the duration: {ESTIMATE}",
)
CONNECT_ENDPOINT_DELETE = Duration(
    "EC2 Instance Connect endpoint, deleted",
    "delete-in-progress",
    "not listed",
    120,
    moto="has none",
    source=f"{MODEL}; the duration: {ESTIMATE}",
)
INSTANCE_RUN = Duration("Instance, launched or started", "pending", "running", 12, source=REPORTS)
INSTANCE_BOOT = Duration(
    "Instance, SSH server started", "running", "SSH answers", 15, moto="there is no machine", source=REPORTS
)
INSTANCE_CONSOLE = Duration(
    "GetConsoleOutput",
    "empty",
    "host keys printed",
    30,
    aws="empty for tens of seconds after the boot, then with the host keys from cloud-init",
    moto="returns a fixed text",
)
INSTANCE_STOP = Duration("Instance, stopped", "stopping", "stopped", 30, source=ESTIMATE)
INSTANCE_TERMINATE = Duration("Instance, terminated", "shutting-down", "terminated", 40, source=ESTIMATE)
INSTANCE_FORGET = Duration(
    "Instance, removed from lists",
    "terminated",
    "not listed",
    3600,
    aws="stays listed for about an hour",
    moto="stays listed",
    local="as AWS; stays listed at pace 0",
)
FILE_SYSTEM_CREATE = Duration("EFS file system, created", "creating", "available", 8, source=REPORTS)
FILE_SYSTEM_DELETE = Duration("EFS file system, deleted", "deleting", "deleted", 8, source=ESTIMATE)
MOUNT_TARGET_CREATE = Duration(
    "EFS mount target, created", "creating", "available", 85, source=f"{REPORTS}; {TERRAFORM}"
)
MOUNT_TARGET_DELETE = Duration("EFS mount target, deleted", "deleting", "deleted", 30, source=ESTIMATE)
ACCESS_POINT_CREATE = Duration("EFS access point, created", "creating", "available", 3, source=TERRAFORM)
ACCESS_POINT_DELETE = Duration("EFS access point, deleted", "deleting", "deleted", 3, source=ESTIMATE)
FUNCTION_CREATE = Duration("Lambda function, created", "Pending", "Active", 3, source=f"{TERRAFORM}; {MODEL}")
FUNCTION_CREATE_VPC = Duration(
    "Lambda function, created with new subnets and security groups", "Pending", "Active", 60, source=MODEL
)
FUNCTION_UPDATE = Duration(
    "Lambda function, updated", "InProgress", "Successful", 4, moto="no LastUpdateStatus", source=MODEL
)
FUNCTION_UPDATE_VPC = Duration(
    "Lambda function, VPC settings updated", "InProgress", "Successful", 60, moto="no LastUpdateStatus", source=MODEL
)
INTERFACE_DETACH = Duration(
    "Lambda network interface, last function deleted",
    "in-use",
    "available",
    240,
    aws="shared by functions with the same subnet and groups; becomes `available`, with the type `interface`, about "
    "4 min after its last function is deleted",
    moto="Lambda has no interfaces",
    source=f"{GUIDE}; {REPORTS}",
)
INTERFACE_REAP = Duration(
    "Lambda network interface, deleted by Lambda",
    "available",
    "deleted",
    12 * 60,
    aws="Lambda deletes it after 12 min or more, and only if the role of the function still exists",
    moto="Lambda has no interfaces",
    source=f"{GUIDE}; {TERRAFORM}; {REPORTS}",
)
ROLE = Duration(
    "IAM role or trust policy, visible to Lambda",
    "created",
    "assumable",
    10,
    aws='5 to 15 s: InvalidParameterValueException "The role defined for the function cannot be assumed by Lambda."',
    moto="assumable at once, by all services",
    source=f"{TERRAFORM}; {REPORTS}",
)
ROLE_POLICY = Duration(
    "IAM policy of a role, visible to Lambda",
    "attached",
    "effective",
    10,
    aws='InvalidParameterValueException "The provided execution role does not have permissions to call '
    'CreateNetworkInterface on EC2"; "… PutTraceSegments on XRAY" for active tracing; "… the KMS key is invalid for '
    'CreateGrant" for a key',
    moto="permissions are not checked",
    source=f"{TERRAFORM}; {REPORTS}",
)
PROFILE = Duration(
    "IAM instance profile, visible to EC2",
    "created",
    "usable",
    10,
    aws='for 5 to 15 s: InvalidParameterValue "Invalid IAM Instance Profile name"',
    moto="usable at once",
    source=TERRAFORM,
)
EFS_POLICY = Duration(
    "Policy of an EFS file system or of a role, effective for mounts",
    "changed",
    "effective",
    120,
    aws='some minutes; a role that is newly allowed gets "access denied by server" from mount, and '
    "EFSMountFailureException from Lambda",
    moto="there are no mounts",
    source=f"{GUIDE} (EFS, creating file system policies); {REPORTS}",
)
API_CHANGE = Duration(
    "API of API Gateway, changed",
    "changing",
    "changed",
    0.3,
    aws='ConflictException (409) "… due to concurrent modification" for other changes of the same API at that time',
    moto="accepted at the same time",
    local="as AWS; at pace 0 a change lasts as long as its request",
    source=f"{TERRAFORM} issues 776 and 18018; the duration: {ESTIMATE}",
)

DURATIONS = tuple(each for each in list(globals().values()) if isinstance(each, Duration))
