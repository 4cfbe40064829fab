"""A local cloud that runs, as its clients see it: addresses, keys, and what a user must know."""

import json
import os
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from awsprov.local.cloud import HOST
from awsprov.local.credentials import RootKey
from awsprov.local.inherited import proxies

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_TIMEOUT = 60.0  # seconds for a response on a busy machine
_LIMITS = (
    "Networks are only recorded: subnets, security groups and NAT gateways isolate nothing.",
    "Instances and functions run as your user on this machine: run only code that you trust.",
    "Limits of a function's memory and /tmp are not enforced.",
)
_ANY_KEY = "Any program of this machine can control this cloud, and so run programs as you: it accepts any key pair."


class CloudError(Exception):
    """The local cloud cannot start or stop, or rejects a request. `hint` says what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, kw_only=True)
class CloudRecord:
    """What a local cloud writes into its directory while it runs.

    Arguments:
        pid: of its process.
        port: on 127.0.0.1.
        endpoint: the URL for SDKs.
        pace: 0 for no delays, 1 for as slow as AWS.
        consistency: seconds for which new ids are not found.
        versions: of awsprov, moto and Python.
        started: seconds since the epoch.
        front_port: on 127.0.0.1, where APIs answer.
        any_key: whether it accepts any key pair.
    """

    pid: int
    port: int
    endpoint: str
    pace: float
    consistency: float
    versions: dict[str, str]
    started: float
    front_port: int = 0
    any_key: bool = False


@dataclass(frozen=True, kw_only=True)
class RunningCloud(CloudRecord):
    """A local cloud that runs.

    Arguments:
        directory: of its files.
        key: the key pair of its root user.
    """

    directory: Path
    key: RootKey

    def environment(self, region: str = "us-east-1") -> dict[str, str]:
        """Return the environment variables with which AWS clients use this cloud, and no file of the user's."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.key.access_key,
            "AWS_SECRET_ACCESS_KEY": self.key.secret_key,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            **{name: value for name, value in proxies(os.environ).items() if name.lower() == "no_proxy"},
        }

    @staticmethod
    def conflicting(variables: Iterable[str]) -> list[str]:
        """Return the names of those variables with which AWS clients would use another endpoint or other keys."""
        wrong = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
        others = ("AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "AWS_SECURITY_TOKEN")
        return sorted(name for name in variables if name in {*wrong, *others} or name.startswith("AWS_ENDPOINT_URL_"))

    def admin_request(self, method: str, name: str, **body: Any) -> dict[str, Any]:
        """Call the cloud's own API, such as `admin_request("POST", "faults", kind="throttle")`.

        Raises:
            CloudError: with the message of the response.
        """
        return self._send(("awsprov", "us-east-1"), method, f"/_awsprov/{name}", json.dumps(body))

    def has_secret(self, region: str, reference: str) -> bool:
        """Return whether a secret exists.

        Arguments:
            region: the AWS region that it is stored in.
            reference: `ssm:/name` or `secretsmanager:name`.
        """
        scheme, _, name = reference.partition(":")
        try:
            if scheme == "ssm":
                self._call("ssm", region, "AmazonSSM.GetParameter", {"Name": name})
            else:
                self._call(scheme, region, "secretsmanager.DescribeSecret", {"SecretId": name})
        except CloudError:
            return False
        return True

    def store_secret(self, region: str, reference: str, value: str) -> None:
        """Store a secret; one that exists gets the new value.

        Arguments:
            region: the AWS region that it is stored in.
            reference: `ssm:/name` or `secretsmanager:name`.
            value: its value.

        Raises:
            CloudError: with the message of the response.
        """
        scheme, _, name = reference.partition(":")
        if scheme == "ssm":
            parameter = {"Name": name, "Type": "SecureString", "Value": value, "Overwrite": True}
            self._call("ssm", region, "AmazonSSM.PutParameter", parameter)
            return
        try:
            self._call(scheme, region, "secretsmanager.CreateSecret", {"Name": name, "SecretString": value})
        except CloudError:  # it exists
            self._call(scheme, region, "secretsmanager.PutSecretValue", {"SecretId": name, "SecretString": value})

    def _call(self, service: str, region: str, target: str, body: dict[str, Any]) -> None:
        """Call an operation of a service whose protocol is JSON."""
        document = {"ClientRequestToken": str(uuid.uuid4()), **body} if service == "secretsmanager" else body
        headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}
        self._send((service, region), "POST", "/", json.dumps(document), headers)

    def _send(
        self, scope: tuple[str, str], method: str, path: str, body: str, headers: Mapping[str, str] = _NO_HEADERS
    ) -> dict[str, Any]:
        """Send a request that is signed for a service and a region; return the document in the response."""
        import http.client  # a quarter of this module's import, and few need it

        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        request = AWSRequest(method, f"{self.endpoint}{path}", data=body, headers=dict(headers))
        SigV4Auth(Credentials(self.key.access_key, self.key.secret_key), *scope).add_auth(request)
        connection = http.client.HTTPConnection(HOST, self.port, timeout=_TIMEOUT)
        connection.request(method, path, request.data, dict(request.headers))
        response = connection.getresponse()
        document = dict(json.load(response))
        if response.status != http.client.OK:
            raise CloudError(document.get("message", response.reason))
        return document

    def resolve_python(self, python: str) -> str:
        """Return the version, such as "3.11", of the Python that runs `python` in instances and functions.

        It is another version only if the wanted one is neither installed nor can be downloaded.
        """
        from awsprov.local import interpreters  # only to resolve

        interpreters.record(self.directory)
        return ".".join(interpreters.find(python).version.split(".")[:2])

    @property
    def notices(self) -> list[str]:
        """What a user must know: the limits of the cloud, and which Python stands in for another one."""
        return [*_LIMITS, *([_ANY_KEY] if self.any_key else []), *self.stand_ins()]

    def stand_ins(self, python: str = "") -> list[str]:
        """Return a notice for each Python that stands in for another version, as far as they are chosen.

        Arguments:
            python: the only version to report, as "3.12"; empty for all.
        """
        from awsprov.local import interpreters  # only to resolve

        return [
            f"Python {chosen.version} ({chosen.path}) stands in for Python {version}."
            for version, chosen in interpreters.recorded(self.directory).items()
            if not chosen.exact and python in ("", version)
        ]
