"""The page "In a company's account": run it, and look at what it leaves."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from awsprov import local
from tests.e2e.pages import DOCS, Reader, environment
from tests.e2e.projects import clients, inventory


@pytest.fixture(name="reader")
def start_reader(tmp_path: Path, kept_runtimes: Path) -> Iterator[Reader]:
    """Return a reader in an empty directory, whose local cloud finds the Lambda runtimes of earlier runs."""
    home = tmp_path / "prices"
    cloud = home / ".awsprov" / "local"
    cloud.mkdir(parents=True)
    (cloud / "runtimes").symlink_to(kept_runtimes)
    own = [name for name in environment() if name.startswith(("AWS_", "AWSPROV_")) and name != "AWSPROV_CACHE_DIR"]
    yield Reader(home, {name: value for name, value in environment().items() if name not in own}, tmp_path / "shell")
    local.stop(cloud)


@pytest.mark.timeout(900)  # about thirty commands
def test_the_page_does_what_it_says_and_leaves_what_others_own(reader: Reader) -> None:
    reader.read(DOCS / "company.md")
    running = local.find(reader.here / ".awsprov" / "local")
    assert running
    client = clients(running)
    assert inventory(client, "prices") == {}
    (vpc,) = [each["VpcId"] for each in client("ec2").describe_vpcs()["Vpcs"] if not each["IsDefault"]]
    inside = [{"Name": "vpc-id", "Values": [vpc]}]
    assert len(client("ec2").describe_subnets(Filters=inside)["Subnets"]) == 3
    groups = client("ec2").describe_security_groups(Filters=inside)["SecurityGroups"]
    assert sorted(each["GroupName"] for each in groups) == ["database-clients", "default"]
    assert {each["Name"] for each in client("s3").list_buckets()["Buckets"]} == {"acme-models", "acme-awsprov"}
    assert {each["RoleName"] for each in client("iam").list_roles()["Roles"]} == {"prices-ci"}
