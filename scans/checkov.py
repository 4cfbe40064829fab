"""Checkov: rules over Terraform's language, in which the living stack is written down for it."""

import json
import subprocess
from pathlib import Path
from typing import Any

from scans import living
from scans.environments import python
from scans.judging import Result
from scans.lab import Lab


def scan(lab: Lab) -> list[Result]:
    """Its checks, without what it would fetch from elsewhere."""
    directory = lab.work / "checkov"
    directory.mkdir()
    (directory / "main.tf").write_text(living.written(lab.client, lab.project.name))
    words = ["--directory", str(directory), "--framework", "terraform", "--skip-download", "--output", "json"]
    command = [str(python("checkov").with_name("checkov")), *words, "--compact", "--soft-fail"]
    answer = subprocess.run(command, env=lab.environment, check=True, text=True, capture_output=True)
    return read(json.loads(answer.stdout))


def read(report: Any) -> list[Result]:
    """The results in its report."""
    sides = report["results"]
    failed = [Result(each["check_id"], each["resource"], failed=True) for each in sides["failed_checks"]]
    return [*failed, *(Result(each["check_id"], each["resource"], failed=False) for each in sides["passed_checks"])]


def write(lab: Lab, path: Path) -> None:
    """Keep what it looks at, for a person to look at."""
    path.write_text(living.written(lab.client, lab.project.name))
