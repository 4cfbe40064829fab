"""policy: the rights of whoever runs awsprov, and the trust of a CI job."""

import json
import re
from typing import Any

import click

from awsprov.cli.help_format import Command
from awsprov.cli.options import Settings, common, pass_settings
from awsprov.cli.session import open_session, say
from awsprov.errors import UsageError
from awsprov.iam.oidc_trust import trust_policy
from awsprov.iam.permissions import MAX_INLINE_POLICY, MAX_MANAGED_POLICY, TASKS, Task, policy_document
from awsprov.ui.json_output import print_json

_REPOSITORY = re.compile(r"github:([A-Za-z0-9-]+/[A-Za-z0-9._-]+)(?:@([A-Za-z0-9._/-]+))?")


@click.command(cls=Command)
@click.option("--for", "tasks", default=",".join(TASKS), show_default=True, metavar="COMMANDS", help="Which commands.")
@click.option("--trust", "who", metavar="github:OWNER/REPO[@BRANCH]", help="Print who may take on the CI's role.")
@click.option("--account", metavar="ID", help="Twelve digits. [default: that of the credentials]")
@common()
@pass_settings
def policy(settings: Settings, tasks: str, who: str | None, account: str | None) -> int:
    """Print the least IAM policy that lets somebody run awsprov on this stack; makes nothing.

    \b
    Examples:
      awsprov policy --for up,down,deploy > policy.json
      awsprov policy --for deploy,read --stage prod --account 123456789012
      awsprov policy --trust github:octo-org/prices@main
    """
    chosen = _tasks(tasks)
    repository = _repository(who) if who else None
    session = open_session(settings)
    where = _account(account) if account else session.aws.account, session.aws.partition
    if repository:
        return _print(settings, trust_policy(*repository, *where))
    found = policy_document(session.config, chosen, *where)
    _print(settings, found)
    say(settings, _sums(found))
    return 0


def _print(settings: Settings, policy: dict[str, Any]) -> int:
    """The policy as IAM takes it; within a document, when that is asked for."""
    print_json("policy", policy=policy) if settings.json else click.echo(json.dumps(policy, indent=2))
    return 0


def _sums(found: dict[str, Any]) -> str:
    """How large it is, and how much of it is bound to something."""
    bound = [s for s in found["Statement"] if s["Resource"] != "*" or "Condition" in s]
    actions, narrow = ({action for s in part for action in s["Action"]} for part in (found["Statement"], bound))
    length = len(re.sub(r"\s", "", json.dumps(found)))
    told = f"{len(actions)} actions, {len(narrow)} of them with a resource or a condition; {length} characters"
    if length <= MAX_MANAGED_POLICY:
        return f"{told}: a managed policy."
    if length > MAX_INLINE_POLICY:
        return f"{told}: managed policies of {MAX_MANAGED_POLICY} at most, split by --for."
    managed = f"managed ones of {MAX_MANAGED_POLICY}, split by --for"
    return f"{told}: a role's inline policy ({MAX_INLINE_POLICY} at most), or {managed}."


def _tasks(text: str) -> list[Task]:
    words = [word.strip() for word in text.split(",")]
    if unknown := [word for word in words if word not in TASKS]:
        raise UsageError(f"--for does not know {', '.join(unknown)}.", remedy=f"It knows {', '.join(TASKS)}.")
    return [task for task in TASKS if task in words]


def _repository(who: str) -> tuple[str, str]:
    found = _REPOSITORY.fullmatch(who)
    if not found:
        raise UsageError(
            f"--trust {who!r} names no repository.", remedy="Write it as github:OWNER/REPO or github:OWNER/REPO@BRANCH."
        )
    return found[1], found[2] or ""


def _account(account: str) -> str:
    if not re.fullmatch(r"\d{12}", account):
        raise UsageError(f"--account {account!r} is no account id.", remedy="It has twelve digits.")
    return account
