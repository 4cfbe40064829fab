"""Functions, versions, logs and deployments after a restart of the cloud."""

from collections.abc import Callable
from pathlib import Path

import pytest

from awsprov import local
from tests.local.conftest import LocalCloud
from tests.local.serving.conftest import Lambda, make_role
from tests.local.serving.test_gateway_rest import ANY_API, Api, send


def test_functions_and_apis_survive_a_restart(
    start_cloud: Callable[..., LocalCloud], tmp_path_factory: pytest.TempPathFactory, runtime: Path, kept_runtimes: Path
) -> None:
    directory = tmp_path_factory.mktemp("restart")
    (directory / "runtimes").symlink_to(kept_runtimes)
    cloud = start_cloud(directory)
    functions = Lambda(cloud, make_role(cloud), cloud.client("lambda"))
    functions.create("proxy", Handler="app.proxy")
    functions.client.publish_version(FunctionName="proxy")
    functions.client.create_alias(FunctionName="proxy", Name="live", FunctionVersion="1")
    functions.client.add_permission(FunctionName="proxy", StatementId="any", **ANY_API)
    api = Api(functions)
    api.method("GET", "/deployed")
    base = api.deploy()
    api.method("GET", "/later")
    assert send(base, "GET", "/deployed").status == 200

    local.stop(directory)
    again = start_cloud(directory)
    assert again.running.front_port == cloud.running.front_port
    assert send(base, "GET", "/deployed").json["resource"] == "/deployed"
    assert send(base, "GET", "/later").status == 403
    client = again.client("lambda")
    assert client.invoke(FunctionName="proxy", Qualifier="live")["ExecutedVersion"] == "1"
    assert client.publish_version(FunctionName="proxy")["Version"] == "1"
    events = again.client("logs").filter_log_events(logGroupName="/aws/lambda/proxy")["events"]
    assert len({event["eventId"] for event in events}) == len(events) > 8
