"""EC2 instances over SSH: with paramiko, as awsprov uses them, and with OpenSSH's clients."""

import base64
import io
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paramiko
import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.local.conftest import LocalCloud, Network, refused, until

PYTHON = f"python3.{sys.version_info[1]}"


@dataclass
class Builder:
    """An instance in a VPC of its own, and an EFS file system."""

    cloud: LocalCloud
    pem: str
    instance: str
    group: str
    efs_group: str
    file_system: str
    point: str
    address: str
    home: Path
    host_key: paramiko.PKey | None = None

    def described(self) -> dict[str, Any]:
        response = self.cloud.client("ec2").describe_instances(InstanceIds=[self.instance])
        return dict(response["Reservations"][0]["Instances"][0])

    @property
    def port(self) -> int:
        return int({tag["Key"]: tag["Value"] for tag in self.described()["Tags"]}["awsprov:ssh-port"])

    def connect(self, user: str = "ec2-user", key: str = "") -> paramiko.SSHClient:
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        self.host_key = self.host_key or self.printed_host_key()
        client.get_host_keys().add(f"[127.0.0.1]:{self.port}", self.host_key.get_name(), self.host_key)
        pkey = paramiko.Ed25519Key.from_private_key(io.StringIO(key or self.pem))
        client.connect("127.0.0.1", self.port, user, pkey=pkey, allow_agent=False, look_for_keys=False, timeout=10)
        return client

    def printed_host_key(self) -> paramiko.PKey:
        console = self.cloud.client("ec2").get_console_output(InstanceId=self.instance, Latest=True)["Output"]
        block = console.split("-----BEGIN SSH HOST KEY KEYS-----\n")[-1].split("\n-----END")[0].split()
        return paramiko.PKey.from_type_string(block[0], base64.b64decode(block[1]))

    def mount(self, **changes: str) -> str:
        options = {"accesspoint": self.point, "mounttargetip": self.address, **changes}
        given = ",".join(["tls", *(f"{key}={value}" for key, value in options.items() if value)])
        return f"mkdir -p ~/efs && sudo mount -t efs -o {given} {self.file_system}:/ ~/efs"


def new_key() -> tuple[str, bytes]:
    key = Ed25519PrivateKey.generate()
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, plain)
    return pem.decode(), key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )


USER_DATA = "#!/bin/bash\necho started as $USER\ntouch ~/user-data-ran\n"


def main_table(ec2: Any, vpc: str) -> str:
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "association.main", "Values": ["true"]}]
    return str(ec2.describe_route_tables(Filters=filters)["RouteTables"][0]["RouteTableId"])


@pytest.fixture(scope="module")
def builder(cloud: LocalCloud) -> Iterator[Builder]:
    ec2, efs = cloud.client("ec2"), cloud.client("efs")
    name = f"instances-{uuid.uuid4().hex[:8]}"
    pem, public = new_key()
    ec2.import_key_pair(KeyName=name, PublicKeyMaterial=public)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-1a")["Subnet"]["SubnetId"]
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = main_table(ec2, vpc)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    group = ec2.create_security_group(GroupName="builder", Description="x", VpcId=vpc)["GroupId"]
    efs_group = ec2.create_security_group(GroupName="efs", Description="x", VpcId=vpc)["GroupId"]
    image = cloud.client("ssm").get_parameter(
        Name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    )["Parameter"]["Value"]
    launched = ec2.run_instances(
        ImageId=image,
        InstanceType="t3.small",
        KeyName=name,
        MinCount=1,
        MaxCount=1,
        SubnetId=subnet,
        SecurityGroupIds=[group],
        UserData=USER_DATA,
    )
    instance = launched["Instances"][0]["InstanceId"]
    file_system = efs.create_file_system(CreationToken=name)["FileSystemId"]
    address = efs.create_mount_target(FileSystemId=file_system, SubnetId=subnet, SecurityGroups=[efs_group])
    point = efs.create_access_point(
        ClientToken=name,
        FileSystemId=file_system,
        RootDirectory={"Path": "/lib", "CreationInfo": {"OwnerUid": 1000, "OwnerGid": 1000, "Permissions": "755"}},
    )["AccessPointId"]
    home = cloud.running.directory / "instances" / instance / "home" / "ec2-user"
    yield Builder(cloud, pem, instance, group, efs_group, file_system, point, address["IpAddress"], home)
    ec2.terminate_instances(InstanceIds=[instance])


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(builder: Builder) -> Iterator[Run]:
    client = builder.connect()

    def run(command: str, given: str = "", **options: Any) -> tuple[int, str, str]:
        stdin, stdout, stderr = client.exec_command(command, timeout=60, **options)
        stdin.write(given)
        stdin.channel.shutdown_write()
        out, err = stdout.read().decode(), stderr.read().decode()
        return stdout.channel.recv_exit_status(), out, err

    yield run
    client.close()


