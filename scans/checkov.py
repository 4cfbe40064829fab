"""Checkov: rules for Terraform code, which is generated from the existing stack."""

import json
import subprocess
from typing import Any

from scans.environments import python
from scans.findings import Result
from scans.lab import Lab
from scans.terraform_code import terraform_code


def scan(lab: Lab) -> list[Result]:
    """Run its checks, without those that it would download."""
    directory = lab.work / "checkov"
    directory.mkdir()
    (directory / "main.tf").write_text(terraform_code(lab.client, lab.project.name))
    words = ["--directory", str(directory), "--framework", "terraform", "--skip-download", "--output", "json"]
    command = [str(python("checkov").with_name("checkov")), *words, "--compact", "--soft-fail"]
    completed = subprocess.run(command, env=lab.environment, check=True, text=True, capture_output=True)
    return read(json.loads(completed.stdout))


def read(report: Any) -> list[Result]:
    """Return the results in its report."""
    sides = report["results"]
    failed = [Result(each["check_id"], each["resource"], failed=True) for each in sides["failed_checks"]]
    return [*failed, *(Result(each["check_id"], each["resource"], failed=False) for each in sides["passed_checks"])]
