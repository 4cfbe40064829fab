"""Terraform on this machine: found on PATH, with the AWS provider in one of Terraform's own directories."""

import json
import os
import shutil
import subprocess
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PROVIDER = "registry.terraform.io/hashicorp/aws"
_PATIENCE = 600  # seconds that one command may take


def plugin_directory() -> Path | None:
    """Return a directory in the layout of `terraform providers mirror` that has the AWS provider.

    That is the plugin cache, or one of the directories in which Terraform itself looks for providers, or one below
    /opt, where add-on software is installed (Filesystem Hierarchy Standard).
    """
    data = [os.environ.get("XDG_DATA_HOME") or "~/.local/share", *os.environ.get("XDG_DATA_DIRS", "").split(":")]
    places = [
        os.environ.get("TF_PLUGIN_CACHE_DIR", ""),
        "~/.terraform.d/plugins",
        "~/Library/Application Support/io.terraform/plugins",
        *(f"{directory}/terraform/plugins" for directory in [*data, "/usr/local/share", "/usr/share"] if directory),
        *map(str, sorted(Path("/opt").glob("*"))),
    ]
    found = (Path(place).expanduser() for place in places if place)
    return next((path for path in found if (path / PROVIDER).is_dir()), None)


def configuration(directory: Path) -> Path | None:
    """Return a CLI configuration with which Terraform finds the provider: the user's, or one in the directory."""
    own = Path(os.environ.get("TF_CLI_CONFIG_FILE") or "~/.terraformrc").expanduser()
    if own.is_file() and "provider_installation" in own.read_text():
        return own
    plugins = plugin_directory()
    if plugins is None:
        return None
    file = directory / "terraform.rc"
    file.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{plugins}"\n  }}\n}}\n')
    return file


def require_terraform(directory: Path) -> dict[str, str]:
    """Return the variables with which Terraform finds the provider; skip the test, with a warning, if it cannot."""
    rc = configuration(directory) if shutil.which("terraform") else None
    if rc is None:
        reason = "Terraform is not on PATH, or its AWS provider is in none of Terraform's directories."
        warnings.warn(pytest.PytestWarning(f"{reason} The local cloud and the export are not tested."), stacklevel=2)
        pytest.skip(reason)
    return {"TF_CLI_CONFIG_FILE": str(rc), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}


@dataclass
class TerraformDirectory:
    """A directory of Terraform files, and commands in it.

    Arguments:
        path: the directory.
        environment: the variables of the commands, beside those of this process.
    """

    path: Path
    environment: Mapping[str, str]

    def run(self, *arguments: str) -> str:
        """Run a command, which must succeed; return what it prints."""
        ended = subprocess.run(
            ["terraform", *arguments], cwd=self.path, env={**os.environ, **self.environment}, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=_PATIENCE,
        )  # fmt: skip
        assert ended.returncode == 0, f"terraform {arguments}:\n{ended.stdout}"
        return ended.stdout

    def init(self) -> None:
        self.run("init", "-input=false", "-no-color")

    def plan(self) -> "TerraformPlan":
        """Save a plan, and return it."""
        self.run("plan", "-input=false", "-no-color", "-out=plan")
        return TerraformPlan(json.loads(self.run("show", "-json", "plan")))

    def apply(self) -> str:
        """Carry out the saved plan."""
        return self.run("apply", "-input=false", "-no-color", "plan")

    def destroy(self) -> str:
        return self.run("destroy", "-input=false", "-no-color", "-auto-approve")


class TerraformPlan:
    """A plan, as `terraform show -json` prints it."""

    def __init__(self, document: Any) -> None:
        self._changes = document.get("resource_changes", [])

    @property
    def imported(self) -> set[str]:
        """The addresses of imported resources."""
        return {each["address"] for each in self._changes if each["change"].get("importing")}

    @property
    def changed(self) -> dict[str, dict[str, tuple[Any, Any]]]:
        """What is created, changed or deleted: the arguments that differ, by address."""
        different = [each for each in self._changes if each["change"]["actions"] not in (["no-op"], ["read"])]
        return {each["address"]: dict(_differences(each["change"])) for each in different}


def _differences(change: Any) -> Iterator[tuple[str, tuple[Any, Any]]]:
    before, after = change["before"] or {}, change["after"] or {}
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield name, (before.get(name), after.get(name))
