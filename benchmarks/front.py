"""The local cloud: its start, a warm invocation, the HTTP front under load, and its memory."""

import io
import json
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3

from awsprov import local
from benchmarks import baselines
from benchmarks.baselines import ECHO
from benchmarks.comparison import Comparison
from benchmarks.process_usage import cpu_seconds, memory
from tests.e2e.projects import Client, clients

CLIENTS, SECONDS = 8, 5.0
_MEMORY_REQUESTS = 20_000
_INVOCATIONS = 300
_GROWTH = 24.0  # MB
_JSON = "Content-Type: application/json"
_IDENTITY = "Action=GetCallerIdentity&Version=2011-06-15"
_SIGNED = [
    "Content-Type: application/x-www-form-urlencoded",
    "Authorization: AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=x",
]
_SOURCE = Path(__file__).parents[1] / "lambda_src"
_REQUEST = Path(__file__).parents[1] / "examples" / "request.json"
_TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
_BODY = json.dumps({"text": "x" * 1000})  # about 1 KB, in and out


def measure() -> list[Comparison]:
    """Measure everything on one local cloud, and the servers that it is compared with right after it."""
    with _cloud() as (cloud, started):
        client = clients(cloud)
        demo = _api(client, "demo", "lambda_function.lambda_handler", _zipped(_SOURCE))
        echo = _api(client, "echo", "app.handler", _zip({"app.py": ECHO}))
        invoke = _warm_invoke(client("lambda"))
        _load(echo, _BODY, seconds=2.0)  # workers start and import the code
        before = cpu_seconds(cloud.pid)
        rate = _load(echo, _BODY, SECONDS)
        cpu = (cpu_seconds(cloud.pid) - before) / (rate * SECONDS)
        moto_start, moto_invoke, moto_rate = _moto()
        cheroot_rate = _cheroot()
        demo_rate = _load(demo, _REQUEST.read_text(), SECONDS)
        before = memory(cloud.pid)
        _load(echo, _BODY, requests=_MEMORY_REQUESTS)
        growth = memory(cloud.pid) - before
    print(f"front: {cpu * 1000:.2f} ms of CPU time in the local cloud per request", file=sys.stderr)
    print(f"front: {demo_rate:.0f} requests per second with the handler of the demo", file=sys.stderr)
    front = f"HTTP front with {CLIENTS} clients"
    return [
        Comparison("local cloud, CPU time of its start, against moto's server", started, moto_start, 3.5, faster=False),
        Comparison(
            "local cloud, warm invoke, against a call of moto's server",
            invoke,
            moto_invoke,
            4,
            faster=False,
            unit="ms",
        ),
        Comparison(f"{front}, against moto's server", moto_rate, rate, 3, unit="/s"),
        Comparison(f"{front}, against the handler under cheroot", cheroot_rate, rate, 0.4, unit="/s"),
        Comparison("local cloud, memory growth over 20,000 requests", growth, _GROWTH, 1, faster=False, unit="MB"),
    ]


def _moto() -> tuple[float, float, float]:
    """Return the CPU time of the start of moto's server, the milliseconds of a call, and its calls per second."""
    with baselines.moto() as server:
        started, url = cpu_seconds(server.pid), f"http://127.0.0.1:{server.port}"
        session = boto3.Session("x", "x", region_name="us-east-1")
        sts = session.client("sts", endpoint_url=url)
        return started, _median(sts.get_caller_identity), _load(f"{url}/", _IDENTITY, SECONDS, headers=_SIGNED)


def _cheroot() -> float:
    """Return the requests per second of the handler under cheroot."""
    with baselines.cheroot() as server:
        return _load(f"http://127.0.0.1:{server.port}/", _BODY, SECONDS)


@contextmanager
def _cloud() -> Iterator[tuple[local.RunningCloud, float]]:
    """Yield a local cloud, and the seconds of CPU time that its start took."""
    with tempfile.TemporaryDirectory() as directory:
        try:
            cloud = local.start(Path(directory))
            yield cloud, cpu_seconds(cloud.pid)
        finally:
            local.stop(Path(directory))


def _api(client: Client, name: str, handler: str, code: bytes) -> str:
    """Create a function, with the libraries of this Python, and a REST API for it; return the URL of the API."""
    role = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [_TRUST]}))
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    settings: Any = {"Runtime": python, "Handler": handler, "Timeout": 29, "MemorySize": 1024}
    settings["Environment"] = {"Variables": {"PYTHONPATH": sysconfig.get_paths()["purelib"], "LOG_LEVEL": "INFO"}}
    function = client("lambda").create_function(
        FunctionName=name, Role=role["Role"]["Arn"], Code={"ZipFile": code}, **settings
    )
    gateway, arn = client("apigateway"), function["FunctionArn"]
    created = gateway.create_rest_api(name=name)
    api = created["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    where: Any = {"restApiId": api, "resourceId": root, "httpMethod": "POST"}
    gateway.put_method(**where, authorizationType="NONE")
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    gateway.put_integration(**where, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    gateway.create_deployment(restApiId=api, stageName="bench")
    client("lambda").add_permission(
        FunctionName=name, StatementId="api", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com"
    )
    return f"{created['tags']['awsprov:invoke-url']}/bench/"


def _warm_invoke(functions: Any) -> float:
    """Return the median duration of an invocation through the Lambda API, in milliseconds."""

    def invoke() -> None:
        functions.invoke(FunctionName="echo", Payload=b"{}")["Payload"].read()

    return _median(invoke)


def _median(call: Callable[[], object]) -> float:
    """Return the median duration of a call, in milliseconds, without the first ones."""
    durations = []
    for _ in range(_INVOCATIONS):
        began = time.perf_counter()
        call()
        durations.append(time.perf_counter() - began)
    return 1000 * statistics.median(durations[_INVOCATIONS // 10 :])


def _load(url: str, body: str, seconds: float = 0.0, requests: int = 0, headers: Sequence[str] = (_JSON,)) -> float:
    """Return the requests per second."""
    parts = urlsplit(url)
    arguments = [str(parts.port), parts.path, body, str(CLIENTS), str(seconds), str(requests), *headers]
    command = [sys.executable, "-m", "benchmarks.clients", *arguments]
    result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return float(result["requests"] / result["seconds"])


def _zipped(directory: Path) -> bytes:
    return _zip({path.name: path.read_text() for path in directory.glob("*.py")})


def _zip(members: dict[str, str]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        for name, text in members.items():
            package.writestr(name, text)
    return archive.getvalue()
