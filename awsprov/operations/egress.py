"""The egress of a stack's functions, and whether the stack needs a NAT gateway for it.

A rehearsal sends requests to a function in the local cloud twice with everything reachable, and once with what a stack
without a NAT gateway reaches. See `awsprov egress`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from awsprov.aws.invocation import InvocationResult
from awsprov.config.models import Config
from awsprov.errors import AwsprovError
from awsprov.operations.egress_record import AwsCalls, Connections, EgressRecord
from awsprov.operations.outcomes import changed_requests, expected_outcomes

GatewayService = Literal["s3", "dynamodb"]  # the services that have gateway endpoints (VPC user guide)


@dataclass(frozen=True)
class FunctionEgress:
    """What left a function, and whether its requests need it.

    Arguments:
        function: its name in config.yaml.
        requests: which requests were sent, as in `the smoke request`.
        record: of all runs.
        changed: those of the requests that fail or change without a NAT gateway, each with what they returned.
    """

    function: str
    requests: tuple[str, ...]
    record: EgressRecord
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class EgressReport:
    """What left the functions of a stack, and what follows from it for the network.

    Arguments:
        functions: that were run.
        not_run: the names of the others.
        forbidden: why no network of its own could be given to a function, so that only Python code was observed;
            empty if it could.
    """

    functions: tuple[FunctionEgress, ...]
    not_run: tuple[str, ...] = ()
    forbidden: str = ""

    @property
    def passes(self) -> bool:
        """Whether all functions were run, and return the same without a NAT gateway, as far as was observed."""
        return not self.not_run and all(not each.changed for each in self.functions)

    @property
    def proven(self) -> bool:
        """Whether that is a proof for these requests."""
        return self.passes and not self.forbidden


def check_results(function: str, names: Sequence[str], results: Sequence[InvocationResult]) -> None:
    """Check that all requests succeed with everything reachable.

    Raises:
        AwsprovError: one fails.
    """
    for name, result in zip(names, results, strict=True):
        if result.error:
            raise AwsprovError(
                f"{function}: {name} fails although everything can be reached, so nothing follows from it.",
                why=result.failure,
                remedy="Correct the request or the function, and create what it reads in the local cloud.",
            )


def compare_runs(
    function: str,
    names: Sequence[str],
    runs: tuple[Sequence[InvocationResult], Sequence[InvocationResult], Sequence[InvocationResult]],
    record: EgressRecord,
) -> FunctionEgress:
    """Return what left a function, with the requests that fail or change without a NAT gateway.

    Arguments:
        function: its name in config.yaml.
        names: of the requests.
        runs: their results: twice with everything reachable, then with what remains without a NAT gateway.
        record: of all runs.
    """
    first, second, without = runs
    expected = expected_outcomes(first, second)
    changed = [f"{names[position]}: {_result(without[position])}" for position in changed_requests(expected, without)]
    return FunctionEgress(function, tuple(names), record, tuple(changed))


def endpoints(config: Config, calls: Iterable[AwsCalls]) -> list[str]:
    """Return the services that the stack should have a gateway endpoint for: it reaches its own region only."""
    used = {each.service for each in calls if each.region == config.region} | {*config.network.endpoints}
    return [service for service in get_args(GatewayService) if service in used]


def services_with_endpoint(config: Config, report: EgressReport) -> list[str]:
    """Return the services that functions used, or that config.yaml names, and that can have a gateway endpoint."""
    return endpoints(config, (call for each in report.functions for call in each.record.calls))


def proposal(config: Config, report: EgressReport) -> list[str]:
    """Return the lines for config.yaml that follow from a report; none if the configuration has them already.

    Arguments:
        config: the configuration.
        report: of all functions.
    """
    if report.not_run:
        return []
    network = {} if config.network.subnets else _network(config, report)
    lines = ["network:", *(f"  {key}: {value}" for key, value in network.items())] if network else []
    functions = _secrets_at_deploy(config) if report.passes else []
    return lines + (["functions:", *functions] if functions else [])


def _network(config: Config, report: EgressReport) -> dict[str, str]:
    """Return the keys of `network` that differ from the configuration."""
    current, found = config.network, {}
    services = services_with_endpoint(config, report)
    if report.passes and current.nat != "none":
        found["nat"] = "none" + ("  # and delete `address`" if current.address else "")
    if services != [service for service in get_args(GatewayService) if service in current.endpoints]:
        found["endpoints"] = _listed(services)
    ports = {each.port for function in report.functions for each in function.record.connections if _is_tcp(each)}
    if not report.passes and ports - {*current.egress_ports, 443}:
        found["egress_ports"] = _listed(sorted(ports | {*current.egress_ports}))
    return found


def _secrets_at_deploy(config: Config) -> list[str]:
    """Return the lines for the functions that read secrets when they start: they could not without a NAT gateway."""
    names = [name for name, function in config.functions.items() if function.start_secrets]
    return [line for name in names for line in (f"  {name}:", "    secrets_at: deploy")]


def _is_tcp(connections: Connections) -> bool:
    return connections.protocol == "tcp"


def _listed(values: Iterable[object]) -> str:
    return f"[{', '.join(map(str, values))}]"


def _result(result: InvocationResult) -> str:
    return result.failure if result.error else "it returns something else"
