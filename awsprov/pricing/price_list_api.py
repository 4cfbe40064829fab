"""Gets current prices from the AWS Price List API."""

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
    """How a price is found in the price list.

    Arguments:
        service: the service code.
        usage: the usage type without the region's prefix, a regular expression.
        filters: attributes that the API filters by; EC2's whole list is too long to download.
        attribute: another attribute, for prices that share a usage type.
    """

    service: str
    usage: str
    filters: Mapping[str, str] = field(default_factory=dict)
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
    "lambda_tmp_gb_second": Product("AWSLambda", "Lambda-Storage-GB-Second"),
    "lambda_arm_tmp_gb_second": Product("AWSLambda", "Lambda-Storage-GB-Second-ARM"),
    "rest_request": Product("AmazonApiGateway", "ApiGatewayRequest"),
    "http_request": Product("AmazonApiGateway", "ApiGatewayHttpRequest"),
    "log_gb": Product("AmazonCloudWatch", "DataProcessing-Bytes"),
}
_PREFIX = r"(?:[A-Z]{2,4}\d?-)?"  # of a usage type: `EU-`, `USW2-`; none in us-east-1


def fetch_prices(aws: Aws, region: str, *instance_types: str) -> Prices:
    """Return the current prices of a region.

    Arguments:
        instance_types: the EC2 instance types whose prices are requested.

    Raises:
        UsageError: AWS is replaced by a custom endpoint, which has no price list.
        AwsprovError: the price list has none of the prices.
    """
    if aws.endpoint:
        raise UsageError(
            "The local cloud has no price list.",
            remedy="AWS has one; to ask it, leave out --local. That needs credentials and calls AWS.",
        )
    units = {name: price for name, product in PRODUCTS.items() if (price := _price(aws, region, product)) is not None}
    if not units:
        raise AwsprovError(f"The AWS price list has no prices for {region}.", remedy="Check `region:` in config.yaml.")
    hours = {each: _price(aws, region, instance_product(each)) for each in instance_types}
    instances = {each: hour for each, hour in hours.items() if hour is not None}
    return Prices(region, time.strftime("%Y-%m-%d"), "AWS Price List API", units, instances)


def instance_product(instance_type: str) -> Product:
    """Return the product of a Linux on-demand instance on shared hardware, without licensed software."""
    filters = {"instanceType": instance_type, "operatingSystem": "Linux", "tenancy": "Shared", "preInstalledSw": "NA"}
    return Product("AmazonEC2", f"BoxUsage:{re.escape(instance_type)}", {**filters, "capacitystatus": "Used"})


def _price(aws: Aws, region: str, product: Product) -> float | None:
    """Return the price of the first unit; None if it is not listed."""
    found = (first_tier(listed) for listed in _listed(aws, region, product) if matches(product, listed))
    return next((price for price in found if price), None)


def _listed(aws: Aws, region: str, product: Product) -> Iterator[dict[str, Any]]:
    criteria = {"regionCode": region, **product.filters}
    filters: Any = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in criteria.items()]
    key = f"pricing {product.service} {criteria}"
    pages = aws.cached(
        key,
        lambda: list(aws.pricing.get_paginator("get_products").paginate(ServiceCode=product.service, Filters=filters)),
    )
    return (json.loads(listed) for page in pages for listed in page["PriceList"])


def matches(product: Product, listed: Mapping[str, Any]) -> bool:
    """Return whether a listed product has the usage type and the attribute of a price."""
    attributes = listed["product"]["attributes"]
    same = product.attribute is None or attributes.get(product.attribute[0]) == product.attribute[1]
    return same and re.fullmatch(_PREFIX + product.usage, attributes.get("usagetype", "")) is not None


def first_tier(listed: Mapping[str, Any]) -> float:
    """Return the price of the first tier; later tiers may be cheaper."""
    tiers = [tier for term in listed["terms"].get("OnDemand", {}).values() for tier in term["priceDimensions"].values()]
    first = min(tiers, key=lambda tier: float(tier.get("beginRange", 0)), default=None)
    return float(first["pricePerUnit"].get("USD", 0)) if first else 0.0
