"""Reads Terraform: a directory of files, or the output of `terraform show -json`."""

from pathlib import Path
from typing import Any

from awsprov.errors import UsageError
from awsprov.terraform.hcl import EVALUATED, parse_file
from awsprov.terraform.json_source import read_json, read_json_map
from awsprov.terraform.modules import Module
from awsprov.terraform.resource import Infrastructure
from awsprov.terraform.scopes import BlockValues, Budget


def read_terraform(path: Path, project: Path | None = None) -> Infrastructure:
    """Read the `.tf` and `.tfvars` files of a directory with its local modules, or a file of `terraform show -json`.

    Arguments:
        path: the directory, or the JSON file.
        project: the directory of config.yaml; `file(…)` reads files of it, too.

    Raises:
        UsageError: there are no such files, one cannot be read, or the extra `terraform` is not installed.
    """
    if path.is_file():
        return read_json(path)
    directory = path.absolute()
    budget = Budget(tuple({directory, (project or directory).absolute()}))
    try:
        module = Module(directory, budget, {})
        module.inputs = _given(directory, module)
        resources = list(module.resources())
        budget.notes += [f"{file.name}: Terraform in JSON is not read" for file in sorted(directory.glob("*.tf.json"))]
        return Infrastructure(directory, resources, list(module.providers()), budget.notes)
    except OSError as error:
        raise UsageError(f"{error.filename or path} cannot be read.", why=str(error.strerror)) from error
    except RecursionError as error:
        raise UsageError(f"The Terraform files in {path} are nested too deeply.", remedy=EVALUATED) from error


def _given(directory: Path, module: Module) -> dict[str, Any]:
    """Return the values of variables, in Terraform's order: terraform.tfvars, then each .auto.tfvars by name."""
    given: dict[str, Any] = {}
    first = [directory / "terraform.tfvars", directory / "terraform.tfvars.json"]
    automatic = sorted([*directory.glob("*.auto.tfvars"), *directory.glob("*.auto.tfvars.json")])
    for file in [*first, *automatic]:
        if file.suffix == ".json" and file.exists():
            given |= read_json_map(file)
        elif file.exists():
            given |= dict(BlockValues(parse_file(file), module.scope))
    return given
