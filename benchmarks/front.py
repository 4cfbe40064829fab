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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from awsprov import local
from benchmarks.bars import Bar
from benchmarks.processes import memory, processor
from tests.e2e.projects import Client, clients

CLIENTS, SECONDS = 8, 10.0
_MEMORY_REQUESTS = 50_000
_INVOCATIONS = 300
_START, _INVOKE, _RATE, _GROWTH = 3.0, 8.0, 300.0, 60.0  # the thresholds: s, ms, requests per second, MB
_SOURCE = Path(__file__).parents[1] / "lambda_src"
_REQUEST = Path(__file__).parents[1] / "examples" / "request.json"
_TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
_ECHO = "def handler(event, context):\n    print('called')\n    return {'statusCode': 200, 'body': event.get('body')}\n"
_BODY = json.dumps({"text": "x" * 1000})  # about 1 KB, in and out


def measure() -> list[Bar]:
    """Measure everything on one local cloud."""
    with _cloud() as (cloud, started):
        client = clients(cloud)
        demo = _api(client, "demo", "lambda_function.lambda_handler", _zipped(_SOURCE))
        echo = _api(client, "echo", "app.handler", _zip({"app.py": _ECHO}))
        invoke = _warm_invoke(client("lambda"))
        rate, cpu = _load(cloud, echo, _BODY, SECONDS)
        demo_rate, _ = _load(cloud, demo, _REQUEST.read_text(), SECONDS)
        before = memory(cloud.pid)
        _load(cloud, echo, _BODY, requests=_MEMORY_REQUESTS)
        growth = memory(cloud.pid) - before
    print(f"front: {cpu * 1000:.2f} ms of CPU time in the local cloud per request", file=sys.stderr)
    print(f"front: {demo_rate:.0f} requests per second with the handler of the demo", file=sys.stderr)
    return [
        Bar("local cloud, start to ready: processor", started, _START, 1, faster=False),
        Bar("local cloud, warm invoke, p50", invoke * 1000, _INVOKE, 1, faster=False, unit="ms"),
        Bar(f"local cloud, HTTP front with {CLIENTS} clients", _RATE, rate, 1, faster=True, unit="/s"),
        Bar("local cloud, memory grown in 50,000 requests", growth, _GROWTH, 1, faster=False, unit="MB"),
    ]


@contextmanager
def _cloud() -> Iterator[tuple[local.RunningCloud, float]]:
    """Yield a local cloud, and the seconds of CPU time that its start took."""
    with tempfile.TemporaryDirectory() as directory:
        try:
            cloud = local.start(Path(directory))
            yield cloud, processor(cloud.pid)
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
    """Return the median duration of an invocation through the Lambda API, in seconds."""
    durations = []
    for _ in range(_INVOCATIONS):
        began = time.perf_counter()
        functions.invoke(FunctionName="echo", Payload=b"{}")["Payload"].read()
        durations.append(time.perf_counter() - began)
    return statistics.median(durations[_INVOCATIONS // 10 :])


def _load(
    cloud: local.RunningCloud, url: str, body: str, seconds: float = 0.0, requests: int = 0
) -> tuple[float, float]:
    """Return the requests per second, and the seconds of CPU time that the local cloud used for each."""
    parts = urlsplit(url)
    arguments = [str(parts.port), parts.path, body, str(CLIENTS), str(seconds), str(requests)]
    command = [sys.executable, "-m", "benchmarks.clients", *arguments]
    subprocess.run(command, check=True, capture_output=True, text=True)  # warm-up: workers start and import the code
    before = processor(cloud.pid)
    result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return result["requests"] / result["seconds"], (processor(cloud.pid) - before) / result["requests"]


def _zipped(directory: Path) -> bytes:
    return _zip({path.name: path.read_text() for path in directory.glob("*.py")})


def _zip(members: dict[str, str]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        for name, text in members.items():
            package.writestr(name, text)
    return archive.getvalue()
