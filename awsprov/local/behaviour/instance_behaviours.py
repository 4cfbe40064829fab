"""The behaviours of EC2 instances that are implemented in the backend of the local cloud."""

from awsprov.local.behaviour.backend_behaviour import BackendBehaviour
from awsprov.local.behaviour.fidelity_row import API, GUIDE, REPORTS, TERRAFORM

INSTANCE_BEHAVIOURS = (
    BackendBehaviour(
        subject="RunInstances with an unknown instance profile",
        aws='`InvalidParameterValue` "… Invalid IAM Instance Profile name"',
        moto="`NoSuchEntity`",
        source=TERRAFORM,
    ),
    BackendBehaviour(
        subject="RunInstances in a zone without the instance type",
        aws="`Unsupported`, with the zones that have it",
        moto="accepted",
        source=REPORTS,
    ),
    BackendBehaviour(
        subject="RunInstances with EbsOptimized for an instance type that cannot be EBS-optimized",
        aws='`Unsupported` "EBS-optimized instances are not supported for your requested configuration. …"',
        moto="accepted",
        source=f"{GUIDE}; {REPORTS}",
    ),
    BackendBehaviour(
        subject="RunInstances beyond the quota of volume storage (`volume-storage`, in GiB)",
        aws="accepted; the instance is terminated after `pending`, with the StateReason Client.VolumeLimitExceeded",
        moto="no limit",
        source=API,
    ),
    BackendBehaviour(
        subject="The network interface and root volume of a terminated instance",
        aws="deleted",
        moto="not deleted",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="An interface that existed before its instance was launched with it",
        aws="stays, `available` again, when the instance is terminated; routes to it are `blackhole` meanwhile",
        moto="stays `in-use`; routes stay `active`",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="SourceDestCheck of an instance",
        aws="that of its primary network interface, and changed with it",
        moto="always true",
        source=API,
    ),
    BackendBehaviour(
        subject="A NAT instance",
        aws="forwards packets of private subnets",
        moto="there are no machines",
        local="forwards nothing: its user data says so on the console, and functions use the network of this machine",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="The console of an instance",
        aws="the output of the last boot; cloud-init prints host keys at the first boot only",
        moto="a fixed text",
        source=f"{API}; cloud-init documentation of keys_to_console",
    ),
    BackendBehaviour(
        subject="GetConsoleOutput with Latest for an instance type that is not of the Nitro system",
        aws="`UnsupportedOperation`",
        moto="accepted",
        source=API,
    ),
    BackendBehaviour(
        subject="`dnf install` on an instance without a default route, with a route to an internet gateway and no "
        "public address, or whose security groups do not allow outbound TCP 443",
        aws="times out",
        moto="there are no machines",
        local="fails at once, as after the time-out",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="An instance that shuts itself down",
        aws="stopped (InstanceInitiatedShutdownBehavior)",
        moto="there are no machines",
        local="as AWS; the minutes of `shutdown` are scaled by the pace, unless it is 0",
        source=API,
    ),
    BackendBehaviour(
        subject="RunInstances with NetworkInterfaces",
        aws="the instance has the security groups of the interface",
        moto="no security groups",
        source=API,
    ),
    BackendBehaviour(
        subject="A tunnel through an EC2 Instance Connect endpoint",
        aws="a WebSocket at the endpoint's DNS name, for a signed URL of a caller with the permission OpenTunnel; the "
        "security groups of endpoint and instance must allow the connection",
        moto="no endpoints",
        local="as AWS, without TLS, and always from the address of the endpoint; FIPS names and IPv6 are missing",
        source=f"{GUIDE}; AWS CLI",
    ),
    BackendBehaviour(
        subject="Another user and namespaces on an instance (`sudo`, `setpriv`, `unshare`)",
        aws="a command can run as another user, without network, and all its processes end with it",
        moto="no instances",
        local="runs as the user of this machine; without network, and with its processes ending, where the machine "
        "lets users create namespaces (not on macOS)",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="A file system that is mounted on an instance",
        aws="with `ro` nothing can be written; `umount` fails while a process uses it",
        moto="no instances",
        local="a link to a directory: `ro` is accepted and ignored, `umount` never fails",
        source=GUIDE,
    ),
)
