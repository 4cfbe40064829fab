"""parliament, a linter of IAM policies: those of the stack's roles, and those that `awsprov policy` prints."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from awsprov.config.loader import load
from awsprov.iam.permissions import TASKS
from awsprov.iam.policies import policy_documents
from scans.environments import python
from scans.findings import Result
from scans.lab import API, Lab
from tests.e2e.projects import Client

_LINT = Path(__file__).with_name("inside") / "lint.py"
APIS = ("rest", "http", "rest, auth: api_key")


def scan(lab: Lab) -> list[Result]:
    """Return a result for each policy, and one for each of its findings."""
    documents = dict([*_roles(lab.client), *_printed(lab)])
    completed = subprocess.run(
        [str(python("parliament")), str(_LINT)], input=json.dumps(documents), text=True, check=True, capture_output=True
    )
    found = [Result(issue, f"{name}: {detail}", failed=True) for name, issue, detail in json.loads(completed.stdout)]
    return [*found, *(Result(name, name, failed=False) for name in documents)]


def _roles(client: Client) -> Iterator[tuple[str, Any]]:
    iam = client("iam")
    for policy in iam.list_policies(Scope="Local")["Policies"]:
        version = iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])
        yield policy["PolicyName"], version["PolicyVersion"]["Document"]


def _printed(lab: Lab) -> Iterator[tuple[str, Any]]:
    text = lab.project.config.read_text()
    for api in APIS:
        file = lab.project.config.with_name("policy.yaml")
        file.write_text(text.replace(API.format("rest"), API.format(api)))
        config = load(file)
        for tasks in (*((task,) for task in TASKS), TASKS):
            name = f"policy --for {','.join(tasks)} of {api}"
            documents = policy_documents(config, tasks, "123456789012")
            yield from ((f"{name}, part {number}", document) for number, document in enumerate(documents, start=1))