@pytest.fixture
def mounted(builder: Builder, run: Run) -> Iterator[Path]:
    ec2 = builder.cloud.client("ec2")
    rule = {"IpProtocol": "tcp", "FromPort": 2049, "ToPort": 2049, "UserIdGroupPairs": [{"GroupId": builder.group}]}
    ec2.authorize_security_group_ingress(GroupId=builder.efs_group, IpPermissions=[rule])
    run("sudo dnf install -y -q amazon-efs-utils")
    assert run(builder.mount()) == (0, "", "")
    yield builder.home / "efs"
    run("sudo umount ~/efs")
    ec2.revoke_security_group_ingress(GroupId=builder.efs_group, IpPermissions=[rule])


def test_all_regions_are_enabled(cloud: LocalCloud) -> None:
    regions = cloud.client("ec2").describe_regions(AllRegions=True)["Regions"]
    assert "eu-south-2" in {region["RegionName"] for region in regions}
    assert "not-opted-in" not in {region["OptInStatus"] for region in regions}


def test_a_command_has_stdin_stdout_stderr_and_an_exit_code(run: Run) -> None:
    assert run("cat; echo oops >&2; exit 7", given="hello\n") == (7, "hello\n", "oops\n")


def test_the_user_is_ec2_user_with_a_home_directory(builder: Builder, run: Run) -> None:
    assert run("echo $USER; pwd")[1].split() == ["ec2-user", str(builder.home)]


def test_another_user_or_key_is_refused(builder: Builder) -> None:
    with pytest.raises(paramiko.AuthenticationException):
        builder.connect(user="root")
    with pytest.raises(paramiko.AuthenticationException):
        builder.connect(key=new_key()[0])


def test_variables_of_the_users_environment_do_not_reach_the_instance(run: Run) -> None:
    names = {line.partition("=")[0] for line in run("env")[1].splitlines()}
    assert {name for name in names if name.startswith(("AWS_", "MOTO_", "PYTEST"))} == {"AWS_EC2_METADATA_DISABLED"}


def test_user_data_runs_and_writes_to_the_console(builder: Builder) -> None:
    deadline = time.monotonic() + 10
    console = ""
    while "finished with status 0" not in console and time.monotonic() < deadline:
        console = builder.cloud.client("ec2").get_console_output(InstanceId=builder.instance)["Output"]
    assert "started as ec2-user" in console
    assert (builder.home / "user-data-ran").exists()


def test_the_console_has_host_keys_after_the_first_boot_only(cloud: LocalCloud, network: Network) -> None:
    ec2, instance = network.ec2, network.launch()
    console = until(lambda: ec2.get_console_output(InstanceId=instance, Latest=True)["Output"])
    assert "-----BEGIN SSH HOST KEY KEYS-----" in console
    ec2.stop_instances(InstanceIds=[instance])
    ec2.start_instances(InstanceIds=[instance])
    console = until(lambda: ec2.get_console_output(InstanceId=instance, Latest=True)["Output"])
    assert "HOST KEY" not in console
    assert "Cloud-init v. 22.2.2 finished" in console
    ec2.terminate_instances(InstanceIds=[instance])


def test_an_instance_can_end_itself(builder: Builder, run: Run) -> None:
    assert "Shutdown scheduled" in run("sudo shutdown -P +360")[2]
    assert run("shutdown --show")[0] == 0
    run("sudo shutdown -c")
    assert run("shutdown --show")[0] == 1
    run("sudo shutdown -P now")
    until(lambda: builder.described()["State"]["Name"] == "stopped")
    builder.cloud.client("ec2").start_instances(InstanceIds=[builder.instance])


