"""The usage plan of an API key: keys that others add to it are theirs."""

from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.unit.moto_cloud import Moto, on_moto

pytestmark = pytest.mark.thorough  # each test creates whole stacks on moto


def plan_and_key(moto: Moto) -> tuple[str, str]:
    """Return the ids of the usage plan and of its only key."""
    gateway = moto.aws().apigateway
    (plan,) = gateway.get_usage_plans()["items"]
    (key,) = gateway.get_usage_plan_keys(usagePlanId=plan["id"])["items"]
    return plan["id"], key["id"]


def test_keys_that_others_add_to_the_plan_are_no_difference(tmp_path: Path) -> None:
    with on_moto(tmp_path, "auth: api_key") as moto:
        moto.engine().up()
        plan, _ = plan_and_key(moto)
        gateway: Any = boto3.client("apigateway", "us-east-1")
        for name in ("mobile", "web"):
            key = gateway.create_api_key(name=name)["id"]
            gateway.create_usage_plan_key(usagePlanId=plan, keyId=key, keyType="API_KEY")
        assert moto.engine().plan().empty
        assert len(gateway.get_usage_plan_keys(usagePlanId=plan)["items"]) == 3


def test_the_key_is_added_to_the_plan_again(tmp_path: Path) -> None:
    with on_moto(tmp_path, "auth: api_key") as moto:
        moto.engine().up()
        plan, key = plan_and_key(moto)
        moto.aws().apigateway.delete_usage_plan_key(usagePlanId=plan, keyId=key)
        (change,) = moto.engine().plan().of("change")
        assert change.differences == {"api_key": ("", key)}
        moto.engine().up()
        assert plan_and_key(moto) == (plan, key)
        assert moto.engine().plan().empty
