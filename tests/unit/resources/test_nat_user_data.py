"""The user data of NAT instances, run in a network of namespaces with nftables, where the system has both."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from awsprov.resources.compute.nat_instance import READY, user_data

NETWORK = Path(__file__).with_name("nat_network.sh")


def missing() -> str:
    """Return what the system lacks; empty if the network can be created."""
    absent = [program for program in ("unshare", "nsenter", "ip", "nft", "sysctl") if not shutil.which(program)]
    if absent:
        return f"{', '.join(absent)} not installed"
    probe = "mount -t tmpfs none /mnt && ip link add name probe type veth && nft list ruleset"
    tried = subprocess.run(["unshare", "-rnm", "sh", "-c", probe], check=False, capture_output=True, text=True)
    return tried.stderr.strip() if tried.returncode else ""


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    if why := missing():
        pytest.skip(f"THE RULES OF THE NAT INSTANCE WERE NOT TRIED: {why}")
    directory = tmp_path_factory.mktemp("nat")
    script, root = directory / "user-data", directory / "root"
    root.mkdir()
    script.write_text(user_data("10.0.0.0/16"))
    command = ["unshare", "-rnm", "bash", str(NETWORK), str(script), str(root), sys.executable]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout.splitlines()


@pytest.mark.parametrize("line", [
    "before: no",
    "client to internet: as 10.0.0.9",  # the instance's own address
    "internet to client through the instance: no",
    "another range: no",
    "after a reboot, before its units start: no",
    "after a reboot: as 10.0.0.9",
    "twice: as 10.0.0.9",
])  # fmt: skip
def test_the_private_range_calls_out_and_nothing_else_is_forwarded(output: list[str], line: str) -> None:
    assert line in output


def test_it_has_swap_a_unit_and_a_message_on_the_console(output: list[str]) -> None:
    assert "call: swapon -a" in output
    assert "call: systemctl enable -q awsprov-nat.service" in output
    assert f"console: {READY}" in output  # also after a reboot


def test_another_machine_is_left_as_it_is(tmp_path: Path) -> None:
    script = tmp_path / "user-data"
    script.write_text(user_data("10.0.0.0/16"))
    nothing = {"PATH": str(tmp_path)}
    ran = subprocess.run(["/bin/bash", str(script)], capture_output=True, text=True, check=True, env=nothing)
    assert "this machine forwards nothing" in ran.stdout
    assert READY in ran.stdout.splitlines()


def test_the_range_of_the_vpc_is_everywhere_in_it() -> None:
    assert "@" not in user_data("10.9.0.0/20")
    assert user_data("10.9.0.0/20").count("10.9.0.0/20") >= 4