def test_only_nitro_types_report_the_latest_output(network: Network) -> None:
    instance = network.launch(InstanceType="t2.micro")
    with refused("UnsupportedOperation"):
        network.ec2.get_console_output(InstanceId=instance, Latest=True)
    assert "HOST KEY" in until(lambda: network.ec2.get_console_output(InstanceId=instance)["Output"])
    network.ec2.terminate_instances(InstanceIds=[instance])


def test_a_session_can_have_a_terminal(run: Run) -> None:
    code, out, _ = run("tty && stty size", get_pty=True)
    assert code == 0
    assert out.startswith("/dev/")
    assert "24 80" in out


def test_a_login_shell_finds_the_instances_commands_first(run: Run) -> None:
    assert "/bin/sudo" in run("bash -lc 'command -v sudo'")[1]
    assert "instances/i-" in run("bash -lc 'command -v sudo'")[1]


def test_files_are_copied_in_both_directions_over_sftp(builder: Builder, tmp_path: Path) -> None:
    (tmp_path / "local").write_bytes(bytes(range(256)) * 1000)
    with builder.connect() as client, client.open_sftp() as sftp:
        sftp.put(str(tmp_path / "local"), "sent")
        sftp.chmod("sent", 0o600)
        sftp.posix_rename("sent", "renamed")
        sftp.get("renamed", str(tmp_path / "back"))
        sftp.mkdir("folder")
        assert {"renamed", "folder"} <= set(sftp.listdir("."))
        sftp.remove("renamed")
        sftp.rmdir("folder")
        with pytest.raises(FileNotFoundError):
            sftp.stat("renamed")
    assert (tmp_path / "back").read_bytes() == (tmp_path / "local").read_bytes()


@pytest.mark.skipif(not shutil.which("ssh"), reason="OpenSSH's client is not installed")
def test_openssh_runs_commands_shells_and_scp(builder: Builder, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.touch(mode=0o600)
    key.write_text(builder.pem)
    trust = ["-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={tmp_path / 'known'}", "-q", "-i", str(key)]
    ssh = ["ssh", "-p", str(builder.port), *trust]
    piped = subprocess.run(
        [*ssh, "ec2-user@127.0.0.1", "cat; exit 3"], check=False, input=b"in", capture_output=True, timeout=20
    )
    assert (piped.returncode, piped.stdout) == (3, b"in")
    shell = [*ssh, "-tt", "ec2-user@127.0.0.1"]
    interactive = subprocess.run(shell, check=False, input=b"echo $((40+2)); exit 5\n", capture_output=True, timeout=20)
    assert interactive.returncode == 5
    assert b"\r42\r\n" in interactive.stdout.replace(b"\n42", b"\r42")
    for legacy in ([], ["-O"]):
        scp = ["scp", *legacy, "-P", str(builder.port), *trust, str(key), "ec2-user@127.0.0.1:copied"]
        assert subprocess.run(scp, check=False, timeout=20).returncode == 0
        assert (builder.home / "copied").read_text() == builder.pem
        (builder.home / "copied").unlink()


def test_a_command_without_a_terminal_continues_without_its_client(builder: Builder) -> None:
    client = builder.connect()
    client.exec_command("sleep 0.5; touch survived")
    client.close()
    deadline = time.monotonic() + 10
    while not (builder.home / "survived").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_sudo_accepts_options_and_variables(run: Run) -> None:
    assert run("sudo -n -E -u ec2-user GREETING=hi sh -c 'echo $GREETING'") == (0, "hi\n", "")


def test_dnf_installs_python_and_says_which_interpreter_it_is(builder: Builder, run: Run) -> None:
    code, out, _ = run(f"sudo dnf install -y {PYTHON} {PYTHON}-pip")
    assert code == 0
    assert f"Installed: {PYTHON} (Python {sys.version.split()[0]}, /" in out
    assert run(f"{PYTHON} --version")[1].startswith(PYTHON.replace("python", "Python "))
    assert run(f"pip{PYTHON.removeprefix('python')} --version")[0] == 0
    prefix = run(f"{PYTHON} -c 'import sys; print(sys.prefix)'")[1].strip()
    assert str(builder.home) not in prefix
    assert prefix.startswith(str(builder.home.parent.parent))  # not an interpreter of this computer


def test_dnf_times_out_without_a_default_route(builder: Builder, run: Run) -> None:
    ec2, subnet = builder.cloud.client("ec2"), builder.described()["SubnetId"]
    table = main_table(ec2, ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["VpcId"])
    (route,) = [
        each
        for each in ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
        if each["DestinationCidrBlock"] == "0.0.0.0/0"
    ]
    ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    try:
        assert "Timeout was reached" in run("sudo dnf install -y tar")[2]
    finally:
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=route["GatewayId"])


