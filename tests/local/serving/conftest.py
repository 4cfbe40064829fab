"""A local cloud with Lambda functions."""

import asyncio
import io
import json
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from awsprov.local.cloud import Cloud
from awsprov.local.iam.role_sessions import RoleSession
from awsprov.local.lambda_ import runtimes, sandbox
from awsprov.local.lambda_.invocation import Invocation
from awsprov.local.lambda_.sandbox import Sandbox, WorkerConfig
from awsprov.local.lambda_.workers import Worker
from tests.local.conftest import LocalCloud

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
APP = Path(__file__).parent / "handlers" / "app.py"


def package(source: str) -> bytes:
    """Return a zip with the source as `app.py`."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr(zipfile.ZipInfo("app.py", (2020, 1, 1, 0, 0, 0)), source)
    return archive.getvalue()


@dataclass
class Lambda:
    """Creates and invokes functions of the cloud under test."""

    cloud: LocalCloud
    role: str
    client: Any
    names: list[str] = field(default_factory=list)

    def create(self, name: str, source: str = "", **settings: Any) -> str:
        """Create a function; by default with the source of handlers/app.py."""
        given = {"Runtime": f"python{PYTHON}", "Role": self.role, "Handler": "app.handler", **settings}
        code = {"ZipFile": package(source or APP.read_text())}
        self.client.create_function(FunctionName=name, Code=code, **given)
        self.client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
        self.names.append(name)
        return name

    def invoke(self, name: str, event: Any = None, **settings: Any) -> Any:
        """Return the response with its payload parsed."""
        response = self.client.invoke(FunctionName=name, Payload=json.dumps(event or {}), **settings)
        payload = response["Payload"].read()
        return {**response, "Payload": json.loads(payload) if payload else None}

    def do(self, name: str, action: str, /, **event: Any) -> Any:
        """Return the payload of a successful invocation."""
        response = self.invoke(name, {"do": action, **event})
        assert "FunctionError" not in response, response["Payload"]
        return response["Payload"]


@pytest.fixture(scope="session")
def runtime(kept_runtimes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of the runtime's environment."""
    directory = tmp_path_factory.mktemp("runtime")
    (directory / "runtimes").symlink_to(kept_runtimes)
    return runtimes.python(Cloud(directory, 0), PYTHON)


@pytest.fixture(scope="session")
def cloud(
    start_cloud: Callable[..., LocalCloud], tmp_path_factory: pytest.TempPathFactory, runtime: Path, kept_runtimes: Path
) -> LocalCloud:
    """A running cloud that has its runtime."""
    directory = tmp_path_factory.mktemp("serving")
    (directory / "runtimes").symlink_to(kept_runtimes)
    return start_cloud(directory)


@pytest.fixture(scope="session")
def role(cloud: LocalCloud) -> str:
    """A role that Lambda can assume."""
    return make_role(cloud)


def make_role(cloud: LocalCloud) -> str:
    """Create a role that Lambda can assume."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    response = cloud.client("iam").create_role(RoleName="functions", AssumeRolePolicyDocument=document)
    return str(response["Role"]["Arn"])


@pytest.fixture
def functions(cloud: LocalCloud, role: str) -> Iterator[Lambda]:
    """Functions that are deleted after the test."""
    lambda_ = Lambda(cloud, role, cloud.client("lambda"))
    yield lambda_
    for name in lambda_.names:
        lambda_.client.delete_function(FunctionName=name)


@pytest.fixture(scope="session")
def shared(cloud: LocalCloud, role: str) -> Lambda:
    """One function, `shared`, for all tests that do not change it; its timeout is 3 seconds."""
    lambda_ = Lambda(cloud, role, cloud.client("lambda"))
    lambda_.create("shared", Timeout=3, Environment={"Variables": {"MINE": "yes"}})
    return lambda_


CONFIG = WorkerConfig("us-east-1", "f", "$LATEST", "app.handler", f"python{PYTHON}", "0" * 64, 3, 128, "/aws/lambda/f")
SESSION = RoleSession("ASIAWORKER", "secret", "token", "role", "f", "function", time.time() + 3600)
Start = Callable[..., Worker]


@pytest.fixture
def start(runtime: Path, tmp_path: Path) -> Iterator[Start]:
    """A function that starts a worker with the given source."""
    started: list[Worker] = []

    def start(source: str, config: WorkerConfig = CONFIG, **variables: str) -> Worker:
        cloud = Cloud(tmp_path, 1)
        code = f"{len(started):064d}"
        sandbox.unpack(cloud, code, package(source))
        own = Sandbox(runtime, sandbox.code_directory(cloud, code), cloud.make_directory("scratch"), "stream", SESSION)
        started.append(Worker(config, own, {**sandbox.environment(cloud, config, own), **variables}))
        return started[-1]

    yield start
    for worker in started:
        worker.close()


def run(worker: Worker, payload: bytes = b"{}") -> Invocation:
    invocation = Invocation("1-2-3", "arn:f", payload, init=0.0)
    worker.begin(invocation)
    assert asyncio.run(worker.advance(time.monotonic() + 20))
    return invocation


def payload(invocation: Invocation) -> bytes:
    assert invocation.outcome
    return invocation.outcome.payload
