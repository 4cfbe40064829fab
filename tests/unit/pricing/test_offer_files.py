"""The price table is filled from AWS's price list files; what they lack stays missing."""

import json
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from awsprov.pricing.offer_files import fill, read_offer_file

# Three of its price dimensions, in the form of the files (AWS Billing user guide, "Reading price list files").
NAT = {"usagetype": "EU-NatGateway-Hours", "regionCode": "eu-west-1"}
SMALL = {
    "usagetype": "EU-BoxUsage:t3.small", "regionCode": "eu-west-1", "instanceType": "t3.small",
    "operatingSystem": "Linux", "tenancy": "Shared", "preInstalledSw": "NA", "capacitystatus": "Used",
}  # fmt: skip
WINDOWS = {**SMALL, "operatingSystem": "Windows"}


def offer(directory: Path, service: str, products: list[tuple[str, dict[str, str], str]]) -> Path:
    """Write a price list file with products: family, attributes and price."""
    document: dict[str, Any] = {
        "formatVersion": "v1.0",
        "offerCode": service,
        "publicationDate": "2026-11-20T10:11:12Z",
        "products": {},
        "terms": {"OnDemand": {}, "Reserved": {}},
    }
    for number, (family, attributes, price) in enumerate(products):
        sku = f"SKU{number}"
        document["products"][sku] = {"sku": sku, "productFamily": family, "attributes": attributes}
        dimension = {"beginRange": "0", "endRange": "Inf", "unit": "Hrs", "pricePerUnit": {"USD": price}}
        document["terms"]["OnDemand"][sku] = {f"{sku}.J": {"sku": sku, "priceDimensions": {f"{sku}.J.6": dimension}}}
    path = directory / f"{service}.json"
    path.write_text(json.dumps(document))
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    products = [
        ("NAT Gateway", NAT, "0.0480000000"),
        ("Compute Instance", WINDOWS, "0.0412"),
        ("Compute Instance", SMALL, "0.0228"),
        ("Storage", NAT, "7"),  # the same usage type in another family
    ]
    return offer(tmp_path, "AmazonEC2", products)


def test_the_prices_of_a_file_are_found_by_usage_type_and_attributes(file: Path) -> None:
    source, prices = read_offer_file(file)
    assert source == "AmazonEC2 price list file of 2026-11-20"
    assert prices == {"eu-west-1": {"nat_hour": 0.048, "t3.small": 0.0228}}


def test_prices_of_another_service_are_not_mistaken(tmp_path: Path) -> None:
    assert read_offer_file(offer(tmp_path, "AmazonEFS", [("NAT Gateway", NAT, "1")]))[1] == {}


@pytest.mark.parametrize("region", ["eu-west-1", "eu-south-2"])
def test_the_table_gets_prices_with_their_source_and_keeps_all_others(region: str) -> None:
    text = files("awsprov.pricing").joinpath("prices.toml").read_text(encoding="utf-8")
    filled = fill(text, region, {"rest_request": 0.0000035, "t3.small": 0.03}, "a file of 2026-11-20")
    before, after = tomllib.loads(text), tomllib.loads(filled)
    own = before["regions"].get(region, {})
    assert after["regions"][region] == {**own, "rest_request": 0.0000035, "small": {"t3": 0.03}}
    assert {**after["regions"], region: None} == {**before["regions"], region: None}
    assert "rest_request = 0.0000035  # a file of 2026-11-20\n" in filled
    assert fill(filled, region, {"rest_request": 0.0000035}, "a file of 2026-11-20").count("a file of") == 2


def test_every_price_of_the_table_is_dated_and_has_a_source() -> None:
    table = tomllib.loads(files("awsprov.pricing").joinpath("prices.toml").read_text(encoding="utf-8"))
    assert table["date"]
    assert table["source"]
