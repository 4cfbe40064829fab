"""The behaviours of Lambda that are implemented in the backend of the local cloud."""

from awsprov.local.behaviour.backend_behaviour import BackendBehaviour
from awsprov.local.behaviour.fidelity_row import GUIDE, MODEL, REPORTS, TERRAFORM

FUNCTION_BEHAVIOURS = (
    BackendBehaviour(
        subject="Lambda FileSystemConfigs",
        aws="stored, returned and mounted",
        moto="ignored",
        source=MODEL,
    ),
    BackendBehaviour(
        subject="A function in subnets without a route to the internet",
        aws="names are looked up; only the VPC and services with an endpoint answer",
        moto="functions have no network",
        local="everything can be reached; `awsprov egress` runs the function, on Linux, where no other host answers",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="Lambda LoggingConfig",
        aws="stored and returned",
        moto="ignored",
        source=MODEL,
    ),
    BackendBehaviour(
        subject="Lambda VpcConfig.VpcId",
        aws="the VPC of the subnets",
        moto="always `vpc-123abc`",
        source=MODEL,
    ),
    BackendBehaviour(
        subject="Lambda RevisionId",
        aws="changes with each update; a call with another one fails with `PreconditionFailedException`",
        moto="ignored",
        source=MODEL,
    ),
    BackendBehaviour(
        subject="PublishVersion of an unchanged function",
        aws="returns the existing version; version numbers are never reused",
        moto="reuses version numbers",
        source=MODEL,
    ),
    BackendBehaviour(
        subject="Lambda subnets and security groups that do not exist",
        aws="`InvalidParameterValueException` with the error code of EC2 in the message",
        moto="accepted",
        source=TERRAFORM,
    ),
    BackendBehaviour(
        subject="Lambda subnets or security groups of several VPCs",
        aws="`InvalidParameterValueException`",
        moto="accepted",
        source=REPORTS,
    ),
    BackendBehaviour(
        subject="CreateFunction before the mount targets of all its zones are available",
        aws='`InvalidParameterValueException` "… not all are in the available life cycle state yet"',
        moto="accepted",
        source=f"{TERRAFORM}; {REPORTS}",
    ),
    BackendBehaviour(
        subject="A function with an access point that does not exist",
        aws="`InvalidParameterValueException`",
        moto="accepted",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="A function whose subnets or security groups do not allow TCP 2049 to a mount target",
        aws="`EFSMountConnectivityException` on an invocation in a new execution environment",
        moto="invokes the function",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="A function in a VPC whose role may not ec2:CreateNetworkInterface, by its policies or its boundary",
        aws='`InvalidParameterValueException` "… does not have permissions to call CreateNetworkInterface on EC2"',
        moto="accepted",
        source=TERRAFORM,
    ),
    BackendBehaviour(
        subject="Reserved concurrency that leaves fewer than 100 unreserved",
        aws="`InvalidParameterValueException`; GetAccountSettings returns the unreserved concurrency",
        moto="accepted; no GetAccountSettings",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="An alias of a function whose weights were removed",
        aws="has no `RoutingConfig`",
        moto="an empty one, which `terraform plan` removes",
        source=TERRAFORM,
    ),
    BackendBehaviour(
        subject="A function that connects to a host of AWS itself, not to the local endpoint",
        aws="connects",
        moto="no functions that run as here",
        local="refused, with the library's setting for the endpoint; compiled code that opens connections by itself is "
        "not seen",
        source=GUIDE,
    ),
)
