"""How long things take on AWS, in seconds at pace 1, and the states that they pass through meanwhile."""

from dataclasses import dataclass

from awsprov.local.behaviour.fidelity_row import ESTIMATE, GUIDE, MODEL, REPORTS, TERRAFORM, FidelityRow


@dataclass(frozen=True)
class Duration(FidelityRow):
    """An asynchronous change: from the state that the call answers with, to the one it ends in.

    Arguments:
        typical: the seconds that it takes on AWS.
    """

    subject: str
    begins: str
    ends: str
    typical: float

    @property
    def what(self) -> str:
        return self.subject

    @property
    def told(self) -> str:
        return self.aws or f"`{self.begins}` → `{self.ends}` in about {_human(self.typical)}"

    @property
    def seconds(self) -> float:
        """The seconds that it takes here, before the pace."""
        return _CHANGED.get(self.subject, self.typical)


def set_durations(durations: dict[str, float]) -> None:
    """Have changes take other times, as long as the cloud runs.

    Raises:
        ValueError: there is no such change.
    """
    known = {each.subject for each in DURATIONS}
    if strangers := set(durations) - known:
        raise ValueError(f"There is no duration {strangers.pop()!r}; there are {', '.join(sorted(known))}.")
    _CHANGED.update(durations)


def _human(seconds: float) -> str:
    return f"{seconds / 60:g} min" if seconds >= 120 else f"{seconds:g} s"  # noqa: PLR2004 - two minutes


AT_ONCE = "there at once"
_CHANGED: dict[str, float] = {}  # by subject

VPC = Duration("VPC", "pending", "available", 1.5, moto=AT_ONCE, source=f"{REPORTS}; {ESTIMATE}")
SUBNET = Duration("Subnet", "pending", "available", 1.5, moto=AT_ONCE, source=REPORTS)
NAT_CREATE = Duration(
    "NAT gateway, created", "pending", "available", 100, moto=AT_ONCE, source=f"{REPORTS}; {TERRAFORM}"
)
NAT_FAIL = Duration(
    "NAT gateway in a VPC without internet gateway",
    "pending",
    "failed",
    30,
    moto="available all the same",
    source=f"{GUIDE}: FailureCode Gateway.NotAttached",
)
NAT_DELETE = Duration(
    "NAT gateway, deleted", "deleting", "deleted", 60, moto="its interface and address stay", source=ESTIMATE
)
NAT_FORGET = Duration(
    "NAT gateway, deleted or failed",
    "deleted",
    "forgotten",
    3600,
    aws="stays listed for about an hour",
    moto="listed for ever",
    ours="as AWS; listed for ever at pace 0",
)
INSTANCE_RUN = Duration("Instance, launched or started", "pending", "running", 12, moto=AT_ONCE, source=REPORTS)
INSTANCE_BOOT = Duration(
    "Instance, from running to SSH", "running", "SSH answers", 15, moto="no machine at all", source=REPORTS
)
INSTANCE_CONSOLE = Duration(
    "GetConsoleOutput",
    "empty",
    "host keys printed",
    30,
    aws="empty for tens of seconds after the boot, then with cloud-init's host key blocks",
    moto="a fixed text of 2006",
)
INSTANCE_STOP = Duration("Instance, stopped", "stopping", "stopped", 30, moto=AT_ONCE, source=ESTIMATE)
INSTANCE_TERMINATE = Duration("Instance, terminated", "shutting-down", "terminated", 40, moto=AT_ONCE, source=ESTIMATE)
INSTANCE_FORGET = Duration(
    "Instance, once it is terminated",
    "terminated",
    "forgotten",
    3600,
    aws="stays listed for about an hour",
    moto="listed for ever",
    ours="as AWS; listed for ever at pace 0",
)
FILE_SYSTEM_CREATE = Duration("EFS file system, created", "creating", "available", 8, moto=AT_ONCE, source=REPORTS)
FILE_SYSTEM_DELETE = Duration("EFS file system, deleted", "deleting", "gone", 8, moto=AT_ONCE, source=ESTIMATE)
MOUNT_TARGET_CREATE = Duration(
    "EFS mount target, created", "creating", "available", 85, moto=AT_ONCE, source=f"{REPORTS}; {TERRAFORM}"
)
MOUNT_TARGET_DELETE = Duration("EFS mount target, deleted", "deleting", "gone", 30, moto=AT_ONCE, source=ESTIMATE)
ACCESS_POINT_CREATE = Duration("EFS access point, created", "creating", "available", 3, moto=AT_ONCE, source=TERRAFORM)
ACCESS_POINT_DELETE = Duration("EFS access point, deleted", "deleting", "gone", 3, moto=AT_ONCE, source=ESTIMATE)
FUNCTION_CREATE = Duration(
    "Lambda function, created", "Pending", "Active", 3, moto=AT_ONCE, source=f"{TERRAFORM}; {MODEL}"
)
FUNCTION_CREATE_VPC = Duration(
    "Lambda function in a new subnet and group pair", "Pending", "Active", 60, moto=AT_ONCE, source=MODEL
)
FUNCTION_UPDATE = Duration(
    "Lambda function, updated", "InProgress", "Successful", 4, moto="no LastUpdateStatus", source=MODEL
)
FUNCTION_UPDATE_VPC = Duration(
    "Lambda function, VPC settings updated", "InProgress", "Successful", 60, moto="no LastUpdateStatus", source=MODEL
)
INTERFACE_DETACH = Duration(
    "Lambda network interface, last user gone",
    "in-use",
    "available",
    240,
    aws="one per subnet and group set, shared; about 4 min after its last user it turns `available`, type `interface`",
    moto="Lambda has no interfaces",
    source=f"{GUIDE}; {REPORTS}",
)
INTERFACE_REAP = Duration(
    "Lambda network interface, not deleted by its owner",
    "available",
    "gone",
    12 * 60,
    aws="Lambda deletes it 12 min or more later, and only while the function's role exists",
    moto="Lambda has no interfaces",
    source=f"{GUIDE}; {TERRAFORM}; {REPORTS}",
)
ROLE = Duration(
    "IAM role or its trust policy, seen by Lambda",
    "created",
    "assumable",
    10,
    aws='5 to 15 s: InvalidParameterValueException "The role defined for the function cannot be assumed by Lambda."',
    moto="assumable at once, by any service",
    source=f"{TERRAFORM}; {REPORTS}",
)
ROLE_POLICY = Duration(
    "IAM policy of a role, seen by Lambda",
    "attached",
    "effective",
    10,
    aws='InvalidParameterValueException "… does not have permissions to call CreateNetworkInterface on EC2"',
    moto="permissions are not looked at",
    source=TERRAFORM,
)
PROFILE = Duration(
    "IAM instance profile, seen by EC2",
    "created",
    "usable",
    10,
    aws='for 5 to 15 s: InvalidParameterValue "Invalid IAM Instance Profile name"',
    moto="usable at once",
    source=TERRAFORM,
)

DURATIONS = tuple(each for each in list(globals().values()) if isinstance(each, Duration))
