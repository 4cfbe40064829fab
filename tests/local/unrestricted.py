"""What AWS does not let a policy restrict to one stack, so that `awsprov policy` allows more than a stack needs.

Source: AWS Service Authorization Reference, which lists the resource types and condition keys of each action.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Unrestricted:
    """Actions that are allowed on resources of others, too.

    Arguments:
        actions: the actions, separated by spaces.
        resource: the resource type, or the path of API Gateway, on which they are allowed.
        effect: what somebody with the policy can do to others.
        reason: why AWS cannot restrict it.
        configuration: the API, or the network, for which they are in the policy; empty for any.
    """

    actions: str
    resource: str
    effect: str
    reason: str
    configuration: str = ""


UNRESTRICTED = (
    Unrestricted(
        "ec2:DeleteNetworkInterface",
        "network-interface",
        "delete network interfaces that nothing uses",
        "Lambda and EFS create theirs without tags, and delete them late",
    ),
    Unrestricted(
        "ec2:RevokeSecurityGroupEgress ec2:RevokeSecurityGroupIngress",
        "security-group",
        "remove rules of any security group; no rule can be added",
        "a VPC's default group, which the stack empties, has no tags",
    ),
    Unrestricted(
        "ec2:CreateSecurityGroup",
        "vpc",
        "create security groups in any VPC of the region, with the stack's tag",
        "a policy can name a VPC only by its ID, which `config.yaml` does not contain",
        "existing network",
    ),
    Unrestricted(
        "apigateway:PUT",
        "tags",
        "set the stack's tag on an API, API key or usage plan of somebody else, and then change or delete it",
        "API Gateway sets no key for the tags that a resource has, or for the call that creates it, on `/tags`",
    ),
    Unrestricted(
        "logs:CreateLogGroup logs:TagResource",
        "log-group",
        "set the stack's tag on the execution log of an API that has none, and then delete the log",
        "CloudWatch Logs has no key for the call that sets the tags, and the API's id is not known before",
    ),
    Unrestricted(
        "logs:CreateLogDelivery logs:DeleteLogDelivery logs:UpdateLogDelivery logs:PutResourcePolicy",
        "*",
        "change who may write to log groups of the account, and the delivery of logs",
        "these actions have neither resources nor keys; API Gateway calls them for the access log of an HTTP API",
        "http",
    ),
    Unrestricted(
        "apigateway:GET",
        "/apikeys",
        "read the values of all API keys of the region",
        "there is no key for `includeValues`",
        "api_key",
    ),
    Unrestricted(
        "iam:CreateServiceLinkedRole",
        "role",
        "create the service-linked roles of EFS and API Gateway",
        "they are the account's; AWS decides what they may do",
    ),
)
