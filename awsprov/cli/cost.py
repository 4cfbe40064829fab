"""cost: what the stack costs running, paused and deleted."""

import json
from collections.abc import Iterable
from typing import Any

import click

from awsprov.aws.limits import FREE_TMP
from awsprov.cli.help_format import Command
from awsprov.cli.options import common, pass_settings
from awsprov.cli.output import note, print_result
from awsprov.cli.project import open_project
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import style, width
from awsprov.engine.resource import Resource
from awsprov.errors import UsageError
from awsprov.files import write_atomically
from awsprov.operations.published_environments import environment_sizes
from awsprov.pricing.estimate import (
    DAY,
    HOURS,
    Bill,
    UsagePrice,
    cold_start,
    larger_tmp,
    nat_instance_saving,
    paused_bill,
    running_bill,
    unknown_region,
    unknown_usage,
    usage_prices,
)
from awsprov.pricing.price_table import Prices, known_regions, prices_of, saved_prices_path
from awsprov.project.project import Project
from awsprov.resources.compute.builder import Builder
from awsprov.resources.compute.nat_instance import ARCHITECTURES
from awsprov.resources.function.function import Function
from awsprov.resources.storage.file_system import FileSystem
from awsprov.resources.storage.library_file_system import LibraryFileSystem
from awsprov.ui.layout import TableRow, table


@click.command(cls=Command)
@click.option("--refresh", is_flag=True, help="Fetch current prices from the AWS Price List API first.")
@common()
@pass_settings
def cost(settings: Settings, refresh: bool) -> int:
    """Show what the stack costs: running, paused and deleted; and what requests and data cost in addition.

    Before the first `up`, it estimates the stack that `up` would create, without an AWS account. Prices are AWS's list
    prices, without taxes and discounts.

    \b
    Examples:
      awsprov cost
      awsprov cost --refresh --json
    """
    project = open_project(settings)
    if refresh:
        _refresh(project)
    prices = _prices(project)
    there = project.state_path.exists()
    if there:
        project.engine().refresh()
    resources = [r for r in project.stack if r.id or not there]
    states = {r.name: r.state(project.aws) for r in resources if isinstance(r, Builder) and r.id.startswith("i-")}
    bills = {
        "as it is": running_bill(resources, prices, states),
        "paused": paused_bill(resources, prices),
        **({"resumed": running_bill(project.resumed_stack, prices)} if project.config.paused else {}),
        "down": Bill(),
    }
    tmp = {f.name: larger_tmp(f, size, prices) for f, size in _larger_tmp(project, resources)}
    rates = [*usage_prices(resources, prices), *filter(None, tmp.values()), *_cold_starts(project, resources, prices)]
    note(settings, _about(project, prices, there))
    text = "\n".join([*_text(bills), style("usage, in addition", bold=True), *_rates(rates)])
    unknown = unknown_usage(resources, prices) + [f"{name}'s /tmp" for name, price in tmp.items() if price is None]
    print_result(settings, "cost", text, **_document(project, prices, bills, rates), unknown_usage=unknown)
    note(settings, "\n".join([*_saving(resources, prices), *_remarks(project, bills, resources, unknown)]))
    return 0


def _larger_tmp(project: Project, resources: Iterable[Resource]) -> list[tuple[Function, int]]:
    """Return the functions with more /tmp than is free, as far as is known, each with its MB."""
    functions = [r for r in resources if isinstance(r, Function)]
    sizes = [(f, f.tmp_size(project.aws).wanted if f.id else f.settings["tmp"] or FREE_TMP) for f in functions]
    return [(function, size) for function, size in sizes if size > FREE_TMP]


def _cold_starts(project: Project, resources: Iterable[Resource], prices: Prices) -> list[UsagePrice]:
    """Return the price of a cold start with the published libraries; none before they are published."""
    name = project.config.environment.name
    systems = [r for r in resources if isinstance(r, LibraryFileSystem) and r.id]
    published = [
        facts for system in systems for each, facts in system.environments(project.aws).items() if each == name
    ]
    found = [environment_sizes(facts) for facts in published]
    return [price for size, pack in found if (price := cold_start(size, pack, prices))]


def _refresh(project: Project) -> None:
    from awsprov.pricing.price_list_api import fetch_prices  # it needs boto3

    region = project.config.region
    nat = ARCHITECTURES if project.config.network.nat == "instance" else ()
    prices = fetch_prices(project.aws, region, project.config.builder.instance_type, *nat)
    write_atomically(
        saved_prices_path(region, project.config.state_dir), json.dumps(prices.document(), indent=1).encode()
    )


