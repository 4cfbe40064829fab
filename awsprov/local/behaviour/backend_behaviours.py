"""Behaviours that are a few lines of a backend each, written down for people: `docs/fidelity.md` lists them too."""

from awsprov.local.behaviour.fidelity_row import API, ESTIMATE, GUIDE, MODEL, REPORTS, TERRAFORM, BackendBehaviour

BACKEND_BEHAVIOURS = (
    BackendBehaviour(subject="Lambda FileSystemConfigs", aws="kept, returned, mounted", moto="dropped", source=MODEL),
    BackendBehaviour(subject="Lambda LoggingConfig", aws="kept and returned", moto="dropped", source=MODEL),
    BackendBehaviour(
        subject="Lambda VpcConfig.VpcId", aws="the VPC of the subnets", moto="always `vpc-123abc`", source=MODEL
    ),
    BackendBehaviour(
        subject="Lambda RevisionId",
        aws="changes with each update; another one is refused with `PreconditionFailedException`",
        moto="dropped",
        source=MODEL,
    ),
    BackendBehaviour(
        subject="PublishVersion of an unchanged function",
        aws="the version there is; a number is never used twice",
        moto="numbers are used again",
        source=MODEL,
    ),
    BackendBehaviour(
        subject="Lambda subnets and groups that do not exist",
        aws="`InvalidParameterValueException` with EC2's own code in it",
        moto="accepted",
        source=TERRAFORM,
    ),
    BackendBehaviour(
        subject="CreateFunction before the mount targets of all its zones are available",
        aws='`InvalidParameterValueException` "… not all are in the available life cycle state yet"',
        moto="accepted",
        source=f"{TERRAFORM}; {REPORTS}",
    ),
    BackendBehaviour(
        subject="A function on an access point that does not exist",
        aws="`InvalidParameterValueException`",
        moto="accepted",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="A function whose subnets or groups do not reach a mount target on TCP 2049",
        aws="`EFSMountConnectivityException` at the invocation that needs a new environment",
        moto="invoked all the same",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="A role without ec2:CreateNetworkInterface for a function in a VPC",
        aws='`InvalidParameterValueException` "… does not have permissions to call CreateNetworkInterface on EC2"',
        moto="accepted",
        source=TERRAFORM,
    ),
    BackendBehaviour(
        subject="EFS CreationToken used before",
        aws="`FileSystemAlreadyExists` with the FileSystemId; free again once the file system is gone",
        moto="without the id; taken for ever",
        source=MODEL,
    ),
    BackendBehaviour(
        subject="EFS access point ClientToken used before",
        aws="`AccessPointAlreadyExists` with the AccessPointId",
        moto="a second access point",
        source=MODEL,
    ),
    BackendBehaviour(
        subject="EFS ids", aws="17 hexadecimal digits", moto="8 for access points, which Lambda refuses", source=MODEL
    ),
    BackendBehaviour(subject="EFS SizeInBytes", aws="metered", moto="always 0", source=API),
    BackendBehaviour(
        subject="CreateAccessPoint on an unknown file system", aws="`FileSystemNotFound`", moto="accepted", source=MODEL
    ),
    BackendBehaviour(
        subject="DeleteFileSystem with mount targets", aws="`FileSystemInUse`", moto="as AWS", source=MODEL
    ),
    BackendBehaviour(
        subject="EC2 DryRun", aws="`DryRunOperation` (412), and nothing is done", moto="on some operations", source=API
    ),
    BackendBehaviour(
        subject="DeleteNatGateway of an unknown id", aws="`NatGatewayNotFound`", moto="crashes", source=API
    ),
    BackendBehaviour(
        subject="DescribeNatGateways of an unknown id", aws="`NatGatewayNotFound`", moto="an empty list", source=API
    ),
    BackendBehaviour(
        subject="A route to a NAT gateway or internet gateway that went",
        aws="stays, in state `blackhole`",
        moto="stays `active`",
        source=GUIDE,
    ),
    BackendBehaviour(subject="DescribeNatGateways filtered by tag", aws="filtered", moto="not filtered", source=API),
    BackendBehaviour(
        subject="RunInstances with an unknown instance profile",
        aws='`InvalidParameterValue` "… Invalid IAM Instance Profile name"',
        moto="`NoSuchEntity`",
        source=TERRAFORM,
    ),
    BackendBehaviour(
        subject="RunInstances in a zone that does not have the type",
        aws="`Unsupported`, with the zones that do",
        moto="accepted",
        source=REPORTS,
    ),
    BackendBehaviour(
        subject="An instance's own interface and root volume when it is terminated",
        aws="deleted",
        moto="both stay",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="RunInstances with NetworkInterfaces",
        aws="the instance has the interface's groups",
        moto="no groups",
        source=API,
    ),
    BackendBehaviour(
        subject="GetServiceQuota of VPCs, gateways and addresses",
        aws="the quota",
        moto="not for addresses",
        source=API,
    ),
    BackendBehaviour(
        subject="Reserved concurrency that leaves functions without a reservation fewer than 100",
        aws="`InvalidParameterValueException`; GetAccountSettings tells what is left",
        moto="accepted; no GetAccountSettings",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="An operation that moto lacks",
        aws="works",
        moto="an HTML page, 404 or 500, which SDKs repeat",
        ours="`NotImplemented` (501), at once",
        source=ESTIMATE,
    ),
)
