"""The daemon: one for each directory, its state after a restart, and no process left behind."""

import json
import os
import pickle
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from awsprov import local
from awsprov.local import credentials, interpreters
from awsprov.local.cloud import Cloud
from awsprov.local.daemon import state_key
from awsprov.local.inherited import proxies
from awsprov.local.process_tree import runs
from tests.local.conftest import LocalCloud, refused, until
from tests.local.ec2.test_instances import new_key

pytestmark = pytest.mark.cloud

Start = Callable[..., LocalCloud]


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    local.stop(tmp_path)


def launch(cloud: LocalCloud, user_data: str = "") -> str:
    """Start an instance in the default VPC."""
    ec2 = cloud.client("ec2")
    ec2.import_key_pair(KeyName="key", PublicKeyMaterial=new_key()[1])
    image = ec2.describe_images(Owners=["amazon"], Filters=[{"Name": "name", "Values": ["al2023-ami-2*"]}])["Images"][0]
    given = {"ImageId": image["ImageId"], "InstanceType": "t3.small", "KeyName": "key", "UserData": user_data}
    return str(ec2.run_instances(MinCount=1, MaxCount=1, **given)["Instances"][0]["InstanceId"])


def ssh_port(cloud: LocalCloud, instance: str) -> int:
    described = cloud.client("ec2").describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    return int({tag["Key"]: tag["Value"] for tag in described["Tags"]}["awsprov:ssh-port"])


def banner(port: int) -> bytes:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            return connection.recv(64)
    except ConnectionRefusedError:
        return b""


