"""moto in this process, with the calls and the members of responses that it lacks."""

import functools
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from botocore.awsrequest import AWSResponse, HTTPHeaders
from moto import mock_aws
from moto.apigatewayv2.models import apigatewayv2_backends
from moto.ec2.models import EC2Backend, amis, ec2_backends
from moto.efs.models import EFSBackend, efs_backends
from moto.utilities.utils import load_resource

from awsprov.aws.client import Aws
from awsprov.aws.rate_limits import RateLimiter
from awsprov.config.loader import load
from awsprov.engine import discovery
from awsprov.engine.engine import Engine
from awsprov.engine.resource import Resource
from awsprov.engine.state_file import StackKey
from awsprov.local import missing, moto_caches
from awsprov.local.apigateway import resource_tags
from awsprov.local.ec2 import network_acls, network_interfaces
from awsprov.local.efs.efs_backend import AccessPointExistsError
from awsprov.resources.compute.builder import Builder
from awsprov.resources.compute.nat_instance import READY
from awsprov.ssh.client import CommandResult
from awsprov.stack.declaration import declare_stack
from tests.unit.fakes import locked, writable, write_lock

missing.install()
resource_tags.install()
network_acls.install()
moto_caches.install()


@functools.cache
def _images(path: str) -> list[dict[str, Any]]:
    return [image for image in load_resource(path) if image["name"].startswith("al2023-ami-2023")]


# moto creates all its 1,300 images at the beginning and the end of each test; awsprov uses those of Amazon Linux.
amis.load_resource = lambda path: [dict(image) for image in _images(path)]

REST = "auth: iam, cors_origin: 'https://example.com'"
FORBIDDEN: set[str] = set()  # actions that a simulation denies
ROOM = 1000  # concurrent executions of the account
DROPPED = ("FileSystemConfigs", "LoggingConfig", "EphemeralStorage")  # of a function's configuration; moto drops them
CONSOLE = "-----BEGIN SSH HOST KEY KEYS-----\nssh-ed25519 AAAA root@ip\n-----END SSH HOST KEY KEYS-----\n"
CONFIG = """\
name: demo
region: us-east-1
network: {{{network}}}
libraries: {{requirements: requirements.txt, architecture: {architecture}{libraries}}}
builder: {{instance_type: {machine}{builder}}}
functions:
  predict:
    source: src
    handler: app.handler
    variables: {{LEVEL: INFO, PASSWORD: hunter22}}
    routes: ["POST /predict", "GET /items/{{id}}"]
{functions}  second: {{source: src, handler: app.handler, routes: ["ANY /"]}}
api: {{{api}}}
"""


