"""The first plan of a stack in a few lines: how many resources in each area, and what config.yaml says about it."""

from collections import Counter
from collections.abc import Callable, Iterable

from awsprov.cli.terminal import style
from awsprov.config.function import FunctionConfig
from awsprov.config.models import Config
from awsprov.ui.layout import TableRow, table


def summary_lines(counts: Counter[str], config: Config, columns: int | None) -> list[str]:
    """Return the lines of a summary by area.

    Arguments:
        counts: the number of resources that are created, by section of the plan, in the order of the plan.
        config: the configuration.
        columns: the width of the terminal; None for no limit.
    """
    rows: list[TableRow] = [style("To create", bold=True)]
    rows += [(section, str(count) if count else "", _about(section, config)) for section, count in counts.items()]
    rows += [(f"function {name}", "", _function(each)) for name, each in config.functions.items()]
    return [*table(rows, columns, right=(1,), indent="  "), "", "`awsprov plan -v` lists every resource."]


def _about(section: str, config: Config) -> str:
    describe = _ABOUT.get(section)
    return describe(config) if describe else ""


def _network(config: Config) -> str:
    if config.network.subnets:
        subnets = f"{len(config.network.subnets)} existing subnet{'' if len(config.network.subnets) == 1 else 's'}"
        return f"security groups in {subnets}"
    zones = config.network.zones
    gateways = {
        "single": "1 NAT gateway",
        "per-zone": f"{zones} NAT gateways",
        "instance": "1 NAT instance",
        "none": "no NAT gateway",
    }
    return f"VPC {config.network.cidr}, {zones} zone{'' if zones == 1 else 's'}, {gateways[config.network.nat]}"


def _api(config: Config) -> str:
    logs = "log groups of the functions"
    if not any(function.routes for function in config.functions.values()):
        return logs
    return f"{config.api.type.upper()} API, auth: {config.api.auth}; {logs}"


def _libraries(config: Config) -> str:
    count = len(config.environment.lock.packages)
    packages = (
        "packages known after `up`," if config.libraries_unknown else f"{count} package{'' if count == 1 else 's'}"
    )
    return f"{packages} for Python {config.libraries.python}; code, version and alias"


def _function(each: FunctionConfig) -> str:
    facts: Iterable[str] = (each.handler, f"{each.memory} MB", f"timeout {each.timeout} s", *map(str, each.routes))
    return ", ".join(facts)


_ABOUT: dict[str, Callable[[Config], str]] = {
    "network": _network,
    "storage": lambda _: "EFS file system for the libraries",
    "compute": lambda config: f"builder {config.builder.instance_type}, when idle: {config.builder.when_idle}",
    "serving": _api,
    "permissions": lambda _: "roles of the builder and of each function, with least privileges",
    "code and libraries": _libraries,
}
