"""cost: what the stack costs as it is, paused and gone."""

import json
from collections.abc import Iterable
from typing import Any

import click

from awsprov.cli.help_format import Command
from awsprov.cli.options import Settings, common, pass_settings
from awsprov.cli.session import Session, open_session, say
from awsprov.engine.resource import Resource
from awsprov.errors import UsageError
from awsprov.files import write_atomically
from awsprov.pricing.estimate import (
    DAY,
    HOURS,
    Bill,
    UsagePrice,
    paused_bill,
    running_bill,
    unknown_region,
    usage_prices,
)
from awsprov.pricing.price_table import Prices, prices_of, saved_prices_path
from awsprov.resources.compute.builder import Builder
from awsprov.resources.storage.file_system import FileSystem
from awsprov.ui.json_output import print_json


@click.command(cls=Command)
@click.option("--refresh", is_flag=True, help="Ask AWS's Pricing API first, and keep what it says.")
@common()
@pass_settings
def cost(settings: Settings, refresh: bool) -> int:
    """Show what the stack costs: as it is, paused, and gone; and what its use costs on top.

    Before the first `up`, as it would be: that needs no account. Prices are AWS's list prices, without tax or discount.

    \b
    Examples:
      awsprov cost
      awsprov cost --refresh --json
    """
    session = open_session(settings)
    if refresh:
        _refresh(session)
    prices = _prices(session)
    there = session.state_path.exists()
    if there:
        session.engine().refresh()
    resources = [r for r in session.stack if r.id or not there]
    states = {r.name: r.state(session.aws) for r in resources if isinstance(r, Builder) and r.id.startswith("i-")}
    bills = {
        "as it is": running_bill(resources, prices, states),
        "paused": paused_bill(resources, prices),
        "down": Bill(),
    }
    if settings.json:
        print_json("cost", **_document(session, prices, bills, usage_prices(resources, prices)))
    else:
        say(settings, _about(session, prices, there))
        click.echo(_text(bills))
        click.echo("\n".join(["by use, on top", *map(_rate, usage_prices(resources, prices))]))
        say(settings, "\n".join(_remarks(session, bills, resources)))
    return 0


def _refresh(session: Session) -> None:
    from awsprov.pricing.price_list_api import fetch_prices  # noqa: PLC0415 - it needs botocore

    region = session.config.region
    prices = fetch_prices(session.aws, region, session.config.builder.instance_type)
    write_atomically(
        saved_prices_path(region, session.config.state_dir), json.dumps(prices.document(), indent=1).encode()
    )


def _prices(session: Session) -> Prices:
    region = session.config.region
    if prices := prices_of(region, session.config.state_dir):
        return prices
    raise UsageError(
        f"There are no prices for {region}.",
        why=unknown_region(region),
        remedy="`awsprov cost --refresh` asks AWS's Pricing API; it needs the permission pricing:GetProducts.",
    )


def _about(session: Session, prices: Prices, there: bool) -> str:
    what = "as it stands" if there else "as `up` would make it"
    here = "The local cloud costs nothing. On AWS, " if session.settings.local else ""
    return f"{here}stack {session.config.stack} in {prices.region}, {what}, at list prices of {prices.date} in USD:\n"


def _text(bills: dict[str, Bill]) -> str:
    lines = [click.style(f"{'':<58}{'an hour':>10}{'a day':>10}{'a month':>10}", dim=True)]
    for state, bill in bills.items():
        lines += [click.style(state, bold=True)]
        lines += [_row(charge.name, charge.about, charge.hour) for charge in bill.charges]
        lines += [_row("at least" if bill.unknown else "together", "", bill.hour)]
    return "\n".join(lines)


def _row(name: str, about: str, hour: float | None) -> str:
    named = f"  {name:<14} {about}"
    if hour is None:
        return f"{named:<58}{'no price':>10}"
    return f"{named:<58}{f'${hour:.4f}':>10}{f'${hour * DAY:.2f}':>10}{f'${hour * HOURS:.2f}':>10}"


def _rate(rate: UsagePrice) -> str:
    cents, _, finer = f"{rate.price:.4f}".partition(".")
    return f"  {rate.what:<22} ${cents}.{finer.rstrip('0').ljust(2, '0')} per {rate.unit}"


def _remarks(session: Session, bills: dict[str, Bill], resources: Iterable[Resource]) -> list[str]:
    """What the figures leave open."""
    missing = sorted({name for bill in bills.values() for name in bill.unknown})
    lines = [f"No price is known for {', '.join(missing)}; `awsprov cost --refresh` asks AWS."] if missing else []
    for system in (r for r in resources if isinstance(r, FileSystem) and r.id):
        size = system.describe_cached(session.aws)["SizeInBytes"]["Value"] / 1e9
        lines += [f"{system.name} holds {size:.2f} GB, which `pause` keeps, and `down --keep-data`, too."]
    return ["", *lines, "Not counted: traffic out to the internet, and the free tier."]


def _document(session: Session, prices: Prices, bills: dict[str, Bill], rates: list[UsagePrice]) -> dict[str, Any]:
    return {
        "stack": session.config.stack,
        "region": prices.region,
        "currency": "USD",
        "prices": {"date": prices.date, "source": prices.source},
        "states": {state: _bill(bill) for state, bill in bills.items()},
        "by_use": [rate._asdict() for rate in rates],
    }


def _bill(bill: Bill) -> dict[str, Any]:
    resources = [{"name": c.name, "about": c.about, **_spans(c.hour)} for c in bill.charges]
    return {"resources": resources, "total": _spans(bill.hour), "unknown": bill.unknown}


def _spans(hour: float | None) -> dict[str, float | None]:
    spans = {"hour": 1, "day": DAY, "month": HOURS}
    return {span: None if hour is None else round(hour * hours, 6) for span, hours in spans.items()}