def _prices(project: Project) -> Prices:
    region = project.config.region
    if prices := prices_of(region, project.config.state_dir):
        return prices
    raise UsageError(
        f"There are no prices for {region}.",
        why=unknown_region(region),
        remedy=_refresh_hint(project, "fetches them; it needs the permission pricing:GetProducts.")
        or _other_region_hint(project),
    )


def _refresh_hint(project: Project, what: str) -> str:
    """Return the command that fetches prices from AWS; empty on the local cloud, whose hints never call AWS."""
    return "" if project.aws.endpoint else f"`awsprov cost --refresh` {what}"


def _other_region_hint(project: Project) -> str:
    """Return the command that shows the prices of a region of the table; empty once the stack exists in its own."""
    if project.state_path.exists():
        return ""
    return f"`awsprov cost --region {known_regions()[0]}` shows the prices of another region."


def _about(project: Project, prices: Prices, there: bool) -> str:
    what = "as it exists" if there else "as `up` would create it"
    here = "The local cloud costs nothing. On AWS: " if project.location.local else ""
    return f"{here}stack {project.config.stack} in {prices.region}, {what}; list prices of {prices.date} in USD\n"


def _text(bills: dict[str, Bill]) -> list[str]:
    """Return the lines of the bills; of a narrow terminal's, prices an hour are left out first, then those a day."""
    rows: list[TableRow] = [("", *(style(head, dim=True) for head in ("an hour", "a day", "a month")), "")]
    for state, bill in bills.items():
        rows += [style(state, bold=True)]
        rows += [_row(charge.name, charge.hour, charge.about) for charge in bill.charges]
        rows += [_row("at least" if bill.unknown else "total", bill.hour)]
    return table(rows, width(), drop=(1, 2), right=(1, 2, 3), indent="  ")


def _row(name: str, hour: float | None, about: str = "") -> TableRow:
    if hour is None:
        return name, "no price", "no price", "no price", about
    return name, f"${hour:.4f}", f"${hour * DAY:.2f}", f"${hour * HOURS:.2f}", about


def _rates(rates: list[UsagePrice]) -> list[str]:
    rows = [(rate.what, _price(rate.price), f"per {rate.unit}") for rate in rates]
    return table(rows, width(), indent="  ")


def _price(price: float) -> str:
    cents, _, finer = f"{price:.4f}".partition(".")
    return f"${cents}.{finer.rstrip('0').ljust(2, '0')}"


def _saving(resources: Iterable[Resource], prices: Prices) -> list[str]:
    """Return what a NAT instance saves; nothing without one."""
    hour = nat_instance_saving(resources, prices)
    if hour is None:
        return []
    spans = f"${hour * DAY:.2f} a day, ${hour * HOURS:.2f} a month"
    return ["", f"`nat: instance` costs {spans} less than `nat: single`, and nothing for each GB that it forwards."]


def _remarks(project: Project, bills: dict[str, Bill], resources: Iterable[Resource], unknown: list[str]) -> list[str]:
    """What the figures do not include.

    Arguments:
        unknown: the prices of usage that are not known.
    """
    missing = [*sorted({name for bill in bills.values() for name in bill.unknown}), *unknown]
    hint = _refresh_hint(project, "fetches current prices.")
    region = project.config.region
    lines = [f"No price known in {region} for: {'; '.join(missing)}. {hint}".rstrip()] if missing else []
    for system in (r for r in resources if isinstance(r, FileSystem) and r.id):
        size = system.describe_cached(project.aws)["SizeInBytes"]["Value"] / 1e9
        lines += [f"{system.name} holds {size:.2f} GB, which `pause` and `down --keep-data` keep."]
    return ["", *lines, "Not included: data transfer to the internet, and the free tier."]


def _document(project: Project, prices: Prices, bills: dict[str, Bill], rates: list[UsagePrice]) -> dict[str, Any]:
    return {
        "stack": project.config.stack,
        "region": prices.region,
        "currency": "USD",
        "prices": {"date": prices.date, "source": prices.source},
        "states": {state: _bill(bill) for state, bill in bills.items()},
        "usage_prices": [rate._asdict() for rate in rates],
    }


def _bill(bill: Bill) -> dict[str, Any]:
    resources = [{"name": c.name, "about": c.about, **_spans(c.hour)} for c in bill.charges]
    return {"resources": resources, "total": _spans(bill.hour), "unknown": bill.unknown}


def _spans(hour: float | None) -> dict[str, float | None]:
    spans = {"hour": 1, "day": DAY, "month": HOURS}
    return {span: None if hour is None else round(hour * hours, 6) for span, hours in spans.items()}
