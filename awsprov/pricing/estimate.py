"""Estimates of what a stack costs: by the hour, running or paused, and by usage."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from awsprov.aws.limits import FREE_TMP
from awsprov.engine.resource import Resource
from awsprov.pricing.price_table import Prices, known_regions, prices_of, table_date
from awsprov.resources.api.http_api import HttpApi
from awsprov.resources.api.rest_api import RestApi
from awsprov.resources.compute.builder import DISK, Builder
from awsprov.resources.compute.nat_instance import ARCHITECTURES, NatInstance
from awsprov.resources.compute.nat_instance import DISK as NAT_DISK
from awsprov.resources.function.function import Function
from awsprov.resources.function.log_groups import LogGroup
from awsprov.resources.network.addresses import ElasticIp
from awsprov.resources.network.endpoints import GatewayEndpoint
from awsprov.resources.network.gateways import NatGateway
from awsprov.resources.storage.library_file_system import LibraryFileSystem

HOURS = 730  # per month, as in the AWS Pricing Calculator
DAY = 24  # hours
MILLION = 1_000_000
# The state of an idle builder, by `when_idle`.
_IDLE = {"stop": "stopped", "keep": "running", "terminate": "terminated"}


@dataclass(frozen=True)
class Charge:
    """The hourly price of a resource.

    Arguments:
        name: the resource's name.
        hour: USD per hour; None if the price is unknown.
        about: what the price is made of.
    """

    name: str
    hour: float | None
    about: str = ""


@dataclass(frozen=True)
class Bill:
    """The hourly charges of a stack; resources without a charge cost nothing while idle."""

    charges: tuple[Charge, ...] = ()

    @property
    def hour(self) -> float:
        """The sum of the known prices, in USD per hour."""
        return sum(charge.hour or 0 for charge in self.charges)

    @property
    def unknown(self) -> list[str]:
        """The names of resources with an unknown price; with any, the sum is a minimum."""
        return [charge.name for charge in self.charges if charge.hour is None]


class UsagePrice(NamedTuple):
    """A price of usage, in USD per unit."""

    what: str
    price: float
    unit: str


def running_bill(resources: Iterable[Resource], prices: Prices, states: Mapping[str, str] | None = None) -> Bill:
    """Return what resources cost while they exist.

    Arguments:
        states: the EC2 states of builders, by name; a builder that is not in it counts as idle.
    """
    known = states or {}
    charges = (_charge(r, prices, known) for r in resources)
    return Bill(tuple(charge for charge in charges if charge))


def paused_bill(resources: Iterable[Resource], prices: Prices) -> Bill:
    """Return what resources cost after `awsprov pause`: without NAT and public addresses, builder stopped."""
    stopped = {r.name: "stopped" for r in resources if isinstance(r, Builder) and r.when_idle != "terminate"}
    return running_bill([r for r in resources if not r.pausable], prices, stopped)


def cost_summary(
    resources: Iterable[Resource],
    region: str,
    state_dir: Path,
    states: Mapping[str, str] | None = None,
    *,
    paused: bool = False,
) -> str:
    """Return a sentence with what resources cost a day, running and paused.

    Arguments:
        region: the AWS region.
        state_dir: where the responses of the Pricing API are saved.
        states: the EC2 states of builders, by name; None to count them as idle.
        paused: whether the stack is paused now; the resources are all that it has when it is not.
    """
    prices = prices_of(region, state_dir)
    if prices is None:
        return f"No prices for {region} in the table of {table_date()}."
    everything = list(resources)
    up, idle = running_bill(everything, prices, states), paused_bill(everything, prices)
    if paused:
        now, then = f"${idle.hour * DAY:.2f} a day while it is paused", f"${up.hour * DAY:.2f} after `awsprov resume`"
        return f"{'At least' if up.unknown else 'About'} {now}, {then}, plus usage."
    about, when = "At least" if up.unknown else "About", "while up"
    if states is not None:
        running = [name for name, state in states.items() if state in ("pending", "running")]
        when = f"now, with {' and '.join(running)} running" if running else "now"
    return f"{about} ${up.hour * DAY:.2f} a day {when}, ${idle.hour * DAY:.2f} a day paused, plus usage."


def unknown_region(region: str) -> str:
    """Return why the cost in a region is unknown."""
    return f"The price table of {table_date()} has {', '.join(known_regions())}, but not {region}."


def usage_prices(resources: Iterable[Resource], prices: Prices) -> list[UsagePrice]:
    """Return the prices of usage, in addition to the hourly bill; unknown prices are left out."""
    everything = list(resources)
    arm = any(isinstance(r, Function) and r.architecture == "arm64" for r in everything)
    return [
        UsagePrice(what, round(price * many, 6), unit)
        for kind, what, name, many, unit in _USAGE
        if _has(everything, kind) and (price := prices.unit(name.format(arm="arm_" if arm else ""))) is not None
    ]


def unknown_usage(resources: Iterable[Resource], prices: Prices) -> list[str]:
    """Return the prices of usage that are not known, as `EFS per GB read`."""
    everything = list(resources)
    known = {(price.what, price.unit) for price in usage_prices(everything, prices)}
    return [
        f"{what} per {unit}"
        for kind, what, _, _, unit in _USAGE
        if _has(everything, kind) and (what, unit) not in known
    ]


def _has(resources: Iterable[Resource], kind: type[Resource]) -> bool:
    return any(isinstance(r, kind) for r in resources)


def cold_start(size: int, pack: int, prices: Prices) -> UsagePrice | None:
    """Return the price of what cold starts read from EFS; None if it is unknown.

    Arguments:
        size: bytes of the environment.
        pack: bytes of its start pack; 0 for none, so that a cold start reads at most the whole environment.
        prices: the prices of the region.
    """
    price = prices.unit("efs_read_gb")
    if price is None or not size:
        return None
    read = (pack or size) / MILLION
    unit = f"thousand cold starts, each of which reads {'' if pack else 'at most '}{read:,.1f} MB"
    return UsagePrice("EFS", round(price * read, 6), unit)  # a thousand times MB are GB


def larger_tmp(function: Function, size: int, prices: Prices) -> UsagePrice | None:
    """Return the price of a function's /tmp, of which 512 MB are free; None if it is unknown.

    Arguments:
        function: the function.
        size: MB of its /tmp.
        prices: the prices of the region.
    """
    price = prices.unit("lambda_arm_tmp_gb_second" if function.architecture == "arm64" else "lambda_tmp_gb_second")
    if price is None:
        return None
    unit = f"million seconds of {function.name}, {size} MB"
    return UsagePrice("Lambda, /tmp", round(price * (size - FREE_TMP) / 1024 * MILLION, 6), unit)


_USAGE = (
    (Function, "Lambda", "lambda_request", MILLION, "million requests"),
    (Function, "Lambda", "lambda_{arm}gb_second", MILLION, "million GB-seconds"),
    (RestApi, "API Gateway, REST", "rest_request", MILLION, "million requests"),
    (HttpApi, "API Gateway, HTTP", "http_request", MILLION, "million requests"),
    (LibraryFileSystem, "EFS", "efs_gb_month", 1, "GB-month stored"),
    (LibraryFileSystem, "EFS", "efs_read_gb", 1, "GB read"),
    (LibraryFileSystem, "EFS", "efs_write_gb", 1, "GB written"),
    (NatGateway, "NAT gateway", "nat_gb", 1, "GB processed"),
    (LogGroup, "CloudWatch Logs", "log_gb", 1, "GB ingested"),
)


def _charge(r: Resource, prices: Prices, states: Mapping[str, str]) -> Charge | None:
    """Return the charge of a resource; None if it is free."""
    if isinstance(r, Builder):
        return _builder(r, prices, states.get(r.name, _IDLE[r.when_idle]))
    if isinstance(r, NatInstance):
        return _nat_instance(r, prices)
    if isinstance(r, GatewayEndpoint):
        return Charge(r.name, 0.0, "free")
    name = {NatGateway: "nat_hour", ElasticIp: "address_hour"}.get(type(r))
    return Charge(r.name, prices.unit(name)) if name else None


def nat_instance_saving(resources: Iterable[Resource], prices: Prices) -> float | None:
    """Return what a NAT instance costs less than a NAT gateway, in USD per hour; None without one or its price."""
    instances, gateway = [r for r in resources if isinstance(r, NatInstance)], prices.unit("nat_hour")
    charges = [_nat_instance(each, prices).hour for each in instances]
    return None if gateway is None or not charges or charges[0] is None else gateway - charges[0]


def _nat_instance(r: NatInstance, prices: Prices) -> Charge:
    """Return the charge of a NAT instance: itself and its disk; its public address is a resource of its own."""
    known = [each for each in ARCHITECTURES if each in prices.instances]
    type_ = r.machine.instance_type or next(iter(known), next(iter(ARCHITECTURES)))
    month, instance = prices.unit("disk_gb_month"), prices.instances.get(type_)
    hour = None if month is None or instance is None else month * NAT_DISK / HOURS + instance
    return Charge(r.name, hour, f"{type_}, disk, {NAT_DISK} GB")


def _builder(r: Builder, prices: Prices, state: str) -> Charge | None:
    """Return the charge of a builder: its disk, and while it runs also the instance and its public address."""
    if state == "terminated":
        return None
    month = prices.unit("disk_gb_month")
    disk = None if month is None else month * DISK / HOURS
    if state in ("stopping", "stopped"):
        return Charge(r.name, disk, f"stopped: disk, {DISK} GB")
    parts = [disk, prices.unit("address_hour"), prices.instances.get(r.instance_type)]
    hour = None if None in parts else sum(part for part in parts if part is not None)
    return Charge(r.name, hour, f"running: {r.instance_type}, public IPv4 address, disk, {DISK} GB")
