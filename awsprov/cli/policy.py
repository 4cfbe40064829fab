"""policy: IAM policies for running awsprov, the boundary of the stack's roles, and the trust policy of a CI role."""

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from awsprov.aws.limits import MANAGED_POLICY
from awsprov.cli.help_format import Command
from awsprov.cli.options import common, pass_settings, which_function
from awsprov.cli.output import note, print_result, print_verbatim
from awsprov.cli.permission_proof import print_proof
from awsprov.cli.project import open_project
from awsprov.cli.settings import Settings
from awsprov.config.models import Config
from awsprov.engine.state import State
from awsprov.engine.state_file import StackKey
from awsprov.errors import RefusedError, UsageError
from awsprov.iam.boundary import BOUNDARY_PATH, Boundary
from awsprov.iam.oidc_trust import TrustedJobs
from awsprov.iam.permissions import TASKS, Task
from awsprov.iam.policies import policy_documents, policy_size
from awsprov.operations.attached_policies import IDENTITIES, NEEDED, Identity, attach_policies
from awsprov.project.project import Project
from awsprov.resources.identity.existing import ExistingPolicy


@click.command(cls=Command)
@click.option(
    "--for", "tasks", default=",".join(TASKS), show_default=True, metavar="COMMANDS", help="Commands to permit."
)
@click.option("--part", type=int, metavar="N", help="Print one of the policies. [default: all]")
@click.option(
    "--attach",
    nargs=2,
    type=(click.Choice(IDENTITIES), str),
    metavar="user|role|group NAME",
    help="Create or update the policies, and attach them.",
)
@click.option("--boundary", is_flag=True, help="Print the permissions boundary of the stack's roles instead.")
@click.option(
    "--trust",
    "who",
    metavar="github:OWNER/REPO[@BRANCH]",
    help="Print a CI role's trust policy instead; also gitlab:GROUP/PROJECT, @tag:TAG and @environment:NAME.",
)
@which_function
@click.option("--prove", is_flag=True, help="Print the least permissions of a function's code instead; with --local.")
@click.option(
    "--requests",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Requests for --prove, JSON in each line. [default: the smoke request]",
)
@click.option("--account", metavar="ID", help="AWS account id. [default: that of the credentials]")
@common()
@pass_settings
def policy(
    settings: Settings,
    tasks: str,
    part: int | None,
    attach: tuple[Identity, str] | None,
    boundary: bool,
    who: str | None,
    function: str | None,
    prove: bool,
    requests: Path | None,
    account: str | None,
) -> int:
    """Print the IAM policies with the least privileges that running awsprov on this stack needs.

    More than 6144 characters are printed as a list of managed policies.

    With --prove, it runs the requests in the local cloud, removes each permission that the function used in turn, and
    prints those without which a request fails or changes, for `functions.NAME.permissions` in config.yaml.

    \b
    Examples:
      awsprov policy --for up,down,deploy --part 1 > policy-1.json
      awsprov policy --for deploy,read --stage prod --account 123456789012
      awsprov policy --for up,deploy,down --attach user ana
      awsprov policy --boundary > boundary.json
      awsprov policy --trust github:octo-org/prices@environment:prod
      awsprov policy --trust gitlab:octo-org/prices@tag:v*
      awsprov policy --prove --function score --requests requests.jsonl --local
    """
    _check_proof(settings, function, prove=prove, requests=requests)
    chosen = _tasks(tasks)
    jobs = _trusted(who) if who else None
    choose = Config.function_name if prove else Config.function_names
    project = open_project(settings, files=True, function=function, choose=choose)
    if prove:
        return print_proof(settings, project, project.config.function_name(function), requests)
    account = _account(account) if account else project.aws.account
    if jobs:
        _note_trust(settings, jobs)
        return _print(settings, jobs.trust_policy(account, project.aws.partition))
    if boundary:
        return _print_boundary(settings, project, account)
    documents = policy_documents(project.config, chosen, account, api=_api_id(project, account))
    if attach:
        return _attach(settings, project, documents, *attach)
    note(settings, _summary(documents))
    return _print(settings, _part(documents, part) if part else documents[0] if len(documents) == 1 else documents)


def _check_proof(settings: Settings, function: str | None, *, prove: bool, requests: Path | None) -> None:
    if prove and not settings.local:
        raise UsageError(
            "--prove needs --local: it takes permissions from the function, one after the other.",
            remedy="Create the stack in the local cloud with `awsprov up --local`, then run this command with --local.",
        )
    if not prove and (function or requests):
        raise UsageError("--function and --requests need --prove.", remedy="`awsprov policy --help` has examples.")


def _print(settings: Settings, policy: Any) -> int:
    """Print a policy in the form that IAM takes, or a list of policies; with --json, inside a document."""
    print_verbatim(settings, "policy", json.dumps(policy, indent=2), policy=policy)
    return 0


def _attach(
    settings: Settings, project: Project, documents: list[dict[str, Any]], identity: Identity, name: str
) -> int:
    """Attach the policies, and print their ARNs."""
    note(settings, f"This calls {NEEDED}.")
    arns = attach_policies(project.aws, documents, identity, name)
    print_result(settings, "policy", "\n".join(arns), attached=arns)
    return 0


