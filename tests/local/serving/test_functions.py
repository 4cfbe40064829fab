"""Lambda functions on a running local cloud, through boto3."""

import base64
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import LocalCloud, Network, make_role, until
from tests.local.serving.conftest import PYTHON, Lambda, package


def messages(cloud: LocalCloud, group: str) -> list[str]:
    events = cloud.client("logs").filter_log_events(logGroupName=group, interleaved=True)["events"]
    return [event["message"] for event in events]


def test_an_event_gets_a_response_and_the_worker_is_reused(shared: Lambda) -> None:
    first, second = shared.do("shared", "echo", text="ñ"), shared.do("shared", "echo")
    assert first["event"] == {"do": "echo", "text": "ñ"}
    assert second["pid"] == first["pid"]
    assert second["count"] == first["count"] + 1


def test_the_context_object_has_lambdas_values(shared: Lambda) -> None:
    custom = base64.b64encode(json.dumps({"custom": {"a": "b"}}).encode()).decode()
    response = shared.invoke("shared", {"do": "facts"}, ClientContext=custom)
    facts = response["Payload"]
    assert facts["arn"] == "arn:aws:lambda:us-east-1:123456789012:function:shared"
    assert (facts["name"], facts["version"], facts["memory"]) == ("shared", "$LATEST", "128")
    assert facts["group"] == "/aws/lambda/shared"
    assert "/[$LATEST]" in facts["stream"]
    assert 2000 < facts["left"] <= 3000
    assert facts["custom"] == {"a": "b"}
    assert response["ExecutedVersion"] == "$LATEST"


def test_the_log_contains_lines_records_and_the_report_in_order(functions: Lambda) -> None:
    functions.create("speaker")
    tail = base64.b64decode(functions.invoke("speaker", {"do": "speak"}, LogType="Tail")["LogResult"]).decode()
    lines = messages(functions.cloud, "/aws/lambda/speaker")
    assert "".join(lines) == tail
    beginnings = ["INIT_START", "loaded", "START", "one", "[INFO]", "three", "four", "END", "REPORT"]
    assert len(lines) == len(beginnings)
    assert all(line.startswith(beginning) for line, beginning in zip(lines, beginnings, strict=True))
    assert "two\nlines" in lines[4]
    assert "Memory Size: 128 MB\tMax Memory Used: " in lines[-1]
    assert "Init Duration: " in lines[-1]
    assert "Max Memory Used: 0 MB" not in lines[-1]


def test_logging_config_sets_the_log_group(functions: Lambda) -> None:
    functions.create("elsewhere", LoggingConfig={"LogFormat": "JSON", "LogGroup": "/mine"})
    functions.do("elsewhere", "speak")
    record = next(line for line in messages(functions.cloud, "/mine") if "two" in line)
    assert json.loads(record)["message"] == "two\nlines"
    configuration = functions.client.get_function_configuration(FunctionName="elsewhere")
    assert configuration["LoggingConfig"] == {"LogFormat": "JSON", "LogGroup": "/mine"}


@pytest.mark.parametrize(
    ("event", "kind", "message"),
    [
        ({"do": "fail", "message": "bad"}, "ValueError", "bad"),
        ({"do": "exit", "status": 3}, "Runtime.ExitError", "Runtime exited with error: exit status 3"),
        ({"do": "exit", "status": 0}, "Runtime.ExitError", "Runtime exited without providing a reason"),
        ({"do": "vanish"}, "Runtime.ExitError", "Runtime exited with error: signal: killed"),
        ({"do": "large", "size": 7_000_000}, "Function.ResponseSizeTooLarge", "payload size (6291556 bytes)."),
    ],
)
def test_a_function_that_fails_is_unhandled(shared: Lambda, event: dict[str, Any], kind: str, message: str) -> None:
    response = shared.invoke("shared", event)
    assert response["StatusCode"] == 200
    assert response["FunctionError"] == "Unhandled"
    assert response["Payload"]["errorType"] == kind
    assert response["Payload"]["errorMessage"].endswith(message)
    assert shared.do("shared", "echo")["event"] == {"do": "echo"}  # the next invocation works


def test_a_worker_that_exits_while_idle_is_replaced(shared: Lambda) -> None:
    shared.do("shared", "die later")
    time.sleep(0.2)
    assert shared.do("shared", "echo")["count"] == 1


