"""Aws: the tags of one stack, and how the calls of its account and region are limited, counted, retried and cached."""

import re
import shlex
import socket
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from botocore.exceptions import NoCredentialsError

from awsprov.aws.background import in_background
from awsprov.aws.call_log import log_calls
from awsprov.aws.clients import Clients
from awsprov.aws.errors import decode_denial
from awsprov.aws.http import http
from awsprov.aws.local_endpoint import LocalEndpoint
from awsprov.aws.polling import INITIAL_DELAY, MAXIMUM_DELAY, wait_until
from awsprov.aws.rate_limits import RateLimiter
from awsprov.aws.retries import raise_if_lost, reject_truncated, transient_delay
from awsprov.aws.session import configured_endpoint
from awsprov.aws.transient_errors import READ_PREFIXES
from awsprov.aws.url_suffixes import url_suffix
from awsprov.errors import AwsprovError

if TYPE_CHECKING:
    from concurrent.futures import Future

    from botocore.credentials import Credentials

T = TypeVar("T")
LIKE = "awsprov:like"  # the tag that names the stage of config.yaml that another stage is like
_STORE = "s3"  # holds the shared lock, and copies of the state


class Aws(Clients):
    """The clients of one account and region, and the stack whose tags they write.

    Arguments:
        stack: the value of the tag `awsprov:stack` on everything that is created.
        region: an AWS region.
        profile: a profile of the AWS CLI's configuration; None for the usual credential chain.
        local: the local cloud; None for AWS, or what AWS_ENDPOINT_URL names.
        role_path: the IAM path that the stack's own begins with.
        own_tags: the tags of config.yaml.

    Attributes:
        like: the value of the tag `awsprov:like` on everything that is created; empty for no such tag.
        calls: how often each operation was called, as in `ec2:CreateVpc`.
        stop: ends all waits, and all retries of transient errors, when it is set.
        rate_limiter: delays calls to what AWS's quotas allow.
        before_change: called before each request that could change the stack is sent; an error of it ends the call.

    Raises:
        UsageError: the region or the profile does not exist. No call is made to find out.
    """

    def __init__(
        self,
        stack: str,
        region: str,
        profile: str | None = None,
        local: LocalEndpoint | None = None,
        *,
        role_path: str = "/",
        own_tags: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(region, profile, local)
        self.stack, self.role_path, self.own_tags = stack, role_path, own_tags
        self.like = ""
        self.stop = threading.Event()
        self.calls: Counter[str] = Counter()
        self.rate_limiter = RateLimiter()
        self.before_change: Callable[[], None] | None = None
        self._sending = threading.local()
        self._cache: dict[str, Any] = {}
        self._cache_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        events = self.session.events
        events.register("before-call", self._wait_for_rate_limit)
        events.register("before-call", self._count)
        events.register_first("before-send", self._check_change)
        events.register("before-parse", reject_truncated)
        events.register("needs-retry", self._retry)  # type: ignore[arg-type]  # the stubs know no return value
        events.register("after-call.ec2", partial(decode_denial, self._decode))
        log_calls(events)

    @cached_property
    def caller_identity(self) -> "Future[str]":
        """The ARN of the caller, requested in the background when this is first read."""
        return in_background(lambda: self.sts.get_caller_identity()["Arn"])

    def warm_up(self) -> None:
        """Create the clients that most commands need while the caller's identity is requested."""
        _ = self.caller_identity
        for client in ("ec2", "efs", "iam", "lambda_", "logs", "apigateway", "apigatewayv2"):
            getattr(self, client)

    @property
    def caller(self) -> str:
        """The ARN of the caller."""
        return self.caller_identity.result()

    @property
    def caller_name(self) -> str:
        """The last part of the caller's ARN: the name of a user or of a role session. The local cloud has no users."""
        return "you" if self.local else re.split("[:/]", self.caller)[-1]

    @property
    def account(self) -> str:
        """The twelve digits of the account."""
        return self.caller.split(":")[4]

    @property
    def partition(self) -> str:
        """The region's partition, such as `aws`, `aws-cn` or `aws-us-gov`."""
        return self.session.get_partition_for_region(self.region)

    @cached_property
    def endpoint(self) -> str:
        """The endpoint URL that a person has configured (a local cloud, a proxy); empty for AWS's own."""
        return self.local.url if self.local else configured_endpoint(self.core)

    @property
    def url_suffix(self) -> str:
        """The end of the host names of AWS's endpoints in the region, such as `amazonaws.com`."""
        return url_suffix(self.region)

    @property
    def mutations(self) -> int:
        """The number of calls so far that could have changed the stack."""
        return sum(count for name, count in self.calls.items() if _changes(*name.split(":")))

    def physical_name(self, name: str) -> str:
        """Return the name on AWS of this stack's resource of that name: `<stack>-<name>`."""
        return f"{self.stack}-{name}"

    def tags(self, name: str) -> dict[str, str]:
        """Return the tags of the resource of that name: those by which it is found, and those of config.yaml."""
        found_by = {"Name": self.physical_name(name), "awsprov:stack": self.stack, "awsprov:name": name}
        return {**self.own_tags, **found_by, **({LIKE: self.like} if self.like else {})}

    def tag_list(self, name: str) -> list[Any]:
        """Return the tags of the resource of that name in the form of EC2, EFS and IAM."""
        return [{"Key": key, "Value": value} for key, value in self.tags(name).items()]

    def tagged_name(self, tags: list[Any] | dict[str, str] | None) -> str:
        """Return the name of the resource of this stack that carries these tags; empty when it is not ours."""
        pairs: dict[str, str] = tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags or ()}
        return pairs.get("awsprov:name", "") if pairs.get("awsprov:stack") == self.stack else ""

    def command_hint(self, command: str) -> str:
        """Return a command line of the AWS CLI to copy, for the same account and region.

        Arguments:
            command: the command without `aws`, quoted for a shell.
        """
        profile = self.session.profile_name
        chosen = f" --profile {shlex.quote(profile)}" if profile != "default" and not self.local else ""
        line = f"aws {command} --region {self.region}{chosen}"
        return f'(eval "$(awsprov local env)" && {line})' if self.local else line

    def arn(self, service: str, path: str) -> str:
        """Return an ARN in this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{path}"

    def cached(self, key: str, fetch: Callable[[], T], *, empty: bool = True) -> T:
        """Return the result of `fetch`, which is called once for each key until `clear_cache`.

        Arguments:
            key: identifies the result.
            fetch: makes the calls.
            empty: whether an empty result is cached, too.
        """
        with self._cache_locks[key]:
            if key in self._cache:
                return self._cache[key]  # type: ignore[no-any-return]  # of the type that fetch returned
            result = fetch()
            if result or empty:
                self._cache[key] = result
            return result

    def clear_cache(self) -> None:
        """Clear the results of `cached`."""
        self._cache.clear()

    @contextmanager
    def without_retries(self) -> Iterator[None]:
        """Send each call of this thread once: repeated, it would create a second resource.

        Raises:
            LostResponseError: a call was sent, and its response was lost.
        """
        self._sending.once = True
        try:
            yield
        finally:
            self._sending.once = False

    def wait_until(
        self,
        probe: Callable[[], T | None],
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
        return wait_until(probe, timeout, what, self.stop, initial_delay=initial_delay, maximum_delay=maximum_delay)

    def signed(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> dict[str, str]:
        """Return the headers of a request to an API of API Gateway, with the caller's SigV4 signature.

        Raises:
            NoCredentialsError: there are no credentials.
        """
        import botocore.auth  # noqa: PLC0415 - it imports all of botocore

        request = botocore.awsrequest.AWSRequest(method, url, headers=dict(headers), data=body)
        credentials = self.credentials().get_frozen_credentials()
        botocore.auth.SigV4Auth(credentials, "execute-api", self.region).add_auth(request)
        return dict(request.headers.items())

    def credentials(self) -> "Credentials":
        """Return the credentials of the session; no call is made to check them.

        Raises:
            NoCredentialsError: there are none.
        """
        found = self.session.get_credentials()
        if found is None:
            raise NoCredentialsError
        return found

    def address(self) -> str:
        """Return the IPv4 address of this machine as AWS sees it, or as a local endpoint does."""
        if self.endpoint:
            url = urlsplit(self.endpoint)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.connect((url.hostname or "", url.port or 443))  # sends nothing: it selects the interface
                return str(probe.getsockname()[0])
        response = http(
            "GET", "https://checkip.amazonaws.com", timeout=10, proxied=False
        )  # as SSH, which uses no proxy
        return response.body.decode().strip()

    def _decode(self, message: str) -> str:
        return self.sts.decode_authorization_message(EncodedMessage=message)["DecodedMessage"]

    def _wait_for_rate_limit(self, model: Any, **_: Any) -> None:
        self.stop.wait(self.rate_limiter.reserve(_operation(model)))

    def _count(self, model: Any, params: dict[str, Any], **_: Any) -> None:
        if not (isinstance(params["body"], dict) and "DryRun" in params["body"]):
            self.calls[_operation(model)] += 1

    def _check_change(self, event_name: str, **_: Any) -> None:
        """Check each time that a request is sent, as repeated ones may come late. A `before-send` hook."""
        service, operation = event_name.split(".")[1:]
        if self.before_change and _changes(service, operation):
            self.before_change()

    def _retry(
        self,
        response: Any,
        operation: Any,
        attempts: int,
        caught_exception: Exception | None,
        request_dict: dict[str, Any],
        **_: Any,
    ) -> float | None:
        """Return the seconds before a call is repeated; None to leave it to botocore. A `needs-retry` hook."""
        if isinstance(caught_exception, AwsprovError):  # of `before_change`: the request was not sent
            raise caught_exception
        if getattr(self._sending, "once", False):
            raise_if_lost(response, operation, caught_exception)
        if self.stop.is_set():
            return None
        return transient_delay(response, operation, attempts, request_dict["context"])


def _changes(service: str, operation: str) -> bool:
    """Return whether an operation could change the stack."""
    return service != _STORE and not operation.startswith(READ_PREFIXES)


def _operation(model: Any) -> str:
    return f"{model.service_model.service_name}:{model.name}"
