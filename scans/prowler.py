"""Prowler: some 130 checks over the AWS API of the services that a stack uses."""

import json
import subprocess
from pathlib import Path

from scans.environments import python
from scans.findings import Result
from scans.lab import Lab

SERVICES = ("apigateway", "apigatewayv2", "awslambda", "cloudwatch", "ec2", "efs", "iam", "kms", "ssm", "vpc")
# moto has 1301 snapshots, one for each of its images; Lambda's code is at a host of S3, which is not the local cloud.
LEFT_OUT = ("ec2_ebs_snapshots_encrypted", "ec2_ebs_public_snapshot", "awslambda_function_no_secrets_in_code")


def scan(lab: Lab) -> list[Result]:
    """Run its checks, also those of unused resources, such as the closed default security group."""
    report = lab.work / "prowler"
    words = ["aws", "--no-banner", "--region", "us-east-1", "--services", *SERVICES, "--excluded-check", *LEFT_OUT]
    words += ["--scan-unused-services", "--ignore-exit-code-3", "--output-formats", "json-ocsf"]
    words += ["--output-filename", "report", "--output-directory", str(report)]
    command = [str(python("prowler").with_name("prowler")), *words]
    subprocess.run(command, env=lab.environment, check=True, stdout=subprocess.DEVNULL)
    return read(report / "report.ocsf.json")


def read(report: Path) -> list[Result]:
    """Return the results in its report."""
    return [
        Result(each["metadata"]["event_code"], each["resources"][0]["uid"], each["status_code"] == "FAIL")
        for each in json.loads(report.read_text())
        if each["status_code"] in ("FAIL", "PASS")
    ]
