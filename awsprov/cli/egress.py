"""egress: where functions connect, and whether the stack needs a NAT gateway for it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

from awsprov.aws.invocation import InvocationResult, invoke
from awsprov.cli.egress_view import document, report_text
from awsprov.cli.help_format import Command
from awsprov.cli.options import common, pass_settings, which_function
from awsprov.cli.output import note, print_result
from awsprov.cli.project import open_project
from awsprov.cli.rehearsals import NEWEST, RehearsalRequest, all_requests, no_requests, running_cloud
from awsprov.cli.settings import Settings
from awsprov.config.models import Config
from awsprov.errors import UsageError
from awsprov.operations.egress import EgressReport, FunctionEgress, check_results, compare_runs, endpoints
from awsprov.operations.egress_record import EgressRecord
from awsprov.pricing.estimate import DAY, running_bill
from awsprov.pricing.price_table import prices_of
from awsprov.project.project import Project
from awsprov.resources.identity.secrets import Secret

if TYPE_CHECKING:
    from awsprov.local import RunningCloud

_MARGIN = 900.0  # seconds in which a function starts; a recording ends by itself if this process is killed


@click.command(cls=Command)
@which_function
@click.option(
    "--requests",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Requests for --function, JSON in each line, in addition to the smoke request.",
)
@common()
@pass_settings
def egress(settings: Settings, function: str | None, requests: Path | None) -> int:
    """Show where functions connect, and whether they need a NAT gateway.

    With --local only. It sends each function's smoke request, and the requests of a file, in the local cloud: twice
    with everything reachable, and once where only services with a gateway endpoint answer. It prints the calls to AWS,
    all other connections, and the lines for config.yaml that follow.

    On Linux the last run is in a network namespace, which shows what compiled code connects to, too. Where that is
    not allowed, only Python code is observed, which proves nothing about compiled libraries: the report names them.

    \b
    Examples:
      awsprov egress --local
      awsprov egress --requests requests.jsonl --function score --local
      awsprov egress --json --local
    """
    if not settings.local:
        raise UsageError(
            "`egress` needs --local: it lets the functions reach nothing for a while.",
            remedy="Create the stack in the local cloud with `awsprov up --local`, then run this command with --local.",
        )
    choose = Config.function_name if requests else Config.function_names
    project = open_project(settings, files=True, function=function, choose=choose)
    planned = _planned(project, function, requests)
    report = _EgressRehearsal(settings, project, running_cloud(settings)).report(planned)
    saved = _saved(project)
    print_result(settings, "egress", report_text(project.config, report, saved), **document(project, report, saved))
    return 0


Requests = Sequence[RehearsalRequest]
Planned = dict[str, list[RehearsalRequest]]
_Opened = tuple[list[InvocationResult], list[InvocationResult], EgressRecord]  # two runs, and what left in the first


def _planned(project: Project, function: str | None, file: Path | None) -> Planned:
    """Return the requests of each function: of one that is named, or else of all. A file is for one of them.

    Raises:
        UsageError: there is no request at all, or it is not clear which function a file is for.
    """
    chosen = project.config.function_names(None if file else function)
    of_file = project.config.function_name(function) if file else ""
    planned = {name: all_requests(project, name, file if name == of_file else None) for name in chosen}
    if not any(planned.values()):
        raise no_requests(chosen, "nothing would be observed")
    return planned


class _EgressRehearsal:
    """Sends the requests to new instances of each function, while the local cloud records what leaves them."""

    def __init__(self, settings: Settings, project: Project, cloud: "RunningCloud") -> None:
        self._settings, self._project, self._cloud = settings, project, cloud
        self._forbidden = str(cloud.admin_request("GET", "namespaces")["forbidden"])

    def report(self, planned: Planned) -> EgressReport:
        """Run all requests, first with everything reachable."""
        config = self._project.config
        sent = {name: requests for name, requests in planned.items() if requests}
        opened = {name: self._open(name, requests) for name, requests in sent.items()}
        services = endpoints(config, (call for *_, record in opened.values() for call in record.calls))
        found = tuple(self._closed(name, requests, services, opened[name]) for name, requests in sent.items())
        return EgressReport(found, tuple(name for name in config.functions if name not in sent), self._forbidden)

    def _open(self, function: str, requests: Requests) -> _Opened:
        """Send the requests twice with everything reachable, so that what differs each time is known."""
        note(self._settings, f"{function}: {_counted(requests)}, with everything reachable …")
        with self._recording(function, "open", len(requests)) as arn:
            first = self._send(function, requests)
            check_results(function, [each.name for each in requests], first)
            record = self._record(arn)
            return first, self._send(function, requests), record

    def _closed(self, function: str, requests: Requests, services: list[str], opened: _Opened) -> FunctionEgress:
        """Send the requests with only some services reachable, and compare."""
        note(self._settings, f"{function}: {_counted(requests)}, with nothing else reachable …")
        mode = "audit-events" if self._forbidden else "namespace"
        first, second, record = opened
        closed: Any = {"services": services, "variables": self._variables(function)}
        with self._recording(function, mode, len(requests), **closed) as arn:
            without = self._send(function, requests)
            record = record.joined(self._record(arn))
        return compare_runs(function, [each.name for each in requests], (first, second, without), record)

    @contextmanager
    def _recording(
        self,
        function: str,
        mode: str,
        requests: int,
        *,
        services: Sequence[str] = (),
        variables: Mapping[str, str | None] = MappingProxyType({}),
    ) -> Iterator[str]:
        """Record what leaves a function, with new instances, for that many requests; yield its ARN."""
        arn = self._project.aws.arn("lambda", f"function:{self._project.function_id(function)}")
        seconds = _MARGIN + 2 * requests * self._project.config.functions[function].timeout
        closed: Any = {"services": list(services), "variables": dict(variables)}
        self._cloud.admin_request("POST", "recordings", function=arn, mode=mode, seconds=seconds, **closed)
        try:
            yield arn
        finally:
            self._cloud.admin_request("DELETE", "recordings", function=arn)

    def _record(self, arn: str) -> EgressRecord:
        return EgressRecord.parse(self._cloud.admin_request("GET", "recordings", function=arn))

    def _send(self, function: str, requests: Requests) -> list[InvocationResult]:
        name = self._project.function_id(function)
        return [invoke(self._project.aws, name, NEWEST, each.payload) for each in requests]

    def _variables(self, function: str) -> dict[str, str | None]:
        """Return the variables that change with `secrets_at: deploy`: it has their values, and reads nothing."""
        secrets = self._project.config.functions[function].start_secrets
        if not secrets:
            return {}
        aws = self._project.aws
        values = {name: Secret(name, reference).value_and_version(aws)[0] for name, reference in secrets.items()}
        return {"AWSPROV_SECRETS": None, **values}


def _saved(project: Project) -> float | None:
    """Return what the stack's NAT and its public addresses cost a day, in USD; None if that is unknown."""
    prices = prices_of(project.config.region, project.config.state_dir)
    if prices is None:
        return None
    bill = running_bill([resource for resource in project.stack if resource.pausable], prices)
    return None if bill.unknown else bill.hour * DAY


def _counted(requests: Requests) -> str:
    return f"{len(requests)} request{'s' * (len(requests) != 1)}"