def test_dnf_fails_for_an_unknown_package(run: Run) -> None:
    assert run("sudo dnf install -y nosuch") == (
        1,
        "",
        "No match for argument: nosuch\nError: Unable to find a match: nosuch\n",
    )


def test_a_mount_is_the_access_points_root_directory(builder: Builder, mounted: Path, run: Run) -> None:
    assert run("mountpoint ~/efs && echo hi > ~/efs/greeting")[0] == 0
    directory = builder.cloud.running.directory / "efs" / builder.file_system / "lib"
    assert (directory / "greeting").read_text() == "hi\n"
    assert mounted.resolve() == directory
    assert run("sudo umount ~/efs; mountpoint -q ~/efs")[0] == 32
    assert run(builder.mount())[0] == 0
    assert run("cat ~/efs/greeting")[1] == "hi\n"


def test_a_security_group_can_block_a_mount(builder: Builder, run: Run) -> None:
    run("sudo dnf install -y -q amazon-efs-utils")
    code, _, err = run(builder.mount())
    assert (code, err) == (32, "mount.nfs4: Connection timed out\n")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"accesspoint": "fsap-0123456789abcdef0"}, "access denied by server"),
        ({"mounttargetip": "10.0.9.9"}, "Connection timed out"),
    ],
)
def test_a_mount_of_something_missing_fails(
    builder: Builder, mounted: Path, run: Run, changes: dict[str, str], message: str
) -> None:
    run("sudo umount ~/efs")
    code, _, err = run(builder.mount(**changes))
    assert code == 32
    assert message in err
    assert run(builder.mount())[0] == 0


def test_the_size_of_a_file_system_is_that_of_its_files(builder: Builder, mounted: Path, run: Run) -> None:
    run("head -c 1000000 /dev/zero > ~/efs/large")
    described = builder.cloud.client("efs").describe_file_systems(FileSystemId=builder.file_system)
    deadline = time.monotonic() + 10
    while described["FileSystems"][0]["SizeInBytes"]["Value"] < 1000000:
        assert time.monotonic() < deadline, "the size is measured every few seconds"
        time.sleep(0.2)
        described = builder.cloud.client("efs").describe_file_systems(FileSystemId=builder.file_system)


def test_stop_ends_processes_and_start_finds_the_same_home_directory(builder: Builder, run: Run) -> None:
    ec2 = builder.cloud.client("ec2")
    run("touch kept; nohup sleep 1234.5 > /dev/null 2>&1 &")
    ec2.stop_instances(InstanceIds=[builder.instance])
    assert builder.described()["State"]["Name"] == "stopped"
    assert "sleep 1234.5" not in _commands()
    ec2.start_instances(InstanceIds=[builder.instance])
    with builder.connect() as client:
        assert "kept" in client.exec_command("ls")[1].read().decode()
    assert builder.described()["PublicIpAddress"] == "127.0.0.1"


def test_an_unknown_key_pair_image_or_type_is_an_error(cloud: LocalCloud, builder: Builder) -> None:
    image = builder.described()["ImageId"]
    for change, code in (
        ({"KeyName": "nosuch"}, "InvalidKeyPair.NotFound"),
        ({"ImageId": "ami-00000000000000000"}, "InvalidAMIID.NotFound"),
        ({"InstanceType": "t9.huge"}, "InvalidParameterValue.*Invalid value 't9.huge' for InstanceType"),
    ):
        given: dict[str, Any] = {"ImageId": image, "InstanceType": "t3.small", **change}
        with pytest.raises(ClientError, match=code):
            cloud.client("ec2").run_instances(MinCount=1, MaxCount=1, **given)


def _commands() -> str:
    return subprocess.run(["ps", "-axo", "args"], capture_output=True, text=True, check=True).stdout