def _print_boundary(settings: Settings, project: Project, account: str) -> int:
    """Print the boundary, and on stderr how an administrator creates and updates it."""
    boundary = Boundary.of(project.config)
    policies = [ExistingPolicy(arn, arn) for arn in boundary.managed_policies]
    managed = [
        statement for policy in policies if policy.find(project.aws) for statement in policy.statements(project.aws)
    ]
    document = boundary.document(account, managed=managed)
    size = policy_size(document)
    if size > MANAGED_POLICY:
        raise RefusedError(
            f"The boundary would have {size} characters; IAM allows {MANAGED_POLICY}.",
            why="It allows all that `permissions` in config.yaml allow, and what the managed policies there contain.",
            remedy="Use fewer lines with wildcards, or a boundary of your own in `roles.boundary`.",
        )
    _print(settings, document)
    arn = boundary.arn(account)
    create = f"aws iam create-policy --path {BOUNDARY_PATH} --policy-name {boundary.stack}"
    update = f"aws iam create-policy-version --policy-arn {arn} --set-as-default"
    file = "--policy-document file://boundary.json"
    note(settings, f"An administrator creates it once:\n  {_by_administrator(settings, f'{create} {file}')}")
    note(settings, f"or updates it:\n  {_by_administrator(settings, f'{update} {file}')}")
    return 0


def _by_administrator(settings: Settings, command: str) -> str:
    """Return a command of the AWS CLI to copy; with `--local`, it uses the keys of the local cloud."""
    return f'(eval "$({settings.command_hint("local env")})" && {command})' if settings.local else command


def _summary(documents: list[dict[str, Any]]) -> str:
    """Return how many actions the policies have, how many of them are restricted, and how long the policies are."""
    statements = [statement for document in documents for statement in document["Statement"]]
    restricted = [s for s in statements if s["Resource"] != "*" or "Condition" in s]
    actions, narrow = ({action for s in part for action in s["Action"]} for part in (statements, restricted))
    text = f"{len(actions)} actions, {len(narrow)} restricted to resources or by a condition; "
    sizes = [str(policy_size(document)) for document in documents]
    if len(documents) == 1:
        return f"{text}{sizes[0]} characters: fits a managed policy."
    text += f"{len(documents)} managed policies of {', '.join(sizes)} characters (at most {MANAGED_POLICY})."
    return f"{text} Print one of them with --part."


def _part(documents: list[dict[str, Any]], number: int) -> dict[str, Any]:
    """Return one of the policies.

    Raises:
        UsageError: there is none of this number.
    """
    if not 1 <= number <= len(documents):
        raise UsageError(f"There is no part {number}.", remedy=f"The parts are 1 to {len(documents)}.")
    return documents[number - 1]


def _api_id(project: Project, account: str) -> str:
    """Return the id of the stack's API if the state of this account has it, else `*`."""
    with suppress(RefusedError):
        records = State(project.state_path, StackKey(project.config.stack, account, project.config.region)).records
        return next((records[name].id for name in ("api", "http-api") if name in records and records[name].id), "*")
    return "*"


def _tasks(text: str) -> list[Task]:
    words = [word.strip() for word in text.split(",")]
    if unknown := [word for word in words if word not in TASKS]:
        raise UsageError(f"--for: unknown {', '.join(unknown)}.", remedy=f"Known: {', '.join(TASKS)}.")
    return [task for task in TASKS if task in words]


def _trusted(who: str) -> TrustedJobs:
    try:
        return TrustedJobs.parse(who)
    except ValueError as error:
        raise UsageError(
            f"--trust {who!r} {error}.",
            remedy="Use github:OWNER/REPO or gitlab:GROUP/PROJECT, or HOST:GROUP/PROJECT for a GitLab of your own; and "
            "behind it @BRANCH, @tag:TAG, @environment:NAME (GitHub) or @* for all jobs.",
        ) from error


def _note_trust(settings: Settings, jobs: TrustedJobs) -> None:
    """Print which jobs may assume the role, and what the account and the jobs need for it."""
    which = "All jobs" if jobs.kind == "any" else f"Jobs of {jobs.kind} {jobs.name}"
    note(settings, f"{which} of {jobs.project} may assume the role. The audience of their tokens is {jobs.audience}.")
    provider = f"aws iam create-open-id-connect-provider --url https://{jobs.issuer} --client-id-list {jobs.audience}"
    note(settings, f"The account needs this provider, once:\n  {_by_administrator(settings, provider)}")
    if jobs.on_github and "@" not in jobs.project:
        ids = f"gh api repos/{jobs.project} --jq '\"\\(.owner.id) \\(.id)\"'"
        note(
            settings,
            "Tokens of repositories that were created or renamed since 15 July 2026 contain IDs of owner and "
            f"repository: then use github:OWNER@ID/REPO@ID with the numbers that this prints:\n  {ids}",
        )


def _account(account: str) -> str:
    if not re.fullmatch(r"\d{12}", account):
        raise UsageError(f"--account {account!r} is not an account id.", remedy="An account id has twelve digits.")
    return account
