"""policy --prove: the least permissions of a function, found by rehearsals in the local cloud."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from awsprov.aws.invocation import invoke
from awsprov.cli.output import note, print_result
from awsprov.cli.rehearsals import NEWEST, requests_of, running_cloud
from awsprov.cli.settings import Settings
from awsprov.iam.policy_meaning import Statement
from awsprov.iam.secrets import read_statements
from awsprov.operations import proof_record
from awsprov.operations.permission_proof import Proof, RehearsalResult, UsedAction, permission_lines, prove
from awsprov.project.project import Project

if TYPE_CHECKING:
    from awsprov.local import RunningCloud

_TRIAL = 900.0  # seconds after which a function has the permissions of its role again, if this process is killed
_EVERYTHING: Statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def print_proof(settings: Settings, project: Project, function: str, requests: Path | None) -> int:
    """Find the least permissions of a function for its requests, and print them as lines for config.yaml.

    Arguments:
        settings: the options.
        project: with the stack in the local cloud.
        function: its name in config.yaml.
        requests: a file with a request in each line, in addition to the smoke request.
    """
    payloads = [request.payload for request in requests_of(project, function, requests)]
    rehearsal = _Rehearsal(project, running_cloud(settings), function, payloads)
    started = time.monotonic()
    with rehearsal.ended():
        proof = prove(rehearsal.run, lambda action, needed: note(settings, _result(action, needed)))
    about = (
        f"{len(payloads)} request{'s' * (len(payloads) != 1)}, {proof.runs} runs, {time.monotonic() - started:.1f} s"
    )
    lines = permission_lines(proof.needed, project.aws.region, project.aws.account)
    path = proof_record.record_path(project.state_path, project.config.stack)
    proof_record.save(path, function, lines, len(payloads))
    _print(settings, function, lines, proof, about)
    return 0


class _Rehearsal:
    """Sends the requests to new instances of a function, with certain permissions."""

    def __init__(self, project: Project, cloud: "RunningCloud", function: str, payloads: Sequence[bytes]) -> None:
        self._aws, self._cloud, self._payloads = project.aws, cloud, payloads
        self._name = project.function_id(function)
        self._arn = self._aws.arn("lambda", f"function:{self._name}")
        # What the function needs to start is not part of `permissions`: awsprov's own policies allow it.
        self._own = read_statements(self._aws.place, project.config.functions[function].start_secrets.values())

    def run(self, allowed: Sequence[UsedAction] | None) -> RehearsalResult:
        """Send all requests, with certain permissions or, for None, with all."""
        statements = [_EVERYTHING] if allowed is None else [*self._own, *(each.statement for each in allowed)]
        self._cloud.admin_request("POST", "trials", function=self._arn, statements=statements, seconds=_TRIAL)
        results = tuple(invoke(self._aws, self._name, NEWEST, payload) for payload in self._payloads)
        evaluated = self._cloud.admin_request("GET", "authorization-requests")["requests"]
        own = (each["request"] for each in evaluated if each["function"] == self._arn)
        used = {UsedAction(each["action"], each["resource"]) for each in own}
        return RehearsalResult(results, frozenset(each for each in used if not self._is_own(each)))

    @contextmanager
    def ended(self) -> Iterator[None]:
        """Give the function the permissions of its role again at the end."""
        try:
            yield
        finally:
            self._cloud.admin_request("DELETE", "trials", function=self._arn)

    def _is_own(self, used: UsedAction) -> bool:
        return any(
            used.action == statement["Action"]
            and any(fnmatchcase(used.resource, pattern) for pattern in _patterns(statement))
            for statement in self._own
        )


def _patterns(statement: Statement) -> list[str]:
    resource = statement["Resource"]
    return [resource] if isinstance(resource, str) else list(resource)


def _result(action: UsedAction, needed: bool) -> str:
    text = f"  without {action.action} on {action.resource}: "
    return text + ("a request fails or changes" if needed else "every request returns the same, so it is not needed")


def _print(settings: Settings, function: str, lines: list[str], proof: Proof, about: str) -> None:
    """Print the lines for config.yaml, and on stderr how they were found."""
    text = "".join(f"\n      - {line}" for line in lines) or " []"
    note(settings, f"{function} needs {len(lines) or 'no'} permission{'s' * (len(lines) != 1)}: {about}.")
    print_result(
        settings,
        "permissions",
        f"    permissions:{text}",
        function=function,
        permissions=lines,
        unneeded=[{"action": each.action, "resource": each.resource} for each in proof.unneeded],
        runs=proof.runs,
    )
