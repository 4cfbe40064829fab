"""The boto3 clients of one account and region."""

import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any

from awsprov import __version__
from awsprov.aws.limits import TIMEOUT
from awsprov.aws.local_endpoint import LocalEndpoint
from awsprov.aws.session import open_core_session, open_session

if TYPE_CHECKING:
    from botocore.config import Config
    from types_boto3_apigateway import APIGatewayClient
    from types_boto3_apigatewayv2 import ApiGatewayV2Client
    from types_boto3_ec2 import EC2Client
    from types_boto3_efs import EFSClient
    from types_boto3_iam import IAMClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_pricing import PricingClient
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_service_quotas import ServiceQuotasClient
    from types_boto3_ssm import SSMClient
    from types_boto3_sts import STSClient

_ATTEMPTS = 10  # throttling by small control-plane quotas lasts longer than botocore's three attempts
_INVOCATION_TIMEOUT = TIMEOUT.value + 10  # seconds; a function ends before
CALL_TIMEOUT = 120.0  # seconds to connect and to read a response: 60 each, botocore's defaults
_STORE_TIMEOUT = 15  # seconds for each; a lease must be renewed in time


def _client(
    service: str, *, once: bool = False, timeout: float | None = None, **options: Any
) -> "cached_property[Any]":
    """Return a property that creates a client when it is first used. A lock guards the session they share."""

    def create(clients: "Clients") -> Any:
        with clients._creating:
            session: Any = clients.session  # its stubs ask for a literal name
            local = clients.local
            client = session.client(service, config=_config(once, timeout, local), **_endpoint(local), **options)
            client.can_paginate(next(iter(client.meta.method_to_api_mapping)))  # loads the paginators under the lock
            return client

    return cached_property(create)


class Clients:
    """The clients of one session, each created when it is first used.

    Arguments:
        region: an AWS region.
        profile: a profile of the AWS CLI's configuration; None for the usual credential chain.
        local: the local cloud. All clients then use it and nothing else: no variable and no file changes that.

    Attributes:
        core: the botocore session.
        session: the boto3 session that the clients come from.

    Raises:
        UsageError: the region or the profile does not exist. No call is made to find out.
    """

    ec2: "cached_property[EC2Client]" = _client("ec2")
    efs: "cached_property[EFSClient]" = _client("efs")
    iam: "cached_property[IAMClient]" = _client("iam")
    lambda_: "cached_property[LambdaClient]" = _client("lambda")
    invoker: "cached_property[LambdaClient]" = _client("lambda", once=True)  # never retries, and waits for a function
    logs: "cached_property[CloudWatchLogsClient]" = _client("logs")
    apigateway: "cached_property[APIGatewayClient]" = _client("apigateway")
    apigatewayv2: "cached_property[ApiGatewayV2Client]" = _client("apigatewayv2")
    ssm: "cached_property[SSMClient]" = _client("ssm")
    secretsmanager: "cached_property[SecretsManagerClient]" = _client("secretsmanager")
    quotas: "cached_property[ServiceQuotasClient]" = _client("service-quotas")
    sts: "cached_property[STSClient]" = _client("sts")
    s3: "cached_property[Any]" = _client("s3", timeout=_STORE_TIMEOUT)  # the shared lock and state only
    pricing: "cached_property[PricingClient]" = _client("pricing", region_name="us-east-1")  # serves all regions

    def __init__(self, region: str, profile: str | None = None, local: LocalEndpoint | None = None) -> None:
        self.region, self.local = region, local
        self.core = open_core_session(profile, local)
        self.session = open_session(self.core, region, local)
        self._creating = threading.Lock()


def _endpoint(local: LocalEndpoint | None) -> dict[str, str]:
    """Return the endpoint as an argument of a client: botocore looks for another one only without it."""
    return {"endpoint_url": local.url} if local else {}


def _config(once: bool, timeout: float | None, local: LocalEndpoint | None) -> "Config":
    """Return the configuration of a client; one of `once` never repeats a call, which may have taken effect."""
    from botocore.config import Config  # it imports all of botocore

    retries: Any = {"mode": "standard", "total_max_attempts": _ATTEMPTS}
    proxies: Any = {"proxies": {}} if local else {}  # without it, botocore takes those of the variables
    config = Config(retries=retries, user_agent_extra=f"awsprov/{__version__}", max_pool_connections=32, **proxies)
    if timeout:
        config = config.merge(Config(connect_timeout=timeout, read_timeout=timeout))
    invocation = Config(retries={"total_max_attempts": 1}, read_timeout=_INVOCATION_TIMEOUT)
    return config.merge(invocation) if once else config
