"""How the local cloud evaluates permissions: what it knows of AWS's policies, and the actions of operations.

They are listed here for `docs/fidelity.md` only; `awsprov.local.iam` implements them.
"""

from awsprov.local.behaviour.backend_behaviour import BackendBehaviour
from awsprov.local.behaviour.fidelity_row import API, ESTIMATE, GUIDE
from awsprov.local.iam.action_rows import ACTION_ROWS, PARAMETER_ROWS, ActionRow


def _needs(row: ActionRow) -> BackendBehaviour:
    actions = " and ".join(f"`{action}`" for action in row.actions)
    subject = f"{row.operation}{row.note and f', {row.note}'}"
    return BackendBehaviour(subject=subject, aws=f"needs {actions}", moto="not checked", source=row.source)


AUTHORIZATION_BEHAVIOURS = (
    BackendBehaviour(
        subject="The keys of a function",
        aws="temporary keys of its role; the session has the function's name, and `lambda:SourceFunctionArn` is set",
        moto="no functions that run as here",
        local="as AWS; they are valid for six hours, and a worker ends before its keys expire",
        source=f"{GUIDE}; the duration: {ESTIMATE}",
    ),
    BackendBehaviour(
        subject="Temporary keys without their session token, or that have expired",
        aws="`UnrecognizedClientException` or `ExpiredTokenException`, by service",
        moto="accepted",
        source=API,
    ),
    BackendBehaviour(
        subject="A call by a function, an instance's role, an assumed role or an IAM user",
        aws="identity policies, permissions boundary and the resource's policy decide",
        moto="allowed",
        local="as AWS, without session policies and policies of organizations; the policies of buckets, queues, "
        "topics, keys, secrets, tables, functions, REST APIs, roles and file systems are evaluated",
    ),
    BackendBehaviour(
        subject="A security group that a rule names, in AuthorizeSecurityGroupIngress and its like",
        aws="only the group that gets or loses the rule is evaluated: the other may be of another account",
        moto="not checked",
        source=ESTIMATE,
    ),
    BackendBehaviour(
        subject="A call by the root user of the local cloud, with the keys of `awsprov local env`",
        aws="an administrator's",
        moto="allowed",
        local="allowed",
    ),
    BackendBehaviour(
        subject="A call by a role or user to a service, or of an operation, whose actions are not known here",
        aws="policies decide",
        moto="allowed",
        local="`NotImplemented` (501): not judged by the local cloud",
    ),
    BackendBehaviour(
        subject="A model of Bedrock",
        aws="responds",
        moto="an empty response of InvokeModel",
        local="permissions are evaluated; then `NotImplemented` (501): the local cloud has no models",
        source=API,
    ),
    BackendBehaviour(
        subject="A condition with a key or an operator that is not supported here",
        aws="evaluated",
        moto="ignored",
        local="decided against the caller: an Allow does not apply, a Deny does",
    ),
)

ACTION_BEHAVIOURS = tuple(map(_needs, (*ACTION_ROWS, *PARAMETER_ROWS)))