def test_concurrent_starts_create_one_cloud(directory: Path) -> None:
    pids: list[int] = []
    threads = [threading.Thread(target=lambda: pids.append(local.start(directory).pid)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pids) == 3
    assert len(set(pids)) == 1
    cloud = LocalCloud(local.start(directory))
    for _ in range(4):  # the default VPC is the fifth
        cloud.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    with refused("VpcLimitExceeded"):
        cloud.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")


def test_state_port_and_instances_survive_a_restart(directory: Path) -> None:
    cloud = LocalCloud(local.start(directory, pace=0.02, consistency=50))
    vpc = cloud.client("ec2").create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    file_system = cloud.client("efs").create_file_system(CreationToken="kept")["FileSystemId"]
    cloud.client("ssm").put_parameter(Name="kept", Value="yes", Type="String")
    cloud.client("iam").create_role(RoleName="kept", AssumeRolePolicyDocument="{}")
    instance = launch(cloud)
    assert local.stop(directory)
    assert local.find(directory) is None
    again = LocalCloud(local.start(directory, pace=0.02))
    assert again.running.port == cloud.running.port
    until(lambda: vpc in [found["VpcId"] for found in again.client("ec2").describe_vpcs()["Vpcs"]])
    found = again.client("efs").describe_file_systems(FileSystemId=file_system)["FileSystems"][0]
    assert found["LifeCycleState"] == "available"
    assert again.client("ssm").get_parameter(Name="kept")["Parameter"]["Value"] == "yes"
    assert again.client("iam").get_role(RoleName="kept")
    assert until(lambda: banner(ssh_port(again, instance))).startswith(b"SSH-2.0-")
    again.client("ec2").terminate_instances(InstanceIds=[instance])
    again.client("ec2").delete_vpc(VpcId=vpc)


def test_after_kill_9_no_process_is_left_and_the_saved_state_is_loaded(directory: Path) -> None:
    cloud = LocalCloud(local.start(directory))
    instance = launch(cloud, "#!/bin/bash\nsleep 987.5\n")
    until(lambda: "sleep 987.5" in _processes())
    until(lambda: (directory / "state.pickle").exists() and time.time() - _saved(directory) > 0.1)
    os.kill(cloud.running.pid, signal.SIGKILL)
    until(lambda: "sleep 987.5" not in _processes())
    assert local.find(directory) is None
    again = LocalCloud(local.start(directory))
    assert banner(ssh_port(again, instance)).startswith(b"SSH-2.0-")


def test_stop_returns_when_the_cloud_and_all_its_processes_have_ended(directory: Path) -> None:
    cloud = LocalCloud(local.start(directory))
    launch(cloud, "#!/bin/bash\nsleep 986.5 & sleep 986.25\n")
    until(lambda: "sleep 986.25" in _processes())
    assert local.stop(directory)
    running = _processes()
    assert "sleep 986" not in running
    assert str(directory) not in running
    assert not local.stop(directory)


def _moved(directory: Path) -> None:
    directory.rename(directory.with_name("elsewhere"))


@pytest.mark.parametrize("lose", [shutil.rmtree, _moved])
def test_a_cloud_whose_directory_was_deleted_ends_and_does_not_create_it_again(
    tmp_path: Path, lose: Callable[[Path], None]
) -> None:
    directory = tmp_path / "cloud"
    running = local.start(directory)
    lose(directory)
    until(lambda: not runs(running.pid))
    assert not directory.exists()


def test_clouds_are_listed_while_their_directories_exist(directory: Path) -> None:
    running = local.start(directory / "one")
    found = dict(local.every())
    assert found[directory / "one"] == running
    local.stop(directory / "one")
    assert dict(local.every())[directory / "one"] is None
    shutil.rmtree(directory / "one")
    assert directory / "one" not in dict(local.every())


def test_a_reset_deletes_what_is_in_the_cloud_and_nothing_else(directory: Path) -> None:
    cloud = LocalCloud(local.start(directory))
    cloud.client("ssm").put_parameter(Name="gone", Value="x", Type="String")
    (directory / "runtimes").mkdir(exist_ok=True)
    (directory / "somebody's").mkdir()
    assert "credentials.json" in local.reset(directory)
    assert local.find(directory) is None
    assert {path.name for path in directory.iterdir()} >= {"runtimes", "somebody's"}
    again = LocalCloud(local.start(directory))
    with refused("ParameterNotFound"):
        again.client("ssm").get_parameter(Name="gone")


def test_an_idle_cloud_exits(directory: Path) -> None:
    command = [sys.executable, "-m", "awsprov.local", "--directory", str(directory), "--idle-exit", "0.3"]
    assert subprocess.run(command, timeout=30, check=False, capture_output=True).returncode == 0


def test_a_port_in_use_is_an_error(directory: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(local.CloudError, match=f"Port {port} is in use"):
            local.start(directory, port=port)


def test_the_port_of_the_apis_stays_the_same_if_it_is_free(directory: Path) -> None:
    first = local.start(directory)
    local.stop(directory)
    second = local.start(directory)
    local.stop(directory)
    assert second.front_port == first.front_port != first.port
    assert second.key == first.key
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", first.front_port))
        listener.listen()
        third = local.start(directory)
    assert third.port == first.port
    assert third.front_port != first.front_port
    api = LocalCloud(third).client("apigateway").create_rest_api(name="x")
    assert api["tags"] == {"awsprov:invoke-url": f"http://127.0.0.1:{third.front_port}/_aws/execute-api/{api['id']}"}


def test_the_state_of_another_moto_is_refused(directory: Path) -> None:
    content = pickle.dumps("moto 1.2.3 (layout 1)")
    (directory / "state.pickle").write_bytes(state_key.digest(content) + content)
    with pytest.raises(local.CloudError, match=r"moto 1\.2\.3") as refused:
        local.start(directory)
    assert f"delete {directory}" in str(refused.value)


class Attack:
    """A pickle that creates a file when it is loaded."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return Path.touch, (self.mark,)


@pytest.mark.parametrize("digest", [b"", bytes(32), b"x" * 31])
def test_a_state_that_came_with_a_project_is_not_loaded(directory: Path, tmp_path: Path, digest: bytes) -> None:
    mark, state = tmp_path / "mark", directory / "state.pickle"
    state.write_bytes(digest + pickle.dumps(Attack(mark)))
    with pytest.raises(local.CloudError, match="was not saved by a local cloud of this user") as refused:
        local.start(directory)
    assert f"Delete {state}" in str(refused.value)
    assert not mark.exists()
    assert state.exists()
    state.unlink()
    local.start(directory)


def test_a_key_pair_that_came_with_a_project_is_replaced_and_the_cloud_s_own_is_kept(directory: Path) -> None:
    known = {"access_key": "LOCALKNOWN", "secret_key": "known", "signature": "00" * 32}
    file = directory / "credentials.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(known))
    own = local.start(directory).key
    assert own.access_key != "LOCALKNOWN"
    local.stop(directory)
    assert local.start(directory).key == own


@pytest.mark.parametrize("content", ["", "[]", "1", "[" * 100_000, '{"3.12": 1}', '{"3.12": {"path": 1}}', "a pipe"])
def test_records_that_are_not_valid_are_none(directory: Path, content: str) -> None:
    for name in ("interpreters.json", "server.json", "credentials.json"):
        if content == "a pipe":
            os.mkfifo(directory / name, 0o600)
        else:
            (directory / name).touch(mode=0o600)
            (directory / name).write_text(content)
    assert interpreters.recorded(directory) == {}
    assert credentials.read(directory) is None
    assert local.find(directory) is None


def test_a_cloud_starts_whatever_the_records_of_another_one_say(directory: Path) -> None:
    (directory / "server.json").write_text('{"port": "x", "front_port": "--any-key"}')
    os.mkfifo(directory / "interpreters.json")
    started = local.start(directory)
    assert not started.any_key
    (directory / "server.json").write_text('{"port": 1}')
    assert local.find(directory) is None
    os.kill(started.pid, signal.SIGTERM)


@pytest.mark.parametrize("name", ["start.log", "cloud.log", "server.lock", "start.lock", "functions", "functions/code"])
def test_links_that_came_with_a_project_are_not_followed(directory: Path, tmp_path: Path, name: str) -> None:
    cloud, outside = directory / "cloud", tmp_path / "outside"
    target = outside / "scratch" / "file"
    target.parent.mkdir(parents=True)
    target.write_text("precious")
    link = cloud / name
    link.parent.mkdir(parents=True)
    link.symlink_to(outside if name.startswith("functions") else target)
    assert local.find(cloud) is None
    with pytest.raises(local.CloudError, match=f"{link} is a link"):
        local.start(cloud)
    command = [sys.executable, "-m", "awsprov.local", "--directory", str(cloud), "--idle-exit", "0.1"]
    assert subprocess.run(command, timeout=60, check=False, capture_output=True).returncode == 1
    assert target.read_text() == "precious"


def test_a_state_with_one_changed_byte_is_not_loaded(directory: Path) -> None:
    local.start(directory)
    local.stop(directory)
    state = directory / "state.pickle"
    data = state.read_bytes()
    state.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(local.CloudError, match="or was changed since"):
        local.start(directory)
    state.write_bytes(data)
    local.start(directory)


def test_only_the_user_can_read_the_key_and_the_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_key, "user_state_directory", lambda: tmp_path / "state" / "awsprov")
    before = os.umask(0)
    try:
        assert state_key.digest(b"x") == state_key.digest(b"x") != state_key.digest(b"y")
        Cloud(tmp_path / ".awsprov" / "local", 0).make_directory("efs")
    finally:
        os.umask(before)
    key = tmp_path / "state" / "awsprov" / "local-state.key"
    created = [key.parent.parent, key.parent, *(tmp_path / place for place in (".awsprov", ".awsprov/local"))]
    assert [stat.S_IMODE(path.stat().st_mode) for path in (key, *created)] == [0o600, *[0o700] * 4]
    assert [path.name for path in key.parent.iterdir()] == [key.name]


def test_another_process_with_the_same_pid_is_not_the_cloud(directory: Path) -> None:
    local.start(directory)
    local.stop(directory)
    record = (directory / "server.json").read_text()
    (directory / "server.json").write_text(record.replace('"pid": ', f'"pid": {os.getpid()}, "was": '))
    assert local.find(directory) is None
    assert not local.stop(directory)


def test_it_listens_on_the_loopback_only(cloud: LocalCloud) -> None:
    if not shutil.which("ss"):
        pytest.skip("ss is not installed")
    listening = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True, check=True).stdout
    mine = [line for line in listening.splitlines() if f"pid={cloud.running.pid}," in line]
    assert mine
    assert all(" 127.0.0.1:" in line for line in mine)


def test_environment_has_the_endpoint_and_the_keys(cloud: LocalCloud) -> None:
    environment = cloud.running.environment()
    assert environment["AWS_ENDPOINT_URL"] == cloud.endpoint
    keys = environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]
    assert keys == (cloud.running.key.access_key, cloud.running.key.secret_key)
    assert any("isolate" in notice for notice in cloud.running.notices)


@pytest.mark.parametrize(
    ("variables", "exceptions"),
    [
        ({}, None),
        ({"HTTP_PROXY": ""}, None),
        ({"http_proxy": "http://proxy:1"}, "127.0.0.1,localhost,::1"),
        ({"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": "a.example"}, "a.example,127.0.0.1,localhost,::1"),
        ({"ALL_PROXY": "http://proxy:1", "no_proxy": "localhost"}, "localhost,127.0.0.1,::1"),
        ({"ALL_PROXY": "http://proxy:1", "no_proxy": "*"}, "*"),
    ],
)
def test_no_proxy_is_used_for_this_machine(variables: dict[str, str], exceptions: str | None) -> None:
    found = proxies({**variables, "SECRET": "x"})
    assert {found.get("NO_PROXY"), found.get("no_proxy")} == {exceptions}
    assert not {"SECRET", "secret"} & set(found)


def test_importing_the_package_loads_no_moto() -> None:
    code = "import sys, awsprov.local; sys.exit('moto' in sys.modules or 'paramiko' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


_SIGNALLED = """
import signal, sys, threading, time
from pathlib import Path
from typing import Any
import awsprov.local.__main__
from awsprov.local.cloud import Cloud
from awsprov.local.daemon.server import serve

def end():
    time.sleep(0.5)
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

serve(Cloud(Path(sys.argv[1]), 0), 0.0, lambda record: threading.Thread(target=end).start())
"""


def test_a_signal_to_another_thread_ends_the_cloud(directory: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", _SIGNALLED, str(directory)], timeout=60, check=False)
    assert ended.returncode == 0


def _saved(directory: Path) -> float:
    return (directory / "state.pickle").stat().st_mtime


def _processes() -> str:
    return subprocess.run(["ps", "-axo", "args"], capture_output=True, text=True, check=True).stdout
