"""Projects whose commands the tests run, and the inventory of their stacks, which is read with boto3."""

import base64
import hashlib
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from awsprov import local
from tests.e2e import warm

Client = Callable[[str], Any]

LIBRARY = "awsprov_demo_library"  # a wheel that the tests build: nothing is downloaded
HANDLER = f"""
import json
import os
import {LIBRARY}

def lambda_handler(event, context):
    if event.get("fail"):
        raise RuntimeError("asked to fail")
    body = {{"library": {LIBRARY}.VERSION, "from": {LIBRARY}.__file__, "level": os.environ.get("LEVEL", ""),
            "secret": os.environ.get("SECRET", ""), "version": context.function_version}}
    print("answering", body["library"])
    return {{"statusCode": 200, "body": json.dumps(body)}} if "httpMethod" in event or "rawPath" in event else body
"""
CONFIG = """
name: {name}
region: us-east-1
libraries: {{requirements: lambda_src/requirements.txt, python: "3.12"}}
functions:
  answer:
    source: lambda_src
    handler: lambda_function.lambda_handler
    memory: 256
    timeout: 10
    variables: {{LEVEL: low}}
    routes: [POST /answer]
stages:
  other: {{}}
"""
# The resources of CONFIG; AWS creates and deletes network interfaces with them.
ONE_OF_EACH = {
    "vpcs": 1, "subnets": 4, "gateways": 1, "routes": 2, "addresses": 1, "nats": 1, "groups": 3, "instances": 1,
    "volumes": 1, "keys": 1, "file systems": 1, "access points": 2, "roles": 2, "policies": 2, "profiles": 1,
    "functions": 1, "logs": 1, "rest apis": 1,
}  # fmt: skip


