"""What a stack costs: running, paused and by use; from the table, and from the price list API."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from awsprov.aws.client import Aws
from awsprov.config.loader import load
from awsprov.engine.stack import Stack
from awsprov.errors import AwsprovError, UsageError
from awsprov.pricing import price_table as table
from awsprov.pricing.estimate import HOURS, cold_start, cost_summary, paused_bill, running_bill, usage_prices
from awsprov.pricing.price_list_api import PRODUCTS, fetch_prices
from awsprov.pricing.price_table import Prices, known_regions, prices_of, saved_prices_path
from awsprov.stack.declaration import declare_stack
from tests.unit.conftest import PLAIN, Project

PRICES = Prices(
    "us-east-1",
    "2026-01-01",
    "a test",
    {"nat_hour": 1.0, "address_hour": 0.1, "disk_gb_month": HOURS / 20 * 0.01, "lambda_request": 0.000001,
     "lambda_gb_second": 0.000002, "lambda_arm_gb_second": 0.000003, "nat_gb": 0.5, "http_request": 0.000007},
    {"t3.small": 0.02},
)  # fmt: skip


def stack(project: Project, more: str = "") -> Stack:
    project.write(PLAIN + more)
    return declare_stack(load(project.config), "203.0.113.7/32")


def hours(bill: Any) -> dict[str, float]:
    return {charge.name: round(charge.hour, 6) for charge in bill.charges}


def test_a_paused_stack_is_priced_as_it_is_and_as_it_will_be(project: Project) -> None:
    sentence = cost_summary(stack(project), "us-east-1", project.root, paused=True)
    assert sentence == "About $0.05 a day while it is paused, $1.25 after `awsprov resume`, plus usage."


# ---- an existing stack


def test_what_costs_by_the_hour_is_the_way_out_and_the_builder_s_disk(project: Project) -> None:
    bill = running_bill(stack(project), PRICES)
    assert hours(bill) == {"nat-elastic-ip-1": 0.1, "nat-gateway-1": 1.0, "builder": 0.01}
    assert bill.hour == pytest.approx(1.11)


def test_each_zone_with_its_gateway_is_paid_for(project: Project) -> None:
    assert running_bill(stack(project, "network: {nat: per-zone}\n"), PRICES).hour == pytest.approx(2.21)
    assert running_bill(stack(project, "network: {nat: none}\n"), PRICES).hour == pytest.approx(0.01)


@pytest.mark.parametrize(("when_idle", "hour"), [("stop", 0.01), ("keep", 0.13), ("terminate", 0)])
def test_a_builder_costs_what_its_idle_state_costs(project: Project, when_idle: str, hour: float) -> None:
    asked = f"builder: {{when_idle: {when_idle}}}\nnetwork: {{nat: none}}\n"
    assert running_bill(stack(project, asked), PRICES).hour == pytest.approx(hour)


def test_a_builder_that_runs_costs_more_than_its_disk(project: Project) -> None:
    assert hours(running_bill(stack(project), PRICES, {"builder": "running"}))["builder"] == pytest.approx(0.13)


def test_paused_only_the_disk_is_left_even_of_a_builder_that_is_kept_running(project: Project) -> None:
    assert hours(paused_bill(stack(project, "builder: {when_idle: keep}\n"), PRICES)) == {"builder": 0.01}


def test_a_price_that_is_not_known_is_named_and_not_guessed(project: Project) -> None:
    bill = running_bill(stack(project), Prices("us-east-1", "2026-01-01", "", {"address_hour": 0.1}))
    assert bill.unknown == ["nat-gateway-1", "builder"]
    assert bill.hour == pytest.approx(0.1)


# ---- what is used


def test_usage_prices_are_those_of_the_stack_s_resources(project: Project) -> None:
    rates = {(rate.what, rate.unit): rate.price for rate in usage_prices(stack(project, "api: {type: http}\n"), PRICES)}
    assert rates == {
        ("Lambda", "million requests"): 1.0,
        ("Lambda", "million GB-seconds"): 2.0,
        ("API Gateway, HTTP", "million requests"): 7.0,
        ("NAT gateway", "GB processed"): 0.5,
    }


def test_an_arm_function_has_its_own_rate(project: Project) -> None:
    text = PLAIN.replace("requirements.txt", "requirements.txt\n  architecture: arm64")
    project.write(text + "builder: {instance_type: t4g.small}\n")
    rates = usage_prices(declare_stack(load(project.config), "203.0.113.7/32"), PRICES)
    assert next(rate.price for rate in rates if rate.unit == "million GB-seconds") == 3.0


def test_one_sentence_states_the_cost_of_a_day_up_and_a_day_paused(project: Project, tmp_path: Path) -> None:
    sentence = cost_summary(stack(project), "us-east-1", tmp_path)
    assert sentence == "About $1.25 a day while up, $0.05 a day paused, plus usage."
    assert cost_summary(stack(project), "us-east-1", tmp_path, {"builder": "stopped"}).startswith(
        "About $1.25 a day now, "
    )
    awake = cost_summary(stack(project), "us-east-1", tmp_path, {"builder": "running"})
    assert awake.startswith("About $1.87 a day now, with builder running, $0.05 a day paused")
    assert cost_summary(stack(project), "sa-east-1", tmp_path).startswith("No prices for sa-east-1 in the table of ")


# ---- the table


@pytest.mark.parametrize("region", known_regions())
def test_the_table_has_the_hourly_prices_of_every_region(region: str, tmp_path: Path) -> None:
    prices = prices_of(region, tmp_path)
    assert prices
    assert {"nat_hour", "address_hour", "disk_gb_month"} <= set(prices.units)
    assert set(prices.units) <= set(PRODUCTS)
    assert prices.instances["t3.medium"] == pytest.approx(2 * prices.instances["t3.small"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", prices.date)


def test_newer_prices_of_aws_replace_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = saved_prices_path("us-east-1", tmp_path)
    file.parent.mkdir()
    file.write_text(json.dumps({**PRICES.document(), "date": "2999-01-01"}))
    assert prices_of("us-east-1", tmp_path) == Prices(**{**PRICES.document(), "date": "2999-01-01"})
    file.write_text(json.dumps({**PRICES.document(), "date": "1999-01-01"}))
    assert prices_of("us-east-1", tmp_path) == prices_of("us-east-1", tmp_path / "none")
    file.write_text("{")
    assert prices_of("us-east-1", tmp_path) == prices_of("us-east-1", tmp_path / "none")
    monkeypatch.setattr(table, "_bundled", lambda _: None)
    assert prices_of("us-east-1", tmp_path) is None


# ---- the price list


def listed(usage: str, *tiers: tuple[str, str], **attributes: str) -> str:
    """A product in the format of the price list."""
    dimensions = {f"{n}": {"beginRange": at, "pricePerUnit": {"USD": usd}} for n, (at, usd) in enumerate(tiers)}
    product = {"attributes": {"usagetype": usage, **attributes}}
    return json.dumps({"product": product, "terms": {"OnDemand": {"term": {"priceDimensions": dimensions}}}})


class PriceList:
    """AWS's pricing client with a few products, two to a page."""

    def __init__(self, products: dict[str, list[str]]) -> None:
        self.products, self.asked = products, list[Any]()

    def get_paginator(self, operation: str) -> "PriceList":
        assert operation == "get_products"
        return self

    def paginate(self, ServiceCode: str, Filters: list[dict[str, str]]) -> Iterator[dict[str, Any]]:  # noqa: N803
        self.asked.append((ServiceCode, {f["Field"]: f["Value"] for f in Filters}))
        found = self.products.get(ServiceCode, [])
        yield from ({"PriceList": found[n : n + 2]} for n in range(0, len(found), 2))


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Aws:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    return Aws("demo", "eu-west-1")


