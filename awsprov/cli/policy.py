"""policy: the IAM policy of the identity that runs awsprov, and the trust policy of a CI job's role."""

import json
import re
from typing import Any

import click

from awsprov.cli.help_format import Command
from awsprov.cli.options import common, pass_settings
from awsprov.cli.output import note, print_result
from awsprov.cli.project import open_project
from awsprov.cli.settings import Settings
from awsprov.errors import UsageError
from awsprov.iam.boundary import BOUNDARY_PATH, Boundary
from awsprov.iam.oidc_trust import trust_policy
from awsprov.iam.permissions import MAX_INLINE_POLICY, MAX_MANAGED_POLICY, TASKS, Task, policy_document

_REPOSITORY = re.compile(r"github:([A-Za-z0-9-]+/[A-Za-z0-9._-]+)(?:@([A-Za-z0-9._/-]+))?")


@click.command(cls=Command)
@click.option(
    "--for", "tasks", default=",".join(TASKS), show_default=True, metavar="COMMANDS", help="Commands to permit."
)
@click.option("--boundary", is_flag=True, help="Print the permissions boundary of the stack's roles instead.")
@click.option("--trust", "who", metavar="github:OWNER/REPO[@BRANCH]", help="Print a CI role's trust policy instead.")
@click.option("--account", metavar="ID", help="AWS account id. [default: that of the credentials]")
@common()
@pass_settings
def policy(settings: Settings, tasks: str, boundary: bool, who: str | None, account: str | None) -> int:
    """Print the IAM policy with the least privileges that running awsprov on this stack needs; creates nothing.

    \b
    Examples:
      awsprov policy --for up,down,deploy > policy.json
      awsprov policy --for deploy,read --stage prod --account 123456789012
      awsprov policy --boundary > boundary.json
      awsprov policy --trust github:octo-org/prices@main
    """
    chosen = _tasks(tasks)
    repository = _repository(who) if who else None
    project = open_project(settings)
    where = _account(account) if account else project.aws.account, project.aws.partition
    if repository:
        return _print(settings, trust_policy(*repository, *where))
    if boundary:
        return _print_boundary(settings, Boundary.of(project.config), *where)
    found = policy_document(project.config, chosen, *where)
    _print(settings, found)
    note(settings, _sums(found))
    return 0


def _print(settings: Settings, policy: dict[str, Any]) -> int:
    """Print a policy in the form that IAM takes; with --json, inside a document."""
    print_result(settings, "policy", json.dumps(policy, indent=2), policy=policy)
    return 0


def _print_boundary(settings: Settings, boundary: Boundary, account: str, partition: str) -> int:
    """Print the boundary, and on stderr how an administrator creates and updates it."""
    _print(settings, boundary.document(account, partition))
    arn = boundary.arn(account, partition)
    create = f"aws iam create-policy --path {BOUNDARY_PATH} --policy-name {boundary.stack}"
    update = f"aws iam create-policy-version --policy-arn {arn} --set-as-default"
    document = "--policy-document file://boundary.json"
    note(settings, f"An administrator creates it once:\n  {create} {document}")
    note(settings, f"or updates it:\n  {update} {document}")
    return 0


def _sums(found: dict[str, Any]) -> str:
    """Return a sentence on the size of a policy, and on how many of its actions are restricted."""
    bound = [s for s in found["Statement"] if s["Resource"] != "*" or "Condition" in s]
    actions, narrow = ({action for s in part for action in s["Action"]} for part in (found["Statement"], bound))
    length = len(re.sub(r"\s", "", json.dumps(found)))
    size = f"{len(actions)} actions, {len(narrow)} restricted to resources or by a condition; {length} characters"
    if length <= MAX_MANAGED_POLICY:
        return f"{size}: fits a managed policy."
    if length > MAX_INLINE_POLICY:
        return f"{size}: split it with --for into managed policies of at most {MAX_MANAGED_POLICY}."
    managed = f"split it with --for into managed ones ({MAX_MANAGED_POLICY})"
    return f"{size}: fits a role's inline policy ({MAX_INLINE_POLICY}); or {managed}."


def _tasks(text: str) -> list[Task]:
    words = [word.strip() for word in text.split(",")]
    if unknown := [word for word in words if word not in TASKS]:
        raise UsageError(f"--for: unknown {', '.join(unknown)}.", remedy=f"Known: {', '.join(TASKS)}.")
    return [task for task in TASKS if task in words]


def _repository(who: str) -> tuple[str, str]:
    found = _REPOSITORY.fullmatch(who)
    if not found:
        raise UsageError(
            f"--trust {who!r} is not a repository.", remedy="Use github:OWNER/REPO or github:OWNER/REPO@BRANCH."
        )
    return found[1], found[2] or ""


def _account(account: str) -> str:
    if not re.fullmatch(r"\d{12}", account):
        raise UsageError(f"--account {account!r} is not an account id.", remedy="An account id has twelve digits.")
    return account