@dataclass
class Project:
    """A project directory, and how its commands are run.

    Arguments:
        home: the directory with config.yaml.
        name: the stack's name.
        state_dir: the state directory; the local cloud is in it.
        environment: variables for the commands, in addition to those of the tests.
        timeout: seconds that a command may take.
    """

    home: Path
    name: str
    state_dir: Path
    environment: dict[str, str] = field(default_factory=dict)
    timeout: int = 200

    @property
    def config(self) -> Path:
        return self.home / "config.yaml"

    def words(self, *arguments: str) -> list[str]:
        """Return the arguments of a command, after the options that select the project."""
        return ["--config", str(self.config), "--state-dir", str(self.state_dir), "--local", *arguments]

    @property
    def _variables(self) -> dict[str, str]:
        return {**os.environ, **self.environment}

    def start(self, *arguments: str, module: Sequence[str] = ("awsprov",)) -> "subprocess.Popen[str]":
        """Start a command in a process group of its own. `module` is the module that runs it, with its arguments."""
        return subprocess.Popen(
            [sys.executable, "-m", *module, *self.words(*arguments)], env=self._variables, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def begin(self, *arguments: str, first: Callable[[int], object] = lambda _: None) -> warm.Command:
        """Start a command in a warm process. `first` is called with its pid before it begins."""
        return warm.Command(self.words(*arguments), self._variables, first)

    def end(self, *arguments: str) -> warm.Ended:
        """Run a command until it ends, with any exit code."""
        return self.begin(*arguments).end(self.timeout)

    def run(self, *arguments: str, exits: int = 0) -> warm.Ended:
        """Run a command until it ends, and check its exit code."""
        ended = self.end(*arguments)
        assert ended.returncode == exits, f"{arguments} exited with {ended.returncode}:\n{ended.stdout}\n{ended.stderr}"
        assert "Traceback" not in ended.stderr or "Its last log lines" in ended.stderr, ended.stderr
        return ended

    def json(self, *arguments: str, exits: int = 0) -> Any:
        """Run a command with --json, and return the last document that it prints."""
        document = json.loads(self.run(*arguments, "--json", exits=exits).stdout.splitlines()[-1])
        assert document["schema_version"] == 1
        return document

    def edit(self, old: str, new: str) -> None:
        text = self.config.read_text()
        assert old in text
        self.config.write_text(text.replace(old, new))

    def state(self, stack: str = "") -> Any:
        return json.loads((self.state_dir / f"{stack or self.name}.local.json").read_text())


def wheel(directory: Path, version: str, more: int = 0, name: str = LIBRARY) -> None:
    """Build a wheel with one module, and `more` other modules, which only make the installation longer."""
    directory.mkdir(exist_ok=True)
    about = f"{name}-{version}.dist-info"
    members = {
        f"{name}/__init__.py": f'VERSION = "{version}"\n',
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    members |= {f"{name}/part_{n}.py": f"NUMBER = {n}\n" for n in range(more)}
    lines = [f"{path},sha256={_digest(text)},{len(text)}" for path, text in members.items()]
    members[f"{about}/RECORD"] = "\n".join([*lines, f"{about}/RECORD,,", ""])
    with zipfile.ZipFile(directory / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in members.items():
            archive.writestr(path, text)


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def lay_out(home: Path, name: str, state_dir: Path) -> Project:
    """Create a project in a directory, with the wheels that it can install."""
    source = home / "lambda_src"
    source.mkdir(parents=True)
    for version in ("1.0", "2.0"):
        wheel(home / "wheels", version)
    (source / "lambda_function.py").write_text(HANDLER)
    (source / "requirements.txt").write_text(f"--find-links {home / 'wheels'}\n{LIBRARY}==1.0\n")
    (home / "config.yaml").write_text(CONFIG.format(name=name))
    return Project(home, name, state_dir)


@contextmanager
def cloud(directory: Path, runtimes: Path, **options: Any) -> Iterator[local.RunningCloud]:
    """Run a local cloud in a new directory.

    Arguments:
        directory: is created.
        runtimes: the directory of the Lambda runtimes, which several test runs share.
        options: for `local.start`.
    """
    directory.mkdir(parents=True)
    (directory / "runtimes").symlink_to(runtimes)
    try:
        yield local.start(directory, **options)
    finally:
        local.stop(directory)


def clients(running: local.RunningCloud) -> Client:
    """Return a function that creates boto3 clients for a cloud."""

    def make(service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]  # any service
            service,
            endpoint_url=running.endpoint,
            region_name="us-east-1",
            aws_access_key_id=running.key.access_key,
            aws_secret_access_key=running.key.secret_key,
        )

    return make


def inventory(client: Client, stack: str) -> dict[str, list[str]]:
    """Return what belongs to a stack by name or tag, by kind, as each service lists it."""
    return {kind: found for kind, found in _everything(client, stack).items() if found}


def _everything(client: Client, stack: str) -> dict[str, list[str]]:
    ec2, efs, iam, rest = client("ec2"), client("efs"), client("iam"), client("apigateway")
    ours: Any = [{"Name": "tag:awsprov:stack", "Values": [stack]}]
    vpcs = [vpc["VpcId"] for vpc in ec2.describe_vpcs(Filters=ours)["Vpcs"]]
    inside: Any = [{"Name": "vpc-id", "Values": vpcs or ["vpc-0"]}]
    pages = ec2.get_paginator("describe_instances").paginate(Filters=ours)  # terminated ones fill the first in time
    instances = [i for page in pages for r in page["Reservations"] for i in r["Instances"]]
    nats = [n for n in ec2.describe_nat_gateways(Filter=ours)["NatGateways"] if n["State"] != "deleted"]
    systems = [fs for fs in efs.describe_file_systems()["FileSystems"] if _tag(fs["Tags"], stack)]
    path = f"/awsprov/{stack}/"
    return {
        "vpcs": vpcs,
        "subnets": [s["SubnetId"] for s in ec2.describe_subnets(Filters=ours)["Subnets"]],
        "gateways": [g["InternetGatewayId"] for g in ec2.describe_internet_gateways(Filters=ours)["InternetGateways"]],
        "routes": [t["RouteTableId"] for t in ec2.describe_route_tables(Filters=ours)["RouteTables"]],
        "addresses": [a["AllocationId"] for a in ec2.describe_addresses(Filters=ours)["Addresses"]],
        "nats": [n["NatGatewayId"] for n in nats],
        "groups": [g["GroupId"] for g in ec2.describe_security_groups(Filters=ours)["SecurityGroups"]],
        "interfaces": [
            i["NetworkInterfaceId"] for i in ec2.describe_network_interfaces(Filters=inside)["NetworkInterfaces"]
        ],
        "instances": [i["InstanceId"] for i in instances if i["State"]["Name"] != "terminated"],
        "volumes": [v["VolumeId"] for v in ec2.describe_volumes(Filters=ours)["Volumes"]],
        "keys": [k["KeyName"] for k in ec2.describe_key_pairs(Filters=ours)["KeyPairs"]],
        "file systems": [fs["FileSystemId"] for fs in systems],
        "access points": [
            p["AccessPointId"] for p in efs.describe_access_points()["AccessPoints"] if _tag(p["Tags"], stack)
        ],
        "roles": [r["RoleName"] for r in iam.list_roles(PathPrefix=path)["Roles"]],
        "policies": [p["PolicyName"] for p in iam.list_policies(Scope="Local", PathPrefix=path)["Policies"]],
        "profiles": [
            p["InstanceProfileName"] for p in iam.list_instance_profiles()["InstanceProfiles"] if p["Path"] == path
        ],
        "functions": _named(client("lambda").list_functions()["Functions"], "FunctionName", stack),
        "logs": _named(client("logs").describe_log_groups()["logGroups"], "logGroupName", f"/aws/lambda/{stack}"),
        "rest apis": _named(rest.get_rest_apis()["items"], "name", stack),
        "http apis": _named(client("apigatewayv2").get_apis()["Items"], "Name", stack),
        "api keys": _named(rest.get_api_keys()["items"], "name", stack),
        "usage plans": _named(rest.get_usage_plans()["items"], "name", stack),
    }


def _tag(tags: list[dict[str, str]], stack: str) -> bool:
    return {"Key": "awsprov:stack", "Value": stack} in tags


def _named(items: list[dict[str, Any]], key: str, stack: str) -> list[str]:
    return [item[key] for item in items if item[key].startswith(f"{stack}-")]