def test_prices_are_read_from_aws_s_own_list(cloud: Aws) -> None:
    products = {
        "AmazonEC2": [
            listed("EU-RegionalNatGateway-Hours", ("0", "9")),
            listed("EU-NatGateway-Hours", ("0", "0.048")),
            listed("EU-NatGateway-Bytes", ("0", "0.047")),
            listed("EU-BoxUsage:t3.small", ("0", "0.0228")),
        ],
        "AmazonEFS": [
            listed("EU-IATimedStorage-ByteHrs", ("0", "9")),
            listed("EU-TimedStorage-ByteHrs", ("0", "0.33")),
            listed("EU-ETDataAccess-Bytes", ("0", "0.07"), accessType="Write"),
            listed("EU-ETDataAccess-Bytes", ("0", "0.04"), accessType="Read"),
        ],
        "AWSLambda": [listed("EU-Lambda-GB-Second", ("6000000000", "0.000015"), ("0", "0.0000166667"))],
    }
    cloud.pricing = PriceList(products)  # type: ignore[assignment]
    prices = fetch_prices(cloud, "eu-west-1", "t3.small")
    assert prices.units == {
        "nat_hour": 0.048, "nat_gb": 0.047, "efs_gb_month": 0.33, "efs_read_gb": 0.04, "efs_write_gb": 0.07,
        "lambda_gb_second": 0.0000166667,
    }  # fmt: skip
    assert prices.instances == {"t3.small": 0.0228}
    assert prices.source == "AWS Price List API"


def test_each_list_is_requested_once_and_for_this_region_only(cloud: Aws) -> None:
    asked = PriceList({"AmazonVPC": [listed("PublicIPv4:InUseAddress", ("0", "0.005"))]})
    cloud.pricing = asked  # type: ignore[assignment]
    fetch_prices(cloud, "eu-west-1", "t3.small")
    assert all(filters["regionCode"] == "eu-west-1" for _, filters in asked.asked)
    assert len(asked.asked) == len({json.dumps(each) for each in asked.asked})
    assert ("AmazonEC2", {"regionCode": "eu-west-1"}) not in asked.asked  # the whole list is too long


def test_an_empty_price_list_is_an_error_and_not_saved(cloud: Aws) -> None:
    cloud.pricing = PriceList({})  # type: ignore[assignment]
    with pytest.raises(AwsprovError, match="no prices for eu-west-1"):
        fetch_prices(cloud, "eu-west-1", "t3.small")


def test_the_local_cloud_has_no_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(UsageError, match="no price list"):
        fetch_prices(Aws("demo", "us-east-1"), "us-east-1", "t3.small")


@pytest.mark.parametrize(
    ("size", "pack", "price", "unit"),
    [
        (350_000_000, 84_000_000, 2.52, "thousand cold starts, each of which reads 84.0 MB"),
        (350_000_000, 0, 10.5, "thousand cold starts, each of which reads at most 350.0 MB"),
    ],
)
def test_a_cold_start_costs_what_it_reads(size: int, pack: int, price: float, unit: str) -> None:
    prices = Prices("us-east-1", "2026-01-01", "a test", {"efs_read_gb": 0.03}, {})
    assert cold_start(size, pack, prices) == ("EFS", price, unit)
    assert cold_start(0, 0, prices) is None
    assert cold_start(size, pack, PRICES) is None
