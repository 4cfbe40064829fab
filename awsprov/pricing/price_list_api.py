"""The Pricing API: asks AWS for the prices that a stack's cost is made of."""

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from awsprov.aws.client import Aws
from awsprov.errors import AwsprovError, UsageError
from awsprov.pricing.price_table import Prices


@dataclass(frozen=True)
class Product:
    """Where a price is found.

    Arguments:
        service: its service's code in the price list.
        usage: the usage type without the region's prefix, a regular expression.
        narrow: attributes that the API itself filters by; EC2's list is too long to be read whole.
        attribute: one more attribute, where two prices share a usage type.
    """

    service: str
    usage: str
    narrow: Mapping[str, str] = field(default_factory=dict)
    attribute: tuple[str, str] | None = None


_NAT = {"productFamily": "NAT Gateway"}
PRODUCTS = {
    "nat_hour": Product("AmazonEC2", "NatGateway-Hours", _NAT),
    "nat_gb": Product("AmazonEC2", "NatGateway-Bytes", _NAT),
    "disk_gb_month": Product(
        "AmazonEC2", r"EBS:VolumeUsage\.gp3", {"volumeApiName": "gp3", "productFamily": "Storage"}
    ),
    "address_hour": Product("AmazonVPC", "PublicIPv4:InUseAddress"),
    "efs_gb_month": Product("AmazonEFS", "TimedStorage-ByteHrs"),
    "efs_read_gb": Product("AmazonEFS", "ETDataAccess-Bytes", attribute=("accessType", "Read")),
    "efs_write_gb": Product("AmazonEFS", "ETDataAccess-Bytes", attribute=("accessType", "Write")),
    "lambda_request": Product("AWSLambda", "Request"),
    "lambda_gb_second": Product("AWSLambda", "Lambda-GB-Second"),
    "lambda_arm_gb_second": Product("AWSLambda", "Lambda-GB-Second-ARM"),
    "rest_request": Product("AmazonApiGateway", "ApiGatewayRequest"),
    "http_request": Product("AmazonApiGateway", "ApiGatewayHttpRequest"),
    "log_gb": Product("AmazonCloudWatch", "DataProcessing-Bytes"),
}
_PREFIX = r"(?:[A-Z]{2,4}\d?-)?"  # of a usage type: `EU-`, `USW2-`; none in us-east-1


def ask(aws: Aws, region: str, instance_type: str) -> Prices:
    """The prices of a region, as AWS tells them now.

    Arguments:
        instance_type: the builder's; of instances, its price alone is asked for.

    Raises:
        UsageError: another cloud stands in for AWS, and it has no price list.
        AwsprovError: AWS lists none of them.
    """
    if aws.endpoint:
        raise UsageError(
            "The cloud on this machine has no price list.",
            remedy="Ask AWS itself: `awsprov cost --refresh`, no --local.",
        )
    units = {name: price for name, product in PRODUCTS.items() if (price := _price(aws, region, product)) is not None}
    if not units:
        raise AwsprovError(f"AWS's price list has nothing for {region}.", remedy="Is `region:` in config.yaml right?")
    hour = _price(aws, region, _instance(instance_type))
    instances = {instance_type: hour} if hour is not None else {}
    return Prices(region, time.strftime("%Y-%m-%d"), "AWS Price List API", units, instances)


def _instance(instance_type: str) -> Product:
    """Linux, on demand, on shared hardware, with nothing installed on top."""
    narrow = {"instanceType": instance_type, "operatingSystem": "Linux", "tenancy": "Shared", "preInstalledSw": "NA"}
    return Product("AmazonEC2", f"BoxUsage:{re.escape(instance_type)}", {**narrow, "capacitystatus": "Used"})


def _price(aws: Aws, region: str, product: Product) -> float | None:
    """The price of the first unit; None when it is not listed."""
    found = (_first_tier(listed) for listed in _listed(aws, region, product) if _is(product, listed))
    return next((price for price in found if price), None)


def _listed(aws: Aws, region: str, product: Product) -> Iterator[dict[str, Any]]:
    asked = {"regionCode": region, **product.narrow}
    filters: Any = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in asked.items()]
    key = f"pricing {product.service} {asked}"
    pages = aws.cached(
        key,
        lambda: list(aws.pricing.get_paginator("get_products").paginate(ServiceCode=product.service, Filters=filters)),
    )
    return (json.loads(listed) for page in pages for listed in page["PriceList"])


def _is(product: Product, listed: dict[str, Any]) -> bool:
    attributes = listed["product"]["attributes"]
    fits = product.attribute is None or attributes.get(product.attribute[0]) == product.attribute[1]
    return fits and re.fullmatch(_PREFIX + product.usage, attributes.get("usagetype", "")) is not None


def _first_tier(listed: dict[str, Any]) -> float:
    """What the first unit costs; later ones may be cheaper."""
    tiers = [tier for term in listed["terms"].get("OnDemand", {}).values() for tier in term["priceDimensions"].values()]
    first = min(tiers, key=lambda tier: float(tier.get("beginRange", 0)), default=None)
    return float(first["pricePerUnit"].get("USD", 0)) if first else 0.0
