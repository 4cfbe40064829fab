"""Behaviours that are a few lines of a backend each, written down for people: `docs/fidelity.md` lists them too."""

from awsprov.local.behaviour.rows import API, ESTIMATE, GUIDE, MODEL, REPORTS, TERRAFORM, Kept

KEPT = (
    Kept(subject="Lambda FileSystemConfigs", aws="kept, returned, mounted", moto="dropped", source=MODEL),
    Kept(subject="Lambda LoggingConfig", aws="kept and returned", moto="dropped", source=MODEL),
    Kept(subject="Lambda VpcConfig.VpcId", aws="the VPC of the subnets", moto="always `vpc-123abc`", source=MODEL),
    Kept(
        subject="Lambda RevisionId",
        aws="changes with each update; another one is refused with `PreconditionFailedException`",
        moto="dropped",
        source=MODEL,
    ),
    Kept(
        subject="PublishVersion of an unchanged function",
        aws="the version there is; a number is never used twice",
        moto="numbers are used again",
        source=MODEL,
    ),
    Kept(
        subject="Lambda subnets and groups that do not exist",
        aws="`InvalidParameterValueException` with EC2's own code in it",
        moto="accepted",
        source=TERRAFORM,
    ),
    Kept(
        subject="CreateFunction before the mount targets of all its zones are available",
        aws='`InvalidParameterValueException` "… not all are in the available life cycle state yet"',
        moto="accepted",
        source=f"{TERRAFORM}; {REPORTS}",
    ),
    Kept(
        subject="A function on an access point that does not exist",
        aws="`InvalidParameterValueException`",
        moto="accepted",
        source=GUIDE,
    ),
    Kept(
        subject="A function whose subnets or groups do not reach a mount target on TCP 2049",
        aws="`EFSMountConnectivityException` at the invocation that needs a new environment",
        moto="invoked all the same",
        source=GUIDE,
    ),
    Kept(
        subject="A role without ec2:CreateNetworkInterface for a function in a VPC",
        aws='`InvalidParameterValueException` "… does not have permissions to call CreateNetworkInterface on EC2"',
        moto="accepted",
        source=TERRAFORM,
    ),
    Kept(
        subject="EFS CreationToken used before",
        aws="`FileSystemAlreadyExists` with the FileSystemId; free again once the file system is gone",
        moto="without the id; taken for ever",
        source=MODEL,
    ),
    Kept(
        subject="EFS access point ClientToken used before",
        aws="`AccessPointAlreadyExists` with the AccessPointId",
        moto="a second access point",
        source=MODEL,
    ),
    Kept(
        subject="EFS ids", aws="17 hexadecimal digits", moto="8 for access points, which Lambda refuses", source=MODEL
    ),
    Kept(subject="EFS SizeInBytes", aws="metered", moto="always 0", source=API),
    Kept(
        subject="CreateAccessPoint on an unknown file system", aws="`FileSystemNotFound`", moto="accepted", source=MODEL
    ),
    Kept(subject="DeleteFileSystem with mount targets", aws="`FileSystemInUse`", moto="as AWS", source=MODEL),
    Kept(
        subject="EC2 DryRun", aws="`DryRunOperation` (412), and nothing is done", moto="on some operations", source=API
    ),
    Kept(subject="DeleteNatGateway of an unknown id", aws="`NatGatewayNotFound`", moto="crashes", source=API),
    Kept(subject="DescribeNatGateways of an unknown id", aws="`NatGatewayNotFound`", moto="an empty list", source=API),
    Kept(
        subject="A route to a NAT gateway or internet gateway that went",
        aws="stays, in state `blackhole`",
        moto="stays `active`",
        source=GUIDE,
    ),
    Kept(subject="DescribeNatGateways filtered by tag", aws="filtered", moto="not filtered", source=API),
    Kept(
        subject="RunInstances with an unknown instance profile",
        aws='`InvalidParameterValue` "… Invalid IAM Instance Profile name"',
        moto="`NoSuchEntity`",
        source=TERRAFORM,
    ),
    Kept(
        subject="RunInstances in a zone that does not have the type",
        aws="`Unsupported`, with the zones that do",
        moto="accepted",
        source=REPORTS,
    ),
    Kept(
        subject="An instance's own interface and root volume when it is terminated",
        aws="deleted",
        moto="both stay",
        source=GUIDE,
    ),
    Kept(
        subject="RunInstances with NetworkInterfaces",
        aws="the instance has the interface's groups",
        moto="no groups",
        source=API,
    ),
    Kept(
        subject="GetServiceQuota of VPCs, gateways and addresses",
        aws="the quota",
        moto="not for addresses",
        source=API,
    ),
    Kept(
        subject="Reserved concurrency that leaves functions without a reservation fewer than 100",
        aws="`InvalidParameterValueException`; GetAccountSettings tells what is left",
        moto="accepted; no GetAccountSettings",
        source=GUIDE,
    ),
    Kept(
        subject="An operation that moto lacks",
        aws="works",
        moto="an HTML page, 404 or 500, which SDKs repeat",
        ours="`NotImplemented` (501), at once",
        source=ESTIMATE,
    ),
)
