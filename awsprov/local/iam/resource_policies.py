"""The policies of resources: of buckets, queues, topics, keys, secrets, tables, functions, REST APIs and roles."""

from collections.abc import Callable
from typing import Any

from moto.apigateway.models import apigateway_backends
from moto.awslambda.models import lambda_backends
from moto.dynamodb.models import dynamodb_backends
from moto.kms.models import kms_backends
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from awsprov.local.cloud import ACCOUNT
from awsprov.local.iam.evaluation import NO_POLICY, ResourceStatements
from awsprov.local.iam.identities import role_with_arn
from awsprov.local.iam.policy_principals import naming
from awsprov.local.iam.principals import Principal


def statements_for(resource: str, action: str, principal: Principal) -> ResourceStatements:
    """Return the statements of a resource's policy that name a principal.

    Arguments:
        resource: the ARN.
        action: on the resource. Of roles, the trust policy decides about sts:AssumeRole only.
        principal: the caller.
    """
    _, _, service, region, _, name = [*resource.split(":", 5), *[""] * 5][:6]
    required = action == "sts:AssumeRole" or (service == "kms" and name.startswith("key/"))
    if (service == "iam" and action != "sts:AssumeRole") or service not in _DOCUMENTS:
        return NO_POLICY
    document = _DOCUMENTS[service](region, name)
    return naming(document, principal, required=required and document is not None)


def _bucket(region: str, name: str) -> Any:
    bucket = s3_backends[ACCOUNT]["aws"].buckets.get(name.partition("/")[0])
    return bucket.policy.decode() if bucket and bucket.policy else None


def _queue(region: str, name: str) -> Any:
    return getattr(sqs_backends[ACCOUNT][region].queues.get(name), "policy", None)


def _topic(region: str, name: str) -> Any:
    return getattr(sns_backends[ACCOUNT][region].topics.get(f"arn:aws:sns:{region}:{ACCOUNT}:{name}"), "policy", None)


def _key(region: str, name: str) -> Any:
    return getattr(kms_backends[ACCOUNT][region].keys.get(name.removeprefix("key/")), "policy", None)


def _secret(region: str, name: str) -> Any:
    secrets = secretsmanager_backends[ACCOUNT][region].secrets
    arn = f"arn:aws:secretsmanager:{region}:{ACCOUNT}:{name}"
    return getattr(secrets.get(arn), "policy", None) if arn in secrets else None


def _table(region: str, name: str) -> Any:
    arn = f"arn:aws:dynamodb:{region}:{ACCOUNT}:{'/'.join(name.split('/')[:2])}"
    return getattr(dynamodb_backends[ACCOUNT][region].resource_policies.get(arn), "policy_doc", None)


def _function(region: str, name: str) -> Any:
    functions = lambda_backends[ACCOUNT][region].list_functions()
    plain = name.removeprefix("function:").partition(":")[0]
    policy = next((each.policy for each in functions if each.function_name == plain), None)
    return {"Statement": policy.statements} if policy else None


def _api(region: str, name: str) -> Any:
    """Return the policy of a REST API, whose resources may be short: `execute-api:/` for the API's own ARN."""
    api_id = name.partition("/")[0]
    policy = getattr(apigateway_backends[ACCOUNT][region].apis.get(api_id), "policy", None)
    return policy and policy.replace('"execute-api:/', f'"arn:aws:execute-api:{region}:{ACCOUNT}:{api_id}/')


def _role(region: str, name: str) -> Any:
    return getattr(role_with_arn(f"arn:aws:iam::{ACCOUNT}:{name}"), "assume_role_policy_document", None)


# By the service in the ARN.
_DOCUMENTS: dict[str, Callable[[str, str], Any]] = {
    "s3": _bucket,
    "sqs": _queue,
    "sns": _topic,
    "kms": _key,
    "secretsmanager": _secret,
    "dynamodb": _table,
    "lambda": _function,
    "execute-api": _api,
    "iam": _role,
}
