"""What a stack costs while it stands, while it is paused, and after it is gone; and what its use costs on top."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from awsprov.engine.resource import Resource
from awsprov.pricing.price_table import Prices, known_regions, prices_of, table_date
from awsprov.resources.api.http_api import HttpApi
from awsprov.resources.api.rest_api import RestApi
from awsprov.resources.compute.builder import DISK, Builder
from awsprov.resources.function.function import Function
from awsprov.resources.function.log_groups import LogGroup
from awsprov.resources.network.gateways import ElasticIp, NatGateway
from awsprov.resources.storage.file_system import FileSystem

HOURS = 730  # in a month, as AWS's own calculator has it
DAY = 24
MILLION = 1_000_000
_IDLE = {"stop": "stopped", "keep": "running", "terminate": "terminated"}  # a builder's state, by `when_idle`


@dataclass(frozen=True)
class Charge:
    """What one resource costs by the hour.

    Arguments:
        hour: USD; None when the price is not known.
        about: what the price depends on.
    """

    name: str
    hour: float | None
    about: str = ""


@dataclass(frozen=True)
class Bill:
    """What a stack costs by the hour, resource by resource; what is not in it is free while it rests."""

    charges: tuple[Charge, ...] = ()

    @property
    def hour(self) -> float:
        """The sum of all known prices, in USD."""
        return sum(charge.hour or 0 for charge in self.charges)

    @property
    def unknown(self) -> list[str]:
        """The names of those whose price is not known: the sum is at least what it says."""
        return [charge.name for charge in self.charges if charge.hour is None]


class Rate(NamedTuple):
    """What use costs: a price in USD for so much of something."""

    what: str
    price: float
    unit: str


def standing(resources: Iterable[Resource], prices: Prices, states: Mapping[str, str] | None = None) -> Bill:
    """What these resources cost while they stand.

    Arguments:
        states: builders' states by name, as EC2 tells them; otherwise those to which they are sent when idle.
    """
    known = states or {}
    charges = (_charge(r, prices, known) for r in resources)
    return Bill(tuple(charge for charge in charges if charge))


def paused(resources: Iterable[Resource], prices: Prices) -> Bill:
    """What they cost after `awsprov pause`: no NAT gateway, no address for it, the builder stopped."""
    stopped = {r.name: "stopped" for r in resources if isinstance(r, Builder) and r.when_idle != "terminate"}
    return standing([r for r in resources if not r.pausable], prices, stopped)


def told(resources: Iterable[Resource], region: str, state_dir: Path, states: Mapping[str, str] | None = None) -> str:
    """One sentence: what these resources cost a day; or that nobody here knows.

    Arguments:
        states: what builders are doing now, by name; otherwise they are taken to be as idle ones are.
    """
    prices = prices_of(region, state_dir)
    if prices is None:
        return f"No prices for {region} in the table of {table_date()}; `awsprov cost --refresh` asks AWS."
    everything = list(resources)
    up, idle = standing(everything, prices, states), paused(everything, prices)
    least, now = "At least" if up.unknown else "About", "while up"
    if states is not None:
        awake = [name for name, state in states.items() if state in ("pending", "running")]
        now = f"as it is, with {' and '.join(awake)} running" if awake else "as it is"
    return f"{least} ${up.hour * DAY:.2f} a day {now}, ${idle.hour * DAY:.2f} a day paused, and what its use costs."


def unknown_region(region: str) -> str:
    """Why nothing can be said of a region."""
    return f"The table of {table_date()} has {', '.join(known_regions())}, and not {region}."


def by_use(resources: Iterable[Resource], prices: Prices) -> list[Rate]:
    """What use costs, on top of what stands; prices that are not known are left out."""
    everything = list(resources)
    kinds = {type(r) for r in everything}
    arm = any(isinstance(r, Function) and r.architecture == "arm64" for r in everything)
    return [
        Rate(what, round(price * many, 6), unit)
        for kind, what, name, many, unit in _RATES
        if kind in kinds and (price := prices.unit(name.format(arm="arm_" if arm else ""))) is not None
    ]


_RATES = (
    (Function, "Lambda", "lambda_request", MILLION, "million requests"),
    (Function, "Lambda", "lambda_{arm}gb_second", MILLION, "million GB-seconds"),
    (RestApi, "API Gateway, REST", "rest_request", MILLION, "million requests"),
    (HttpApi, "API Gateway, HTTP", "http_request", MILLION, "million requests"),
    (FileSystem, "EFS", "efs_gb_month", 1, "GB kept for a month"),
    (FileSystem, "EFS", "efs_read_gb", 1, "GB read"),
    (FileSystem, "EFS", "efs_write_gb", 1, "GB written"),
    (NatGateway, "NAT gateway", "nat_gb", 1, "GB through it"),
    (LogGroup, "CloudWatch Logs", "log_gb", 1, "GB taken in"),
)


def _charge(r: Resource, prices: Prices, states: Mapping[str, str]) -> Charge | None:
    """What it costs while it stands; None when that is nothing."""
    if isinstance(r, Builder):
        return _builder(r, prices, states.get(r.name, _IDLE[r.when_idle]))
    name = {NatGateway: "nat_hour", ElasticIp: "address_hour"}.get(type(r))
    return Charge(r.name, prices.unit(name)) if name else None


def _builder(r: Builder, prices: Prices, state: str) -> Charge | None:
    """Its disk as long as it is there; itself and its public address while it runs."""
    if state == "terminated":
        return None
    month = prices.unit("disk_gb_month")
    disk = None if month is None else month * DISK / HOURS
    if state in ("stopping", "stopped"):
        return Charge(r.name, disk, f"stopped: its disk, {DISK} GB")
    parts = [disk, prices.unit("address_hour"), prices.instances.get(r.instance_type)]
    hour = None if None in parts else sum(part for part in parts if part is not None)
    return Charge(r.name, hour, f"running: {r.instance_type}, its address, its disk, {DISK} GB")
