"""The behaviours of AWS that are implemented in the backends, and not in a table of rules.

They are listed here for `docs/fidelity.md` only.
"""

from awsprov.local.behaviour.backend_behaviour import BackendBehaviour
from awsprov.local.behaviour.fidelity_row import API, ESTIMATE, GUIDE, MODEL, REPORTS, TERRAFORM
from awsprov.local.behaviour.instance_behaviours import INSTANCE_BEHAVIOURS

BACKEND_BEHAVIOURS = (
    *INSTANCE_BEHAVIOURS,
    BackendBehaviour(
        subject="The association of a deleted subnet with a network ACL",
        aws="deleted",
        moto="stays, so that DeleteNetworkAcl fails with `DependencyViolation`",
        source=API,
    ),
    BackendBehaviour(
        subject="IcmpTypeCode of a rule of a network ACL",
        aws="stored and returned",
        moto="ignored",
        source=MODEL,
    ),
    BackendBehaviour(
        subject="A rule of a network ACL for ICMP without IcmpTypeCode, for TCP or UDP without PortRange",
        aws="`MissingParameter`",
        moto="accepted",
        source=f"{MODEL}; the code is an estimate",
    ),
    BackendBehaviour(
        subject="TagResource and UntagResource of a REST API, an API key, a usage plan, or the stage of an HTTP API",
        aws="change its tags",
        moto="fail, or change nothing",
        source=API,
    ),
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
        subject="A role without ec2:CreateNetworkInterface for a function in a VPC",
        aws='`InvalidParameterValueException` "… does not have permissions to call CreateNetworkInterface on EC2"',
        moto="accepted",
        source=TERRAFORM,
    ),
    BackendBehaviour(
        subject="A CreationToken of an existing EFS file system",
        aws="`FileSystemAlreadyExists` with the FileSystemId; can be reused after the file system is deleted",
        moto="error without the id; can never be reused",
        source=MODEL,
    ),
    BackendBehaviour(
        subject="A ClientToken of an existing EFS access point",
        aws="`AccessPointAlreadyExists` with the AccessPointId",
        moto="a second access point",
        source=MODEL,
    ),
    BackendBehaviour(
        subject="EFS ids",
        aws="17 hexadecimal digits",
        moto="8 digits for access points, which Lambda rejects",
        source=MODEL,
    ),
    BackendBehaviour(
        subject="EFS SizeInBytes",
        aws="metered",
        moto="always 0",
        source=API,
    ),
    BackendBehaviour(
        subject="CreateAccessPoint for a file system that does not exist",
        aws="`FileSystemNotFound`",
        moto="accepted",
        source=MODEL,
    ),
    BackendBehaviour(
        subject="The policy of an EFS file system",
        aws="stored with `Id`, and in each statement `Sid` and the file system as `Resource`, where they are missing; "
        "a list of one element is returned as the element",
        moto="stored as it is",
        source=f"{API}; {TERRAFORM} issue 32077",
    ),
    BackendBehaviour(
        subject="A mount of a file system with a policy, by a client that neither it nor the client's role allows",
        aws='"access denied by server", also without the option `iam`, which proves the role',
        moto="has no mounts",
        source="EFS user guide, Using IAM to control file system data access",
    ),
    BackendBehaviour(
        subject="DeleteFileSystem with mount targets",
        aws="`FileSystemInUse`",
        moto="as AWS",
        source=MODEL,
    ),
    BackendBehaviour(
        subject="EC2 DryRun",
        aws="`DryRunOperation` (412), and no change",
        moto="supported by some operations",
        source=API,
    ),
    BackendBehaviour(
        subject="DeleteNatGateway with an unknown id",
        aws="`NatGatewayNotFound`",
        moto="crashes",
        source=API,
    ),
    BackendBehaviour(
        subject="DescribeNatGateways with an unknown id",
        aws="`NatGatewayNotFound`",
        moto="an empty list",
        source=API,
    ),
    BackendBehaviour(
        subject="A route to a deleted NAT gateway or detached internet gateway",
        aws="has the state `blackhole`",
        moto="stays `active`",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="CreateVpcEndpoint of the type Gateway for a service other than S3 and DynamoDB",
        aws="`InvalidServiceName`",
        moto="accepted",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="A second gateway endpoint of a service for the same route table",
        aws="`RouteAlreadyExists`",
        moto="accepted",
        source=REPORTS,
    ),
    BackendBehaviour(
        subject="A gateway endpoint with a route table of another VPC",
        aws="refused; `InvalidParameter`",
        moto="accepted",
        source=ESTIMATE,
    ),
    BackendBehaviour(
        subject="ModifyVpcEndpoint of the route tables of a gateway endpoint",
        aws="adds and removes routes; a route table that does not exist is `InvalidRouteTableID.NotFound`",
        moto="changes the list only",
        source=f"{GUIDE}; {TERRAFORM} issue 26502",
    ),
    BackendBehaviour(
        subject="DeleteRoute of the route to a gateway endpoint",
        aws="`InvalidParameterValue`: only a change of the endpoint removes it",
        moto="deletes it",
        source=f"{GUIDE}; {REPORTS}",
    ),
    BackendBehaviour(
        subject="DescribeNatGateways filtered by tag",
        aws="filtered",
        moto="not filtered",
        source=API,
    ),
    BackendBehaviour(
        subject="Calls of IAM that read a role, policy or instance profile right after its creation",
        aws="`NoSuchEntity` for some seconds",
        moto="visible at once",
        local="for `--consistency` seconds, scaled by the pace",
        source=f"{GUIDE}; {TERRAFORM}",
    ),
    BackendBehaviour(
        subject="Reading a secret, parameter, object or message that is encrypted with a key of the account",
        aws="needs kms:Decrypt on the key, with the ARN in the encryption context; writing an object or sending a "
        "message kms:GenerateDataKey",
        moto="not checked",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="GetServiceQuota of VPCs, gateways and addresses",
        aws="returns the quota",
        moto="not for addresses",
        source=API,
    ),
    BackendBehaviour(
        subject="Reserved concurrency that leaves fewer than 100 unreserved",
        aws="`InvalidParameterValueException`; GetAccountSettings returns the unreserved concurrency",
        moto="accepted; no GetAccountSettings",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="The network interfaces of functions and NAT gateways, while in use",
        aws="have an `Attachment` (`ela-attach-…`) that belongs to `amazon-aws`, and to no instance",
        moto="no `Attachment`, without which `terraform destroy` of a function in a VPC fails",
        source=f"{TERRAFORM}; {REPORTS}",
    ),
    BackendBehaviour(
        subject="The network interface of an instance without public address, as a stopped one",
        aws="has no `Association`",
        moto="an empty one, which Terraform takes for an address",
        source=TERRAFORM,
    ),
    BackendBehaviour(
        subject="DescribeSecurityGroupRules of a rule for another security group",
        aws="with its `Description`",
        moto="without",
        source=API,
    ),
    BackendBehaviour(
        subject="The tags of instances and REST APIs",
        aws="those that were given",
        moto="as AWS",
        local="also `awsprov:ssh-port` and `awsprov:invoke-url`: where they answer on this machine",
        source=API,
    ),
    BackendBehaviour(
        subject="An alias of a function whose weights were removed",
        aws="has no `RoutingConfig`",
        moto="an empty one, which `terraform plan` removes",
        source=TERRAFORM,
    ),
    BackendBehaviour(
        subject="A NAT gateway created without ConnectivityType",
        aws="`public`",
        moto="none, so that `terraform plan` replaces it",
        source=MODEL,
    ),
    BackendBehaviour(
        subject="An integration of a REST API without timeoutInMillis",
        aws="29,000",
        moto="none",
        source=MODEL,
    ),
    BackendBehaviour(
        subject="The loggingLevel of methods of which other settings are set",
        aws="`OFF`",
        moto="none",
        source=API,
    ),
    BackendBehaviour(
        subject="An integration of an HTTP API without ConnectionType",
        aws="`INTERNET`",
        moto="none",
        source=MODEL,
    ),
    BackendBehaviour(
        subject="GetAuthorizers of an HTTP API",
        aws="lists the authorizers",
        moto="not implemented",
        source=API,
    ),
    BackendBehaviour(
        subject="A Lambda custom integration (type AWS) of a REST API",
        aws="mapping templates make the event and the response; the integration response is the one whose pattern "
        "matches the whole `errorMessage`",
        moto="does not invoke the function",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="A request whose media type has no mapping template",
        aws="`415`, depending on `passthroughBehavior`",
        moto="not checked",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="A request to a Lambda custom integration whose event is not JSON",
        aws='`400` "Could not parse request body into json: …"; the function is not invoked',
        moto="does not invoke the function",
        source=REPORTS,
    ),
    BackendBehaviour(
        subject="An integration response whose status code has no method response",
        aws="accepted without headers; requests that select it get `500`",
        moto="used",
        source=REPORTS,
    ),
    BackendBehaviour(
        subject="Several integration responses whose patterns match an error",
        aws="one of them; the order is not documented",
        moto="the first",
        local="the first",
        source=ESTIMATE,
    ),
    BackendBehaviour(
        subject="A request of an IAM user or a role to an API with IAM authorization",
        aws="identity policies, permissions boundary and the API's policy must allow `execute-api:Invoke`",
        moto="does not serve APIs",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="Gateway responses of a REST API",
        aws="set status and headers of the errors of API Gateway itself, by type or for all of 4xx and 5xx",
        moto="stored",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="PutObject and DeleteObject with If-Match, PutObject with If-None-Match `*`",
        aws="`PreconditionFailed` (412) if there is another object, `NoSuchKey` (404) with If-Match if there is none; "
        "`ConditionalRequestConflict` (409) when another conditional request for the key is under way",
        moto="as AWS, without conflicts",
        local="as AWS, without conflicts: calls of S3 are answered one after the other",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="A value of another type than in the service model",
        aws="`SerializationException`; IAM and STS: `MalformedInput`; EC2: `InvalidParameterValue`",
        moto="accepted, or crashes",
        source=f"{API} (common errors); EC2: {ESTIMATE}",
    ),
    BackendBehaviour(
        subject="A function that connects to a host of AWS itself, not to the local endpoint",
        aws="connects",
        moto="no functions that run as here",
        local="refused, with the library's setting for the endpoint; compiled code that opens connections by itself is "
        "not seen",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="A backslash and a quotation mark in a quoted filter pattern of CloudWatch Logs",
        aws="stand for a quotation mark",
        moto="must both be in the message",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="An operation that moto does not implement",
        aws="works",
        moto="an HTML page with 404 or 500, which SDKs retry",
        local="`NotImplemented` (501), which SDKs do not retry",
        source=ESTIMATE,
    ),
)
