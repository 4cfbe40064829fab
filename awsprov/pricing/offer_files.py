"""Fills the price table from AWS's price list files: `python -m awsprov.pricing.offer_files FILE ...`

AWS publishes a file for each service and region, without an account (AWS Billing user guide, "Getting price list files
manually"). A price that is in none of the files stays as it is in the table, or is missing.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from awsprov.pricing.price_list_api import PRODUCTS, Product, first_tier, instance_product, matches

_FAMILIES = ("t3", "t3a", "t4g")  # burstable; the table has the price of `small` for each


def read_offer_file(path: Path) -> tuple[str, dict[str, dict[str, float]]]:
    """Return where the prices of a file are from, and the prices by region and name.

    Raises:
        KeyError, ValueError: it is no price list file.
    """
    offer = json.loads(path.read_text(encoding="utf-8"))
    prices: dict[str, dict[str, float]] = {}
    for listed in _listed(offer):
        region = listed["product"]["attributes"].get("regionCode", "")
        for name, product in _products(offer["offerCode"]):
            if region and _fits(product, listed) and (price := first_tier(listed)):
                prices.setdefault(region, {}).setdefault(name, price)
    return f"{offer['offerCode']} price list file of {offer['publicationDate'][:10]}", prices


def fill(table: str, region: str, prices: Mapping[str, float], source: str) -> str:
    """Return the text of the price table with other prices of a region, each with its source.

    Arguments:
        table: the text.
        region: the region, which is added if the table lacks it.
        prices: the prices by name; those of instances are named by their type, such as `t3.small`.
        source: where they are from.
    """
    lines, header = table.rstrip("\n").split("\n"), f"[regions.{region}]"
    lines += [] if header in lines else ["", header]
    start = lines.index(header) + 1
    end = next((n for n in range(start, len(lines)) if lines[n].startswith("[")), len(lines))
    section = [line for line in lines[start:end] if line]
    for key, value in _entries(prices).items():
        section = [line for line in section if line.partition(" ")[0] != key] + [f"{key} = {value}  # {source}"]
    return "\n".join([*lines[:start], *section, *([""] if end < len(lines) else []), *lines[end:], ""])


def main(paths: Sequence[str]) -> None:
    """Write the prices of files into the table of the package."""
    table = Path(str(files("awsprov.pricing").joinpath("prices.toml")))
    text = table.read_text(encoding="utf-8")
    for path in paths:
        source, found = read_offer_file(Path(path))
        for region, prices in found.items():
            text = fill(text, region, prices, source)
            sys.stdout.write(f"{region}: {', '.join(prices)} from the {source}\n")
    table.write_text(text, encoding="utf-8")


def _listed(offer: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield each product with its terms, as the Price List API lists it."""
    terms = offer["terms"].get("OnDemand", {})
    for sku, product in offer["products"].items():
        yield {"product": product, "terms": {"OnDemand": terms.get(sku, {})}}


def _products(service: str) -> Iterator[tuple[str, Product]]:
    every = {**PRODUCTS, **{f"{family}.small": instance_product(f"{family}.small") for family in _FAMILIES}}
    return ((name, product) for name, product in every.items() if product.service == service)


def _fits(product: Product, listed: Mapping[str, Any]) -> bool:
    """Return whether a product is the one of a price; the API filters for itself."""
    given = {**listed["product"].get("attributes", {}), "productFamily": listed["product"].get("productFamily")}
    return matches(product, listed) and all(given.get(key) == value for key, value in product.filters.items())


def _entries(prices: Mapping[str, float]) -> dict[str, str]:
    """Return the keys and values of a region in the table."""
    small = {name.partition(".")[0]: _number(price) for name, price in prices.items() if name.endswith(".small")}
    units = {name: _number(price) for name, price in prices.items() if not name.endswith(".small")}
    listed = ", ".join(f"{family} = {price}" for family, price in small.items())
    return {**units, **({"small": f"{{{listed}}}"} if small else {})}


def _number(price: float) -> str:
    return f"{price:.12f}".rstrip("0").rstrip(".")


if __name__ == "__main__":
    main(sys.argv[1:])
