"""The report of `egress`: as text, and as a JSON document."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from awsprov.cli.terminal import style, width
from awsprov.config.models import Config
from awsprov.operations.egress import EgressReport, FunctionEgress, proposal, services_with_endpoint
from awsprov.operations.egress_record import Connections
from awsprov.project.project import Project
from awsprov.ui.layout import table

_NAMED = 3  # requests that are named; more are counted


def report_text(config: Config, report: EgressReport, saved: float | None) -> str:
    """Return a report as text.

    Arguments:
        config: the configuration.
        report: what was observed.
        saved: what the stack's NAT costs a day, in USD; None if that is unknown.
    """
    lines = [line for each in report.functions for line in (*_function_lines(each), "")]
    lines += [*_conclusion(report), *_reasons(report)]
    if changes := proposal(config, report):
        lines += ["", f"{_lead(report, saved)}:", "", *changes]
    elif not report.not_run:
        lines += ["", "config.yaml has all of this already; nothing to change."]
    if config.network.subnets and (services := services_with_endpoint(config, report)):
        lines.append(
            f"The existing network needs a gateway endpoint for {' and '.join(services)}, or another way there."
        )
    return "\n".join(lines)


def document(project: Project, report: EgressReport, saved: float | None) -> dict[str, Any]:
    """Return a report as the fields of a JSON document."""
    return {
        "functions": [
            {
                "function": each.function,
                "requests": list(each.requests),
                "calls": [asdict(calls) for calls in each.record.calls],
                "connections": [asdict(connections) for connections in each.record.connections],
                "lookups": list(each.record.lookups),
                "libraries": list(each.record.libraries),
                "unanswered": [asdict(calls) for calls in each.record.unanswered],
                "changed": list(each.changed),
            }
            for each in report.functions
        ],
        "not_run": list(report.not_run),
        "passes": report.passes,
        "proven": report.proven,
        "not_proven_because": report.forbidden,
        "configuration": proposal(project.config, report),
        "saved_a_day": round(saved, 2) if saved is not None and report.passes else None,
    }


def _function_lines(egress: FunctionEgress) -> Iterator[str]:
    yield style(f"{egress.function}: {_requests(egress.requests)}", bold=True)
    record = egress.record
    rows = [("calls to AWS", f"{each}: {each.count}") for each in record.calls]
    rows += [("connections", _connection(each)) for each in record.connections]
    rows += [("lookups only", name) for name in record.only_looked_up]
    yield from table(_once(rows) or [("connections", "none")], width(), indent="  ")


def _requests(names: tuple[str, ...]) -> str:
    if len(names) <= _NAMED:
        return ", ".join(names)
    return f"{len(names)} requests, {names[0]} to {names[-1]}"


def _connection(connections: Connections) -> str:
    text = f"{connections}: {connections.count}"
    text += ", by compiled code" if connections.compiled else ""
    return text + (", a host of AWS: give the library AWS_ENDPOINT_URL" if connections.of_aws else "")


def _once(rows: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the rows with each heading at its first row only."""
    found: list[tuple[str, str]] = []
    last = ""
    for heading, text in rows:
        found.append(("" if heading == last else heading, text))
        last = heading
    return found


def _conclusion(report: EgressReport) -> Iterator[str]:
    """Yield whether the requests need a NAT gateway, and for which functions nothing is known."""
    changed = [(each.function, text) for each in report.functions for text in each.changed]
    if changed:
        yield style("A NAT gateway or NAT instance is needed.", bold=True) + " With nothing else reachable:"
        yield from (f"  {function}, {text}" for function, text in changed)
    elif report.not_run:
        yield "Every request that was sent returns the same without a NAT gateway, and with nothing else reachable."
    elif report.proven:
        text = " Each of them returned the same with nothing else reachable, for compiled code, too."
        text += " What they tried to connect to is not needed." if _tried(report) else ""
        yield style("Proven for these requests: no NAT gateway is needed.", bold=True) + text
    else:
        yield "Every request returns the same without a NAT gateway, as far as Python code is observed."
    if report.not_run:
        names = ", ".join(report.not_run)
        yield f"Not run: {names}. So nothing is proven for the stack: all its functions use the same network."
        yield "A function is run if it has `smoke` in config.yaml, or is NAME of --function NAME --requests FILE."


def _tried(report: EgressReport) -> bool:
    return any(each.record.connections or each.record.unanswered for each in report.functions)


def _reasons(report: EgressReport) -> Iterator[str]:
    """Yield what got no answer, and why a report is no proof."""
    for each in (function for function in report.functions if function.changed):
        waited = [*map(str, each.record.unanswered), *map(str, each.record.connections)]
        nothing = "nothing; does it connect to a server on this machine, by `localhost`?"
        yield f"  {each.function} got no answer from {', '.join(waited) or nothing}"
    if report.forbidden:
        yield f"This is no proof: {report.forbidden}. Compiled code opens connections that Python does not see."
        libraries = sorted({Path(path).name for each in report.functions for path in each.record.libraries})
        yield f"Loaded libraries that can: {', '.join(libraries) or 'none was found'}."


def _lead(report: EgressReport, saved: float | None) -> str:
    if report.passes and saved:
        return f"For config.yaml; it saves ${saved:.2f} a day"
    return "For config.yaml"