@dataclass
class Moto:
    """A stack on moto.

    Attributes:
        network, builder: keys of these sections; `network` replaces `nat`.
        sent: the parameters of every call, by its name.
        more: further sections of config.yaml.
        started: what each invocation of a function returns; an error if it has an `errorType`.
    """

    root: Path
    api: str
    nat: str
    architecture: str = "x86_64"
    machine: str = "t3.small"
    functions: str = ""
    libraries: str = ""
    network: str = ""
    builder: str = ""
    pin: str = "2.0"
    more: str = ""
    sent: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    clients: Aws | None = None
    started: dict[str, Any] = field(default_factory=lambda: {"awsprov": "started"})

    def aws(self) -> Aws:
        """Return clients with empty caches; creating them takes longer than all their calls to moto."""
        if self.clients is None:
            self.clients = self._create_clients()
        self.clients.clear_cache()
        self.clients.calls.clear()
        return self.clients

    def _create_clients(self) -> Aws:
        aws = Aws("demo", "us-east-1")
        events: Any = aws.session.events  # the stubs know handlers that take keywords only, and answer nothing
        events.register("before-call.apigatewayv2.GetAuthorizers", _authorizers)
        events.register("before-call.efs.DeleteFileSystemPolicy", _no_policy)
        events.register("before-call.lambda.GetAccountSettings", _account_settings)
        events.register("after-call.ec2.DeleteSubnet", _forget_associations)
        events.register("after-call.ec2.DeleteNatGateway", _free_addresses)
        events.register("after-call.ec2.DeleteNetworkInterface", _free_addresses)
        events.register("after-call.ec2.TerminateInstances", _detach_interfaces)
        events.register("before-call.iam.SimulatePrincipalPolicy", _simulated)
        events.register("before-call.lambda.Invoke", self._invoke)
        events.register("provide-client-params", self._note)
        events.register("after-call.lambda.GetFunction", self._restore)
        events.register("after-call.lambda.GetFunctionConfiguration", self._restore)
        events.register("after-call.apigateway.GetRestApi", self._restore_types)
        events.register("after-call.apigateway.GetRestApis", self._restore_types)
        return aws

    def _note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.sent.setdefault(model.name, []).append(params)

    def _invoke(self, **_: Any) -> tuple[Any, dict[str, Any]]:
        """Return what a function would: moto runs functions in Docker only."""
        failed = {"FunctionError": "Unhandled"} if "errorType" in self.started else {}
        payload = io.BytesIO(json.dumps(self.started).encode())
        answer = {"StatusCode": 200, "Payload": payload, "ResponseMetadata": {"HTTPStatusCode": 200}, **failed}
        return AWSResponse("", 200, HTTPHeaders(), None), answer

    def _restore(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        """Add the members that moto drops to a function's configuration."""
        has = parsed.get("Configuration", parsed)
        calls = [*self.sent.get("CreateFunction", []), *self.sent.get("UpdateFunctionConfiguration", [])]
        for call in calls:
            if call["FunctionName"] == has.get("FunctionName"):
                has.update({name: call[name] for name in DROPPED if name in call})

    def _restore_types(self, parsed: dict[str, Any], **_: Any) -> None:
        """Add the binary media types, which moto drops, to the descriptions of REST APIs."""
        names = {call["name"]: call for call in self.sent.get("CreateRestApi", [])}
        for api in parsed.get("items", [parsed]):
            if types := names.get(api.get("name"), {}).get("binaryMediaTypes"):
                api["binaryMediaTypes"] = types

    def write_config(self) -> Path:
        """Write config.yaml, and the libraries' lock file."""
        config = self.root / "config.yaml"
        wanted = {"api": self.api, "architecture": self.architecture, "machine": self.machine}
        wanted |= {"network": self.network or f"nat: {self.nat}", "builder": self.builder}
        wanted |= {"functions": self.functions, "libraries": self.libraries}
        config.write_text(CONFIG.format(**wanted) + self.more)
        lock = load(config).environment.lock
        write_lock(lock, locked("numpy", self.pin))
        return config

    def engine(self) -> Engine:
        """A new process."""
        home = StackKey("demo", "123456789012", "us-east-1")
        loaded = load(self.write_config())
        self.aws().role_path, self.aws().own_tags = loaded.roles.path, loaded.tags
        stack = declare_stack(loaded, "203.0.113.7/32")
        return Engine(stack, writable(self.root / "state.json", home), self.aws(), workers=1)


def _forget_associations(**_: Any) -> None:
    """Forget the associations of deleted subnets with network ACLs, which moto keeps."""
    ec2: Any = ec2_backends["123456789012"]["us-east-1"]
    existing = {subnet for zone in ec2.subnets.values() for subnet in zone}
    for acl in ec2.network_acls.values():
        for association in [each for each in acl.associations if each.subnet_id not in existing]:
            del acl._associations[association.id]


def _detach_interfaces(**_: Any) -> None:
    """Detach the interfaces that terminated instances leave, which moto keeps attached."""
    ec2: Any = ec2_backends["123456789012"]["us-east-1"]
    for instance in [each for each in ec2.all_instances() if each.state == "terminated"]:
        network_interfaces.release(instance)


def _free_addresses(**_: Any) -> None:
    """End the associations of deleted NAT gateways and interfaces with their addresses, which moto keeps."""
    ec2: Any = ec2_backends["123456789012"]["us-east-1"]
    deleted = [gateway._eni for gateway in ec2.nat_gateways.values() if gateway.state == "deleted"]
    gone = [each for each in ec2.addresses if each.eni in deleted or (each.eni and each.eni.id not in ec2.enis)]
    for address in gone:
        address.eni = address.association_id = None


def _authorizers(params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
    """The listing that moto lacks."""
    api = params["url_path"].split("/")[3]
    found = apigatewayv2_backends["123456789012"]["us-east-1"].apis[api].authorizers
    items = [{"AuthorizerId": id_, "Name": authorizer.name} for id_, authorizer in found.items()]
    return AWSResponse("", 200, HTTPHeaders(), None), {"Items": items, "ResponseMetadata": {"HTTPStatusCode": 200}}


def _account_settings(**_: Any) -> tuple[Any, dict[str, Any]]:
    """The call that moto lacks."""
    limits = {"ConcurrentExecutions": ROOM, "UnreservedConcurrentExecutions": ROOM}
    return AWSResponse("", 200, HTTPHeaders(), None), {
        "AccountLimit": limits,
        "ResponseMetadata": {"HTTPStatusCode": 200},
    }


def _simulated(params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
    """The call that moto lacks: everything is allowed but the actions in FORBIDDEN."""
    asked = [value for key, value in params["body"].items() if key.startswith("ActionNames.")]
    results = [
        {"EvalActionName": action, "EvalDecision": "implicitDeny" if action in FORBIDDEN else "allowed"}
        for action in asked
    ]
    answer = {"EvaluationResults": results, "IsTruncated": False, "ResponseMetadata": {"HTTPStatusCode": 200}}
    return AWSResponse("", 200, HTTPHeaders(), None), answer


def _no_policy(params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
    """The call that moto lacks."""
    system = params["url_path"].split("/")[-2]
    if known := efs_backends["123456789012"]["us-east-1"].file_systems_by_id.get(system):
        known.file_system_policy = None
    return AWSResponse("", 200, HTTPHeaders(), None), {"ResponseMetadata": {"HTTPStatusCode": 200}}


def _once_for_each_token(create: Callable[..., Any]) -> Callable[..., Any]:
    """Return the operation of EFS that refuses a client token of an existing access point, which moto accepts."""

    def created(backend: Any, client_token: str, **options: Any) -> Any:
        for existing in backend.access_points.values():
            if existing.client_token == client_token:
                raise AccessPointExistsError(existing.access_point_id)
        return create(backend, client_token, **options)

    return created


def _one_endpoint_for_each_token(create: Callable[..., Any]) -> Callable[..., Any]:
    """Return the operation of EC2 that returns the endpoint of a client token, of which moto creates another one."""

    def created(backend: Any, client_token: str | None = None, **options: Any) -> Any:
        existing = [each for each in backend.vpc_end_points.values() if each.state != "deleted"]
        repeated = (each for each in existing if client_token and each.client_token == client_token)
        return next(repeated, None) or create(backend, client_token=client_token, **options)

    return created


def refreshed(engine: Engine) -> dict[str, Resource]:
    """Return all resources of the stack, refreshed, by name."""
    engine.refresh()
    return {r.name: r for r in engine.stack}


class BuilderShell:
    """A session with a builder on which every command succeeds at once."""

    def run(self, *_: object) -> CommandResult:
        """Return what the installation prints last."""
        return CommandResult(0, ("packages=1 bytes=1",))

    def put(self, content: bytes, path: str) -> None:
        """Drop the file."""

    def send(self, content: BinaryIO, path: str) -> None:
        """Drop the file."""


@contextmanager
def on_moto(root: Path, api: str = REST, nat: str = "single", functions: str = "") -> Iterator[Moto]:
    """Start moto with a project; the builder installs nothing, and `functions` adds lines to the first function."""
    (root / "src").mkdir(parents=True)
    (root / "src" / "app.py").write_text("def handler(event, context): ...\n")
    (root / "requirements.txt").write_text("numpy\n")
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
            patch.delenv(name, raising=False)
        patch.setattr(discovery, "SETTLED_AFTER", 0.5)
        patch.setattr(RateLimiter, "reserve", lambda *_: 0.0)  # moto has no quotas
        patch.setattr("awsprov.resources.compute.host_keys.console_output", lambda *_: CONSOLE)
        patch.setattr("awsprov.resources.compute.nat_instance.console_output", lambda *_: READY)
        patch.setattr(EFSBackend, "create_access_point", _once_for_each_token(EFSBackend.create_access_point))
        patch.setattr(EC2Backend, "create_vpc_endpoint", _one_endpoint_for_each_token(EC2Backend.create_vpc_endpoint))
        patch.setattr(Builder, "shell", lambda *_: nullcontext(BuilderShell()))
        yield Moto(root, api, nat, functions=functions)
