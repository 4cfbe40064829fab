"""AWS's list prices: the dated table of this package, or newer ones that were saved from the Price List API."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import FiniteFloat

from awsprov.documents import read_document

_MAX_SIZE = 16 * 1024 * 1024  # bytes of saved prices
# Sizes of burstable instance families; each costs twice as much as the one before.
_SIZES = ("nano", "micro", "small", "medium", "large", "xlarge", "2xlarge")


@dataclass(frozen=True)
class Prices:
    """The prices of one region, in USD.

    Arguments:
        region: the AWS region.
        date: when they were retrieved, as in 2026-11-24.
        source: where they are from.
        units: prices of one unit by name: `nat_hour`, `disk_gb_month`, `lambda_request` and so on.
        instances: prices per hour by instance type.
    """

    region: str
    date: str
    source: str
    units: Mapping[str, FiniteFloat] = field(default_factory=dict)
    instances: Mapping[str, FiniteFloat] = field(default_factory=dict)

    def unit(self, name: str) -> float | None:
        """Return the price of one unit; None if it is unknown."""
        return self.units.get(name)

    def document(self) -> dict[str, Any]:
        """Return the fields as they are saved."""
        return asdict(self)


def prices_of(region: str, state_dir: Path) -> Prices | None:
    """Return the newest prices of a region: those of the package or the saved ones; None if there are none.

    Arguments:
        state_dir: where the responses of the Price List API are saved.
    """
    bundled, saved = _bundled(region), _saved(region, state_dir)
    return max((prices for prices in (bundled, saved) if prices), key=lambda prices: prices.date, default=None)


def known_regions() -> list[str]:
    """Return the regions of the package's table."""
    return sorted(_table()["regions"])


def table_date() -> str:
    """Return the date of the package's table."""
    return str(_table()["date"])


def saved_prices_path(region: str, state_dir: Path) -> Path:
    """Return the path of the file with the prices of a region from the Price List API."""
    return state_dir / "prices" / f"{region}.json"


def _table() -> dict[str, Any]:
    return tomllib.loads(files("awsprov.pricing").joinpath("prices.toml").read_text(encoding="utf-8"))


def _bundled(region: str) -> Prices | None:
    table = _table()
    if region not in table["regions"]:
        return None
    own = dict(table["regions"][region])
    small = own.pop("small", {})
    instances = {
        f"{family}.{size}": price * 2.0 ** (n - _SIZES.index("small"))
        for family, price in small.items()
        for n, size in enumerate(_SIZES)
    }
    return Prices(region, table["date"], table["source"], {**table["everywhere"], **own}, instances)


def _saved(region: str, state_dir: Path) -> Prices | None:
    """Return the saved prices; None if there are none or the file is damaged: they can be fetched again."""
    try:
        return read_document(saved_prices_path(region, state_dir), Prices, _MAX_SIZE)
    except (OSError, ValueError):
        return None
