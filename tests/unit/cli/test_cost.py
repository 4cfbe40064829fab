"""cost without an account: before the first `up`, from the table."""

import json
import re
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Call

pytestmark = pytest.mark.usefixtures("project")


def test_a_stack_that_does_not_stand_yet_is_priced_without_a_call(awsprov: Call) -> None:
    result = awsprov("cost")
    assert result.code == 0
    assert re.search(r"^  nat-gateway-1 +\$0.0450 +\$1.08 +\$32.85$", result.out, re.MULTILINE)
    assert re.search(r"^  API Gateway, REST +\$3.50 +per million requests$", result.out, re.MULTILINE)
    assert "as `up` would create it; list prices of 20" in result.err


def test_programs_get_hours_days_and_months_of_each_state(awsprov: Call) -> None:
    document = json.loads(awsprov("cost", "--json").out)
    states = document["states"]
    assert list(states) == ["as it is", "paused", "down"]
    assert states["as it is"]["total"] == {"hour": 0.052192, "day": 1.252603, "month": 38.1}
    assert [each["name"] for each in states["paused"]["resources"]] == ["builder"]
    assert states["down"]["total"] == {"hour": 0, "day": 0, "month": 0}
    assert document["prices"]["date"]


def test_an_instance_without_a_price_makes_it_at_least(awsprov: Call, project: Path) -> None:
    config = project / "config.yaml"
    config.write_text(config.read_text() + "builder: {instance_type: m7i.large, when_idle: keep}\n")
    result = awsprov("cost")
    assert "at least" in result.out
    assert "No price known in us-east-1 for: builder. `awsprov cost --refresh` fetches current prices." in result.err


def test_a_region_that_is_not_in_the_table_is_reported(awsprov: Call) -> None:
    result = awsprov("cost", "--region", "sa-east-1")
    assert result.code == 2
    assert "There are no prices for sa-east-1." in result.err
    assert "What to do:" in result.err
    assert "us-east-1" in result.err


def test_asking_aws_needs_credentials(awsprov: Call) -> None:
    result = awsprov("cost", "--refresh")
    assert result.code == 3
    assert "No AWS credentials were found." in result.err


def test_a_price_of_usage_that_the_table_lacks_is_named_and_not_guessed(awsprov: Call) -> None:
    result = awsprov("cost", "--region", "eu-west-1")
    missing = ["API Gateway, REST per million requests", "EFS per GB read", "EFS per GB written"]
    assert f"No price known in eu-west-1 for: {'; '.join([*missing, 'CloudWatch Logs per GB ingested'])}." in result.err
    document = json.loads(awsprov("cost", "--region", "eu-west-1", "--json").out)
    assert document["unknown_usage"][:3] == missing
    assert "API Gateway, REST" not in [each["what"] for each in document["usage_prices"]]
