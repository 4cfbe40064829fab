"""The one place that makes clients: region, endpoint, tags, retries of what is known to pass, and waiting."""

import re
import socket
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from botocore.exceptions import (
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ProxyConnectionError,
    SSLError,
)

from awsprov import __version__
from awsprov.aws.background import in_background
from awsprov.aws.errors import decode_denial
from awsprov.aws.http import http
from awsprov.aws.polling import INITIAL_DELAY, MAXIMUM_DELAY, wait_until
from awsprov.aws.rate_limits import Limiter
from awsprov.aws.session import open_session
from awsprov.aws.transient_errors import READ_PREFIXES, TRANSIENT_ERRORS
from awsprov.errors import LostAnswerError

if TYPE_CHECKING:
    from concurrent.futures import Future

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

T = TypeVar("T")

_ATTEMPTS = 10  # throttling of small control-plane quotas outlasts botocore's three


def _made(service: str, *, once: bool = False, **options: Any) -> "cached_property[Any]":
    """A client that is made when it is first asked for; one at a time, for they share a session."""

    def make(aws: "Aws") -> Any:
        with aws._making:
            session: Any = aws.session  # its stubs ask for a literal name
            client = session.client(service, config=_config(once), **options)
            client.can_paginate(next(iter(client.meta.method_to_api_mapping)))  # reads how listings are paged, once
            return client

    return cached_property(make)