def test_a_function_ends_at_its_timeout(functions: Lambda) -> None:
    functions.create("slow", Timeout=1)
    started = time.monotonic()
    response = functions.invoke("slow", {"do": "sleep", "seconds": 30}, LogType="Tail")
    assert 1 <= time.monotonic() - started < 20
    assert response["Payload"]["errorType"] == "Sandbox.Timedout"
    assert response["Payload"]["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    log = base64.b64decode(response["LogResult"]).decode()
    assert "Task timed out after 1.00 seconds" in log
    assert "Duration: 1000.00 ms" in log
    assert log.rstrip().endswith("Status: timeout")


@pytest.mark.parametrize(
    ("source", "handler", "kind", "message"),
    [
        ("import nowhere", "app.handler", "Runtime.ImportModuleError", "No module named 'nowhere'"),
        ("def handler(", "app.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app'"),
        ("x = 1", "app.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
        ("raise KeyError('k')", "app.handler", "KeyError", "'k'"),
        ("import sys; sys.exit(4)", "app.handler", "Runtime.ExitError", "exit status 4"),
    ],
)
def test_a_function_that_cannot_be_loaded_reports_the_reason(
    functions: Lambda, source: str, handler: str, kind: str, message: str
) -> None:
    functions.create("broken", source, Handler=handler)
    response = functions.invoke("broken", LogType="Tail")
    assert response["FunctionError"] == "Unhandled"
    assert response["Payload"]["errorType"] == kind
    assert message in response["Payload"]["errorMessage"]
    log = base64.b64decode(response["LogResult"]).decode()
    assert ("Phase: init\tStatus: error\tError Type: Runtime.ExitError" in log) == (kind == "Runtime.ExitError")


def test_the_environment_has_only_lambdas_and_the_functions_variables(shared: Lambda) -> None:
    document = shared.do("shared", "environment")
    variables = document["variables"]
    assert variables["MINE"] == "yes"
    assert variables["AWS_ACCESS_KEY_ID"] != shared.cloud.running.key.access_key
    assert variables["AWS_SESSION_TOKEN"]
    assert shared.cloud.running.key.secret_key not in variables.values()
    assert not [name for name in variables if name.startswith("_LOCAL")]
    assert variables["AWS_ENDPOINT_URL"] == shared.cloud.endpoint
    assert variables["AWS_EXECUTION_ENV"].startswith("AWS_Lambda_python3.")
    assert variables["HOME"] != os.environ["HOME"]
    foreign = {"PYTEST_CURRENT_TEST", "USER", "SSH_AUTH_SOCK", "VIRTUAL_ENV", "OLDPWD", "SHELL"}
    assert not foreign & set(variables)
    assert not [path for path in document["path"] if "awsprov" in Path(path).name]
    assert document["path"][0] == variables["LAMBDA_TASK_ROOT"] == document["cwd"]


def test_functions_cannot_import_the_clouds_dependencies(shared: Lambda) -> None:
    assert shared.invoke("shared", {"do": "import", "name": "moto"})["Payload"]["errorType"] == "ModuleNotFoundError"
    assert "runtimes" in shared.do("shared", "import", name="boto3")


def test_changed_code_or_configuration_gets_a_new_worker(functions: Lambda) -> None:
    functions.create("changing")
    before = functions.do("changing", "echo")["pid"]
    functions.client.update_function_configuration(FunctionName="changing", Environment={"Variables": {"MINE": "2"}})
    document = functions.do("changing", "environment")
    assert document["variables"]["MINE"] == "2"
    with pytest.raises(ProcessLookupError):
        os.kill(before, 0)
    functions.client.update_function_code(FunctionName="changing", ZipFile=package("def handler(e, c): return 'new'"))
    assert functions.invoke("changing")["Payload"] == "new"


def test_versions_and_aliases_run_their_own_code(functions: Lambda) -> None:
    client, name = functions.client, functions.create("versioned", "def handler(e, c): return c.invoked_function_arn")
    assert client.publish_version(FunctionName=name)["Version"] == "1"
    assert client.publish_version(FunctionName=name)["Version"] == "1"  # nothing has changed
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    client.update_function_code(FunctionName=name, ZipFile=package("def handler(e, c): return 'two'"), Publish=True)
    old = functions.invoke(name, Qualifier="live")
    assert (old["Payload"].rpartition(":")[2], old["ExecutedVersion"]) == ("live", "1")
    assert functions.invoke(name, Qualifier="2")["Payload"] == "two"
    client.update_alias(FunctionName=name, Name="live", FunctionVersion="2")
    assert functions.invoke(f"{name}:live")["ExecutedVersion"] == "2"
    client.delete_function(FunctionName=name, Qualifier="1")
    client.update_function_configuration(FunctionName=name, Description="third")
    assert client.publish_version(FunctionName=name)["Version"] == "3"  # a number is not used twice


def test_an_alias_with_weights_runs_both_versions(functions: Lambda) -> None:
    client, name = functions.client, functions.create("weighted", "def handler(e, c): return 1")
    client.publish_version(FunctionName=name)
    client.update_function_code(FunctionName=name, ZipFile=package("def handler(e, c): return 2"), Publish=True)
    weights = {"AdditionalVersionWeights": {"2": 0.5}}
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1", RoutingConfig=weights)
    assert {functions.invoke(name, Qualifier="live")["Payload"] for _ in range(30)} == {1, 2}


def invoke_error(functions: Lambda, name: str, **settings: Any) -> tuple[str, int, str]:
    with pytest.raises(ClientError) as caught:
        functions.client.invoke(FunctionName=name, **settings)
    response: Any = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Message"]


def test_errors_are_those_of_aws(shared: Lambda) -> None:
    code, status, message = invoke_error(shared, "missing")
    arn = "arn:aws:lambda:us-east-1:123456789012:function:missing"
    assert (code, status, message) == ("ResourceNotFoundException", 404, f"Function not found: {arn}")
    assert invoke_error(shared, "shared", Qualifier="no")[:2] == ("ResourceNotFoundException", 404)
    assert invoke_error(shared, "shared", Payload=b"{")[:2] == ("InvalidRequestContentException", 400)
    assert invoke_error(shared, "shared", Payload=b'"' + b"x" * 6_300_000 + b'"')[:2] == (
        "RequestTooLargeException",
        413,
    )
    assert len(shared.do("shared", "large", size=6_000_000)) == 6_000_000


def test_reserved_concurrency_throttles(functions: Lambda) -> None:
    functions.create("none")
    functions.client.put_function_concurrency(FunctionName="none", ReservedConcurrentExecutions=0)
    assert invoke_error(functions, "none") == ("TooManyRequestsException", 429, "Rate Exceeded.")


def test_a_dry_run_runs_nothing(shared: Lambda) -> None:
    assert shared.client.invoke(FunctionName="shared", InvocationType="DryRun")["StatusCode"] == 204
    assert invoke_error(shared, "missing", InvocationType="DryRun")[0] == "ResourceNotFoundException"


def test_a_failing_event_is_retried_twice(shared: Lambda, tmp_path: Path) -> None:
    file = tmp_path / "calls"
    event = {"do": "note", "file": str(file), "fail": True}
    accepted = shared.invoke("shared", event, InvocationType="Event")
    assert accepted["StatusCode"] == 202
    deadline = time.monotonic() + 10
    while not (file.exists() and file.read_text().count("called") == 3):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.3)
    assert file.read_text().count("called") == 3
    starts = [line for line in messages(shared.cloud, "/aws/lambda/shared") if line.startswith("START ")]
    assert sum(accepted["ResponseMetadata"]["RequestId"] in line for line in starts) == 3


def test_a_response_has_the_request_id_of_the_log(shared: Lambda) -> None:
    response = shared.invoke("shared", {"do": "echo"}, LogType="Tail")
    tail = base64.b64decode(response["LogResult"]).decode()
    assert f"START RequestId: {response['ResponseMetadata']['RequestId']} " in tail


def test_a_failing_event_is_not_retried_with_no_retry_attempts(functions: Lambda, tmp_path: Path) -> None:
    functions.create("once")
    functions.client.put_function_event_invoke_config(FunctionName="once", MaximumRetryAttempts=0)
    file = tmp_path / "calls"
    functions.invoke("once", {"do": "note", "file": str(file), "fail": True}, InvocationType="Event")
    until(file.exists)
    time.sleep(0.6)
    assert file.read_text().count("called") == 1


def test_concurrent_invocations_get_a_worker_each(functions: Lambda) -> None:
    functions.create("parallel", Timeout=10)
    functions.client.put_function_concurrency(FunctionName="parallel", ReservedConcurrentExecutions=3)
    event = {"do": "sleep", "seconds": 2}
    started = time.monotonic()
    with ThreadPoolExecutor(3) as threads:
        responses = list(threads.map(lambda _: functions.invoke("parallel", event)["Payload"], range(3)))
        assert responses == ["slept"] * 3
        assert time.monotonic() - started < 6  # one after another
        busy = [threads.submit(functions.invoke, "parallel", event) for _ in range(3)]
        time.sleep(0.4)
        assert invoke_error(functions, "parallel")[:2] == ("TooManyRequestsException", 429)
        assert [each.result()["Payload"] for each in busy] == ["slept"] * 3


def test_a_function_may_call_the_cloud_that_runs_it(functions: Lambda) -> None:
    source = (
        "import boto3\n"
        "def handler(event, context):\n"
        "    inner = boto3.client('lambda').invoke(FunctionName='shared', Payload=b'{}')\n"
        "    return [boto3.client('sts').get_caller_identity()['Account'], inner['StatusCode']]\n"
    )
    functions.create("recursive", source, Timeout=20)
    statement = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam = functions.cloud.client("iam")
    iam.put_role_policy(RoleName="functions", PolicyName="invoke", PolicyDocument=document)
    assert functions.invoke("recursive")["Payload"] == ["123456789012", 200]
    iam.delete_role_policy(RoleName="functions", PolicyName="invoke")


def test_a_runtime_other_than_python_is_an_error(functions: Lambda) -> None:
    functions.create("node", Runtime="nodejs22.x")
    code, status, message = invoke_error(functions, "node")
    assert (code, status) == ("InvalidRuntimeException", 502)
    assert message == "The local cloud runs Python functions only, not nodejs22.x."


def test_the_log_says_which_python_replaces_a_missing_one(functions: Lambda, kept_runtimes: Path) -> None:
    stand_in = kept_runtimes / "2.7"
    stand_in.unlink(missing_ok=True)
    stand_in.symlink_to(kept_runtimes / PYTHON)
    functions.create("future", Runtime="python2.7")
    log = base64.b64decode(functions.invoke("future", LogType="Tail")["LogResult"]).decode()
    assert "Python 2.7 is not installed: Python 3." in log


def test_the_code_of_a_deleted_function_is_deleted(functions: Lambda) -> None:
    functions.create("gone", "def handler(e, c): return __file__")
    code = Path(functions.invoke("gone")["Payload"]).parent
    assert code.is_dir()
    functions.client.delete_function(FunctionName=functions.names.pop())
    assert not code.exists()


def test_processes_that_a_function_started_end_with_its_worker(functions: Lambda) -> None:
    functions.create("parent")
    pids = functions.do("parent", "children")
    functions.client.delete_function(FunctionName=functions.names.pop())
    deadline = time.monotonic() + 5
    while any(running(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def running(pid: int) -> bool:
    """Return whether the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return Path("/proc").exists() is False and _signalled(pid)


def _signalled(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_mount_paths_in_variables_are_replaced(functions: Lambda) -> None:
    efs = functions.cloud.client("efs")
    system = efs.create_file_system(CreationToken="libraries")["FileSystemId"]
    owner = {"OwnerUid": 1000, "OwnerGid": 1000, "Permissions": "755"}
    root = {"Path": "/libraries", "CreationInfo": owner}
    point = efs.create_access_point(ClientToken="p", FileSystemId=system, RootDirectory=root)["AccessPointArn"]
    directory = functions.cloud.running.directory / "efs" / system / "libraries" / "envs" / "abc"
    directory.mkdir(parents=True)
    (directory / "heavy.py").write_text("weight = 7")
    source = "import os, heavy\ndef handler(e, c): return [heavy.weight, os.environ['LIBS'], os.environ['URL']]"
    functions.create(
        "mounted",
        source,
        FileSystemConfigs=[{"Arn": point, "LocalMountPath": "/mnt/efs"}],
        Environment={
            "Variables": {"PYTHONPATH": "/mnt/efs/envs/abc", "LIBS": "/opt/x:/mnt/efs", "URL": "s3://x/mnt/efs"}
        },
    )
    weight, libraries, url = functions.invoke("mounted")["Payload"]
    assert (weight, libraries, url) == (7, f"/opt/x:{directory.parents[1]}", "s3://x/mnt/efs")
    configuration = functions.client.get_function_configuration(FunctionName="mounted")
    assert configuration["FileSystemConfigs"] == [{"Arn": point, "LocalMountPath": "/mnt/efs"}]
    assert not (directory / "__pycache__").exists()  # on AWS it is mounted read-only
    efs.delete_access_point(AccessPointId=point.rpartition("/")[2])
    functions.client.update_function_configuration(FunctionName="mounted", Timeout=4)
    assert invoke_error(functions, "mounted")[:2] == ("EFSMountFailureException", 403)


def test_a_blocked_mount_target_is_an_error(functions: Lambda, network: Network, cloud: LocalCloud) -> None:
    efs, access_point = cloud.client("efs"), {"IpProtocol": "tcp", "FromPort": 2049, "ToPort": 2049}
    system = efs.create_file_system(CreationToken="behind")["FileSystemId"]
    efs.create_mount_target(FileSystemId=system, SubnetId=network.subnet, SecurityGroups=[network.group])
    point = efs.create_access_point(ClientToken="q", FileSystemId=system)["AccessPointArn"]
    functions.role = make_role(cloud)
    functions.create(
        "behind",
        "def handler(e, c): return 'through'",
        FileSystemConfigs=[{"Arn": point, "LocalMountPath": "/mnt/efs"}],
        VpcConfig={"SubnetIds": [network.subnet], "SecurityGroupIds": [network.group]},
    )
    assert invoke_error(functions, "behind")[:2] == ("EFSMountConnectivityException", 408)
    permission = {**access_point, "UserIdGroupPairs": [{"GroupId": network.group}]}
    network.ec2.authorize_security_group_ingress(GroupId=network.group, IpPermissions=[permission])
    assert functions.invoke("behind")["Payload"] == "through"
