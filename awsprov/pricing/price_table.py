"""What AWS asks for: the dated table of this package, and a newer one once the Pricing API was asked."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

# Sizes of the burstable families by their price: each costs twice the one before it.
_SIZES = ("nano", "micro", "small", "medium", "large", "xlarge", "2xlarge")


@dataclass(frozen=True)
class Prices:
    """The prices of one region, in USD.

    Arguments:
        date: when they were looked up, as in 2026-11-24.
        source: where.
        units: prices by name, each for one unit: `nat_hour`, `disk_gb_month`, `lambda_request` and so on.
        instances: hours of instance types.
    """

    region: str
    date: str
    source: str
    units: Mapping[str, float] = field(default_factory=dict)
    instances: Mapping[str, float] = field(default_factory=dict)

    def unit(self, name: str) -> float | None:
        """The price of one unit; None when it is not known."""
        return self.units.get(name)

    def document(self) -> dict[str, Any]:
        """The form in which they are kept on disk."""
        return asdict(self)


def prices_of(region: str, state_dir: Path) -> Prices | None:
    """The newest prices of a region that this machine has; None when it has none.

    Arguments:
        state_dir: where answers of the Pricing API are kept.
    """
    packed, kept = _packed(region), _kept(region, state_dir)
    return max((prices for prices in (packed, kept) if prices), key=lambda prices: prices.date, default=None)


def known_regions() -> list[str]:
    """The regions of the package's table."""
    return sorted(_table()["regions"])


def table_date() -> str:
    """The date of the package's table."""
    return str(_table()["date"])


def kept_at(region: str, state_dir: Path) -> Path:
    """The file that keeps what the Pricing API said of a region."""
    return state_dir / "prices" / f"{region}.json"


def _table() -> dict[str, Any]:
    return tomllib.loads(files("awsprov.pricing").joinpath("prices.toml").read_text(encoding="utf-8"))


def _packed(region: str) -> Prices | None:
    table = _table()
    if region not in table["regions"]:
        return None
    own = dict(table["regions"][region])
    small = own.pop("small")
    instances = {
        f"{family}.{size}": price * 2.0 ** (n - _SIZES.index("small"))
        for family, price in small.items()
        for n, size in enumerate(_SIZES)
    }
    return Prices(region, table["date"], table["source"], {**table["everywhere"], **own}, instances)


def _kept(region: str, state_dir: Path) -> Prices | None:
    """What was kept; a file that nobody can read is as good as none, for it can be had again."""
    try:
        return Prices(**json.loads(kept_at(region, state_dir).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