class Aws:
    """The clients of one account and region, and the stack whose tags they write.

    Arguments:
        stack: the value of the tag `awsprov:stack` on everything that is made.
        region: an AWS region.
        profile: a profile of the AWS CLI's configuration; otherwise the usual credential chain.

    Attributes:
        calls: how often each operation was called, as in `ec2:CreateVpc`.
        stop: once it is set, nothing is waited for any more.
        limiter: gives each call its turn, as AWS's quotas have it.
        session: the boto3 session that the clients come from.

    Raises:
        UsageError: the region or the profile does not exist. No call is made for that.
    """

    ec2: "cached_property[EC2Client]" = _made("ec2")
    efs: "cached_property[EFSClient]" = _made("efs")
    iam: "cached_property[IAMClient]" = _made("iam")
    lambda_: "cached_property[LambdaClient]" = _made("lambda")
    invoker: "cached_property[LambdaClient]" = _made("lambda", once=True)  # patient, and never twice
    logs: "cached_property[CloudWatchLogsClient]" = _made("logs")
    apigateway: "cached_property[APIGatewayClient]" = _made("apigateway")
    apigatewayv2: "cached_property[ApiGatewayV2Client]" = _made("apigatewayv2")
    ssm: "cached_property[SSMClient]" = _made("ssm")
    secretsmanager: "cached_property[SecretsManagerClient]" = _made("secretsmanager")
    quotas: "cached_property[ServiceQuotasClient]" = _made("service-quotas")
    sts: "cached_property[STSClient]" = _made("sts")
    pricing: "cached_property[PricingClient]" = _made("pricing", region_name="us-east-1")  # a few regions serve for all

    def __init__(self, stack: str, region: str, profile: str | None = None) -> None:
        self.stack, self.region = stack, region
        self.stop = threading.Event()
        self.calls: Counter[str] = Counter()
        self._making, self._sending = threading.Lock(), threading.local()
        self._memory: dict[str, Any] = {}
        self._remembering: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self.limiter = Limiter()
        self.session = open_session(region, profile)
        events = self.session.events
        events.register("before-call", self._wait_for_turn)
        events.register("before-call", self._count)
        events.register("before-parse", _whole)
        events.register("needs-retry", self._lost)
        events.register("needs-retry", self._passes)  # type: ignore[arg-type]  # the stubs know no return value
        events.register("after-call.ec2", partial(decode_denial, self._decode))

    @cached_property
    def caller_identity(self) -> "Future[str]":
        """Asks who calls, and does not wait for the answer."""
        return in_background(lambda: self.sts.get_caller_identity()["Arn"])

    def warm_up(self) -> None:
        """Ask who calls, and make the clients that every look at a stack needs while the answer is on its way."""
        _ = self.caller_identity
        for client in ("ec2", "efs", "iam", "lambda_", "logs", "apigateway", "apigatewayv2"):
            getattr(self, client)

    @property
    def caller(self) -> str:
        """The ARN of who calls."""
        return self.caller_identity.result()

    @property
    def caller_name(self) -> str:
        """The name in that: a user's, or a session's."""
        return re.split("[:/]", self.caller)[-1]

    @property
    def account(self) -> str:
        """The twelve digits of the account."""
        return self.caller.split(":")[4]

    @property
    def partition(self) -> str:
        """`aws`, or that of China or the government's regions."""
        return self.session.get_partition_for_region(self.region)

    @cached_property
    def endpoint(self) -> str:
        """The URL that stands in for AWS (a local cloud, a proxy); empty when AWS itself is called."""
        url = self.ec2.meta.endpoint_url
        return "" if (urlsplit(url).hostname or "").endswith((".amazonaws.com", ".amazonaws.com.cn")) else url

    @property
    def mutations(self) -> int:
        """How many calls so far could have changed something."""
        return sum(count for name, count in self.calls.items() if not name.split(":")[1].startswith(READ_PREFIXES))

    def tags(self, name: str) -> dict[str, str]:
        """The tags of the resource of that name: what `find`, `down` and a lost state file go by."""
        return {"Name": f"{self.stack}-{name}", "awsprov:stack": self.stack, "awsprov:name": name}

    def tag_list(self, name: str) -> list[Any]:
        """The same in the form of EC2, EFS and IAM."""
        return [{"Key": key, "Value": value} for key, value in self.tags(name).items()]

    def tagged_name(self, tags: list[Any] | dict[str, str] | None) -> str:
        """The name in this stack that these tags carry; empty for a stranger."""
        pairs: dict[str, str] = tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags or ()}
        return pairs.get("awsprov:name", "") if pairs.get("awsprov:stack") == self.stack else ""

    def arn(self, service: str, path: str) -> str:
        """An ARN in this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{path}"

    def cached(self, key: str, fetch: Callable[[], T], *, empty: bool = True) -> T:
        """An answer that is asked for more than once: fetched once until `forget`.

        Arguments:
            key: what is asked for.
            fetch: asks.
            empty: whether an empty answer is remembered, too; without, what was not there is looked for again.
        """
        with self._remembering[key]:
            if key in self._memory:
                return self._memory[key]  # type: ignore[no-any-return]
            answer = fetch()
            if answer or empty:
                self._memory[key] = answer
            return answer

    def clear_cache(self) -> None:
        """Ask anew from now on."""
        self._memory.clear()

    @contextmanager
    def without_retries(self) -> Iterator[None]:
        """Send this thread's calls once: they would make a second thing when they are repeated.

        Raises:
            LostAnswerError: a call was sent, and nobody can tell whether it took effect.
        """
        self._sending.once = True
        try:
            yield
        finally:
            self._sending.once = False

    def wait_until(
        self,
        probe: Callable[[], T],
        timeout: float,
        what: str,
        *,
        initial_delay: float = INITIAL_DELAY,
        maximum_delay: float = MAXIMUM_DELAY,
    ) -> T:
        """Call a probe until its result is true, and return that; ends when `stop` is set.

        Arguments: see `awsprov.aws.polling.wait_until`.

        Raises:
            TimedOutError: the result was never true.
            InterruptedByUserError: `stop` was set.
        """
        return wait_until(probe, timeout, what, self.stop, initial_delay, maximum_delay)

    def signed(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> dict[str, str]:
        """The headers of an API Gateway request with the caller's SigV4 signature added."""
        import botocore.auth  # noqa: PLC0415 - botocore's own imports take an eighth of a second: not for who stays at home

        request = botocore.awsrequest.AWSRequest(method, url, headers=dict(headers), data=body)
        credentials = self.session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        botocore.auth.SigV4Auth(credentials.get_frozen_credentials(), "execute-api", self.region).add_auth(request)
        return dict(request.headers.items())

    def address(self) -> str:
        """This machine's IPv4 address as the cloud sees it: asked of AWS, or of our own socket to the endpoint."""
        if self.endpoint:
            where = urlsplit(self.endpoint)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.connect((where.hostname or "", where.port or 443))  # sends nothing: UDP only picks the interface
                return str(probe.getsockname()[0])
        return http("GET", "https://checkip.amazonaws.com", timeout=10).body.decode().strip()

    def _decode(self, message: str) -> str:
        return self.sts.decode_authorization_message(EncodedMessage=message)["DecodedMessage"]

    def _wait_for_turn(self, model: Any, **_: Any) -> None:
        self.stop.wait(self.limiter.turn(f"{model.service_model.service_name}:{model.name}"))

    def _count(self, model: Any, params: dict[str, Any], **_: Any) -> None:
        if isinstance(params["body"], dict) and "DryRun" in params["body"]:
            return
        self.calls[f"{model.service_model.service_name}:{model.name}"] += 1

    def _lost(self, response: Any, operation: Any, caught_exception: Exception | None, **_: Any) -> None:
        """Botocore's retry hook: keeps it from repeating what is sent once."""
        if getattr(self._sending, "once", False) and _in_doubt(response, caught_exception):
            raise LostAnswerError(
                f"The answer to {operation.name} was lost.",
                why=str(caught_exception or response[1].get("Error", {}).get("Message", "")),
                remedy="Run the same command again: it looks for what was made.",
            ) from caught_exception

    def _passes(
        self, response: Any, operation: Any, attempts: int, request_dict: dict[str, Any], **_: Any
    ) -> float | None:
        """Botocore's retry hook: the seconds to wait before the call is repeated, None to leave it to others."""
        error = response[1].get("Error", {}) if response else {}
        service = operation.service_model.service_id.hyphenize()
        passing = next((p for p in TRANSIENT_ERRORS if p.covers(service, operation.name, error)), None)
        if passing is None or self.stop.is_set():
            return None
        since = request_dict["context"].setdefault("awsprov-since", time.monotonic())
        delay = min(0.1 * 1.7**attempts, 5.0)
        return delay if time.monotonic() + delay - since < passing.within else None


