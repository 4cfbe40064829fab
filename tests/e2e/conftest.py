"""Fixtures of the end-to-end tests: a local cloud, and projects on it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from awsprov import local
from tests.e2e.accounts import Account
from tests.e2e.projects import Client, Project, clients, cloud, inventory, lay_out


@pytest.fixture(scope="session")
def state_dir(tmp_path_factory: pytest.TempPathFactory, kept_runtimes: Path) -> Iterator[Path]:
    """A state directory with a running local cloud."""
    directory = tmp_path_factory.mktemp("state")
    with cloud(directory / "local", kept_runtimes):
        yield directory


@pytest.fixture(scope="session")
def client(state_dir: Path) -> Client:
    """A function that creates boto3 clients for the cloud, to read its resources without awsprov."""
    running = local.find(state_dir / "local")
    assert running
    return clients(running)


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory, kept_runtimes: Path) -> Iterator[Account]:
    """An account on a local cloud of its own."""
    home = tmp_path_factory.mktemp("account")
    with cloud(home / "local", kept_runtimes) as running:
        yield Account(running, home)


@pytest.fixture(scope="module")
def make_project(tmp_path_factory: pytest.TempPathFactory, state_dir: Path) -> Iterator[Callable[[str], Project]]:
    """A function that creates projects. Their stacks are deleted after the module: the quota is five VPCs."""
    created: list[Project] = []

    def make(name: str) -> Project:
        created.append(lay_out(tmp_path_factory.mktemp(name), name, state_dir))
        return created[-1]

    yield make
    for project in created:
        if (state_dir / f"{project.name}.local.json").exists():
            project.end("down", "--yes")


@pytest.fixture(name="inventory")
def stack_inventory(client: Client) -> Callable[[str], dict[str, list[str]]]:
    """A function that returns everything that belongs to a stack."""
    return lambda stack: inventory(client, stack)
