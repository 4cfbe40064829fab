"""ScoutSuite: rules over the configuration of whole services."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scans.environments import python
from scans.findings import Result
from scans.lab import Lab

SERVICES = ("awslambda", "cloudwatch", "ec2", "efs", "iam", "kms", "vpc")
_START = Path(__file__).with_name("inside") / "scout.py"


def scan(lab: Lab) -> list[Result]:
    """Run its rules."""
    report = lab.work / "scoutsuite"
    words = ["aws", "--no-browser", "--force", "--services", *SERVICES, "--report-dir", str(report)]
    command = [str(python("scoutsuite")), str(_START), *words, "--report-name", "report"]
    subprocess.run(command, env=lab.environment, check=False, capture_output=True)  # it exits with 200 if a call failed
    return read(report / "scoutsuite-results" / "scoutsuite_results_report.js")


def read(report: Path) -> list[Result]:
    """Return the results in its report, which is JavaScript: it names the failures of a rule, and counts the rest."""
    text = report.read_text()
    services = json.loads(text[text.index("{") :])["services"].values()
    findings = [item for service in services for item in service.get("findings", {}).items()]
    return [result for rule, finding in findings if finding["checked_items"] for result in _results(rule, finding)]


def _results(rule: str, finding: Any) -> Iterator[Result]:
    yield from (Result(rule, item, failed=True) for item in finding["items"])
    if finding["checked_items"] > finding["flagged_items"]:
        yield Result(rule, "the others", failed=False)