def _config(once: bool) -> "Config":
    """How patient a client is. An invocation is sent once: its function may have run although the answer was lost."""
    from botocore.config import Config  # noqa: PLC0415 - as above

    retries: Any = {"mode": "standard", "total_max_attempts": _ATTEMPTS}
    config = Config(retries=retries, user_agent_extra=f"awsprov/{__version__}", max_pool_connections=32)
    return config.merge(Config(retries={"total_max_attempts": 1}, read_timeout=910)) if once else config


def _in_doubt(response: Any, error: Exception | None) -> bool:
    """Whether a call may have taken effect although no answer says so."""
    if error:
        return not isinstance(error, EndpointConnectionError | ConnectTimeoutError | ProxyConnectionError | SSLError)
    status, code = response[1]["ResponseMetadata"]["HTTPStatusCode"], response[1].get("Error", {}).get("Code")
    return bool(status >= HTTPStatus.INTERNAL_SERVER_ERROR) and code != "RequestLimitExceeded"  # EC2 throttles with 503


def _whole(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    """Botocore's hook before it parses: an answer that was cut short is none, and is retried like one that is late."""
    body, length = response_dict["body"], response_dict["headers"].get("Content-Length")
    if isinstance(body, bytes) and length and len(body) < int(length):
        response_dict.update(status_code=int(HTTPStatus.SERVICE_UNAVAILABLE), body=b"")
        customized_response_dict["Error"] = {"Code": "RequestTimeout", "Message": "The answer was cut short."}
