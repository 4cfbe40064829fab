"""Terraform with the same stack in the same cloud, where it and its AWS provider are on this machine."""

import json
import re
import shutil
import time
from pathlib import Path

from benchmarks.bars import Unavailable
from benchmarks.clouds import Bench
from tests.e2e.terraform import TerraformDirectory, configuration


class Terraform:
    """A directory of Terraform files that `awsprov export` wrote, and what its commands take.

    Arguments:
        files: the directory.
    """

    def __init__(self, files: TerraformDirectory) -> None:
        self._files = files

    def plan(self) -> float:
        """Compare the stack with the files; return the seconds."""
        return self._timed("plan")

    def apply(self) -> float:
        """Import the stack into Terraform's state; return the seconds."""
        return self._timed("apply", "-auto-approve")

    def _timed(self, *command: str) -> float:
        began = time.monotonic()
        try:
            self._files.run(*command, "-input=false", "-no-color")
        except AssertionError as error:  # it is a baseline, and not what is tested
            raise Unavailable(f"Terraform failed: {str(error)[-600:]}") from error
        return time.monotonic() - began


def exported(here: Bench) -> Terraform:
    """Export an existing stack.

    Raises:
        Unavailable: Terraform or its provider is not on this machine.
    """
    configured = configuration(here.project.home) if shutil.which("terraform") else None
    if configured is None:
        raise Unavailable("Terraform is not on PATH, or its AWS provider is in none of Terraform's directories")
    directory = here.project.home / "terraform"
    here.run("export", "terraform", str(directory))
    _set_variables(directory)
    variables = {"TF_CLI_CONFIG_FILE": str(configured), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
    files = TerraformDirectory(directory, {**here.cloud.environment(), **variables})
    files.init()
    return Terraform(files)


def _set_variables(directory: Path) -> None:
    """Give the variables of the functions a value; an export contains none."""
    text = (directory / "variables.tf").read_text()
    for name, block in re.findall(r'variable "(\w+)" \{(.*?)\n\}', text, re.DOTALL):
        values = dict.fromkeys(re.findall(r"(\w+) += string", block), "low")
        (directory / f"{name}.auto.tfvars.json").write_text(json.dumps({name: values}))
