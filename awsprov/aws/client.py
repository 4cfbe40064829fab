"""Aws: the clients of one account and region, with the names, tags and ARNs of one stack in it."""

import re
import shlex
import socket
from collections.abc import Mapping
from functools import cached_property, partial
from ipaddress import IPv4Address
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.exceptions import NoCredentialsError

from awsprov.aws.background import in_background
from awsprov.aws.calls import Calls
from awsprov.aws.errors import decode_denial
from awsprov.aws.http import http
from awsprov.aws.local_endpoint import LocalEndpoint
from awsprov.aws.place import Place
from awsprov.aws.session import configured_endpoint
from awsprov.aws.url_suffixes import partition_of, url_suffix
from awsprov.errors import AwsprovError

if TYPE_CHECKING:
    from concurrent.futures import Future

    from botocore.credentials import Credentials

LIKE = "awsprov:like"  # the tag that names the stage of config.yaml that another stage is like


class Aws(Calls):
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
        self.session.events.register("after-call.ec2", partial(decode_denial, self._decode))

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
    def place(self) -> Place:
        """The region of the account."""
        return Place(self.region, self.account)

    @property
    def partition(self) -> str:
        """The region's partition, such as `aws`, `aws-cn` or `aws-us-gov`."""
        return partition_of(self.region)

    @cached_property
    def endpoint(self) -> str:
        """The endpoint URL that a person has configured (a local cloud, a proxy); empty for AWS's own."""
        return self.local.url if self.local else configured_endpoint(self.core)

    @property
    def url_suffix(self) -> str:
        """The end of the host names of AWS's endpoints in the region, such as `amazonaws.com`."""
        return url_suffix(self.region)

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
        return self.place.arn(service, path)

    def signed(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> dict[str, str]:
        """Return the headers of a request to an API of API Gateway, with the caller's SigV4 signature.

        Raises:
            NoCredentialsError: there are no credentials.
        """
        import botocore.auth  # it imports all of botocore

        request = botocore.awsrequest.AWSRequest(method, url, headers=dict(headers), data=body)
        credentials = self.credentials().get_frozen_credentials()
        botocore.auth.SigV4Auth(credentials, "execute-api", self.region).add_auth(request)
        return dict(request.headers.items())

    def presigned_url(self, service: str, url: str) -> str:
        """Return the URL of a GET request with the caller's SigV4 signature in its query, which is valid for a minute.

        Raises:
            NoCredentialsError: there are no credentials.
        """
        import botocore.auth  # it imports all of botocore

        request = botocore.awsrequest.AWSRequest("GET", url)
        credentials = self.credentials().get_frozen_credentials()
        botocore.auth.SigV4QueryAuth(credentials, service, self.region, expires=60).add_auth(request)
        return str(request.url)

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
        """Return the IPv4 address of this machine as AWS sees it, or as a local endpoint does.

        Raises:
            AwsprovError: the response of AWS's service is none, as in a network that asks for a sign-in first.
        """
        if self.endpoint:
            url = urlsplit(self.endpoint)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.connect((url.hostname or "", url.port or 443))  # sends nothing: it selects the interface
                return str(probe.getsockname()[0])
        # Without a proxy, as SSH.
        response = http("GET", "https://checkip.amazonaws.com", timeout=10, proxied=False)
        try:
            return str(IPv4Address(response.body.decode().strip()))
        except ValueError as error:
            raise AwsprovError(
                "The public address of this machine is not known.",
                why="https://checkip.amazonaws.com did not return an address.",
                remedy="Sign in to the network if it asks for that; or set `builder.ssh_from` in config.yaml to the "
                "address range from which this machine connects.",
            ) from error

    def _decode(self, message: str) -> str:
        return self.sts.decode_authorization_message(EncodedMessage=message)["DecodedMessage"]
