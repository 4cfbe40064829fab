"""The behaviours of AWS that are implemented in the backends, and not in a table of rules.

They are listed here for `docs/fidelity.md` only.
"""

from awsprov.local.behaviour.api_behaviours import API_BEHAVIOURS
from awsprov.local.behaviour.backend_behaviour import BackendBehaviour
from awsprov.local.behaviour.fidelity_row import API, ESTIMATE, GUIDE, MODEL, TERRAFORM
from awsprov.local.behaviour.function_behaviours import FUNCTION_BEHAVIOURS
from awsprov.local.behaviour.instance_behaviours import INSTANCE_BEHAVIOURS
from awsprov.local.behaviour.network_behaviours import NETWORK_BEHAVIOURS

BACKEND_BEHAVIOURS = (
    *INSTANCE_BEHAVIOURS,
    *NETWORK_BEHAVIOURS,
    *FUNCTION_BEHAVIOURS,
    *API_BEHAVIOURS,
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
        subject="The tags of instances and REST APIs",
        aws="those that were given",
        moto="as AWS",
        local="also `awsprov:ssh-port` and `awsprov:invoke-url`: where they answer on this machine",
        source=API,
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
        subject="A backslash and a quotation mark in a quoted filter pattern of CloudWatch Logs",
        aws="stand for a quotation mark",
        moto="must both be in the message",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="Deleting a REST API or a part of it, a usage plan or its key, or an entry of a network ACL, that does "
        "not exist; removing a role from an instance profile that does not have it",
        aws="`NotFoundException`, `InvalidNetworkAclEntry.NotFound`, `NoSuchEntity`",
        moto="breaks",
        source=API,
    ),
    BackendBehaviour(
        subject="An operation that moto does not implement",
        aws="works",
        moto="an HTML page with 404 or 500, which SDKs retry",
        local="`NotImplemented` (501), which SDKs do not retry",
        source=ESTIMATE,
    ),
)
