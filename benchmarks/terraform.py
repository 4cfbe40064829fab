"""Terraform with the files that `awsprov export terraform` writes, in the same local cloud."""

import json
import re
import shutil
import time
from pathlib import Path

from benchmarks.comparison import Unavailable
from benchmarks.local_project import LocalProject
from tests.e2e.terraform import TerraformDirectory, configuration


class Terraform:
    """Terraform's commands in a directory of exported files.

    Arguments:
        files: the directory.
    """

    def __init__(self, files: TerraformDirectory) -> None:
        self._files = files

    def plan(self) -> float:
        """Compare the stack with the files; return the seconds."""
        return self._run("plan")

    def apply(self) -> float:
        """Import the stack, or create it if nothing is imported; return the seconds."""
        return self._run("apply", "-auto-approve")

    def create_as(self, name: str, former: str) -> None:
        """Let `apply` create a stack of its own, beside the one that was exported.

        Arguments:
            name: the name of its stack.
            former: the name of the exported one, with which the names of its resources begin.
        """
        (self._files.path / "imports.tf").unlink()
        for file in self._files.path.glob("*.tf"):
            text = re.sub(rf"\b{former}\b", name, file.read_text())
            file.write_text(re.sub(r'(creation_token += )".*"', rf'\1"{name}"', text))

    def _run(self, *command: str) -> float:
        start = time.monotonic()
        try:
            self._files.run(*command, "-input=false", "-no-color")
        except AssertionError as error:  # Terraform is the baseline, and not what is measured
            raise Unavailable(f"Terraform failed: {str(error)[-600:]}") from error
        return time.monotonic() - start


def export(project: LocalProject) -> Terraform:
    """Export the project's stack.

    Raises:
        Unavailable: Terraform or its provider is not on this machine.
    """
    configured = configuration(project.project.home) if shutil.which("terraform") else None
    if configured is None:
        raise Unavailable("Terraform is not on PATH, or its AWS provider is in none of Terraform's directories")
    directory = project.project.home / "terraform"
    project.run("export", "terraform", str(directory))
    _set_variables(directory)
    variables = {"TF_CLI_CONFIG_FILE": str(configured), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
    files = TerraformDirectory(directory, {**project.cloud.environment(), **variables})
    files.init()
    return Terraform(files)


def _set_variables(directory: Path) -> None:
    """Give the variables of the functions a value; an export contains none."""
    text = (directory / "variables.tf").read_text()
    for name, block in re.findall(r'variable "(\w+)" \{(.*?)\n\}', text, re.DOTALL):
        values = dict.fromkeys(re.findall(r"(\w+) += string", block), "low")
        (directory / f"{name}.auto.tfvars.json").write_text(json.dumps({name: values}))
