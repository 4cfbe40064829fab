"""Gateway endpoints: what is created for them, what changes in place, and what functions may reach through them."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import boto3
import pytest

from awsprov.config.loader import load
from awsprov.diagram.layout import Layout
from awsprov.diagram.model import diagram
from awsprov.doctor import quotas
from awsprov.errors import AwsprovError, UsageError
from awsprov.iam.policies import policy_statements
from awsprov.operations.checks import CheckResult
from awsprov.pricing.estimate import running_bill
from awsprov.pricing.price_table import Prices
from tests.unit.moto_cloud import Moto, on_moto, refreshed

pytestmark = pytest.mark.thorough  # each test creates whole stacks on moto

BOTH = "none, endpoints: [s3, dynamodb]"
S3_ACTIONS = {"ec2:CreateVpcEndpoint", "ec2:ModifyVpcEndpoint", "ec2:DescribeManagedPrefixLists"}


def endpoints() -> dict[str, list[str]]:
    """Return the route tables of each endpoint, by its service."""
    ec2: Any = boto3.client("ec2", "us-east-1")
    found = [each for each in ec2.describe_vpc_endpoints()["VpcEndpoints"] if each["State"] != "deleted"]
    return {each["ServiceName"].rpartition(".")[2]: each["RouteTableIds"] for each in found}


def egress(moto: Moto) -> list[str]:
    """Return the outbound rules of the functions' group."""
    resources: Any = refreshed(moto.engine())
    rules: list[str] = resources["function-security-group"].read(moto.aws())["egress"]
    return rules


def test_endpoints_are_on_the_private_route_tables_and_go_with_the_stack(tmp_path: Path) -> None:
    with on_moto(tmp_path, nat="per-zone, endpoints: [s3]") as moto:
        moto.engine().up()
        resources = refreshed(moto.engine())
        tables = [resources[f"private-route-table-{n}"].id for n in (1, 2)]
        assert endpoints() == {"s3": tables}
        assert moto.engine().plan().empty
        (tmp_path / "state.json").unlink()
        moto.engine().recover()
        assert moto.engine().plan().empty
        assert moto.engine().down().failures == []
        assert endpoints() == {}


def test_without_a_nat_gateway_https_is_open_to_the_services_and_the_vpc_only(tmp_path: Path) -> None:
    with on_moto(tmp_path, nat=f"{BOTH}, egress_ports: [443, 3306]") as moto:
        moto.engine().up()
        assert moto.engine().plan().empty
        https = {rule.split(" ")[1][:3] for rule in egress(moto) if rule.startswith("tcp/443")}
        assert https == {"pl-", "10."}
        assert "tcp/3306 0.0.0.0/0" in egress(moto)
        moto.nat = "single, endpoints: [s3]"
        moto.engine().up()
        assert [rule for rule in egress(moto) if rule.startswith("tcp/443")] == ["tcp/443 0.0.0.0/0"]
        assert list(endpoints()) == ["s3"]


def test_a_route_table_that_was_removed_is_added_again(tmp_path: Path) -> None:
    with on_moto(tmp_path, nat="none, endpoints: [s3]") as moto:
        moto.engine().up()
        resources = refreshed(moto.engine())
        endpoint, table = resources["s3-endpoint"].id, resources["private-route-table"].id
        moto.aws().ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, RemoveRouteTableIds=[table])
        (change,) = moto.engine().plan().of("change")
        assert change.differences == {"route_tables": ([], [table])}
        moto.engine().up()
        assert moto.engine().plan().empty
        assert endpoints() == {"s3": [table]}


def test_the_policy_has_the_actions_only_if_there_are_endpoints(tmp_path: Path) -> None:
    with on_moto(tmp_path, nat="none") as moto:
        for nat, expected in (("none", set()), (BOTH, S3_ACTIONS)):
            moto.nat = nat
            moto.write_config()
            statements = policy_statements(load(tmp_path / "config.yaml"), ["up"], "123456789012")
            assert S3_ACTIONS & {action for each in statements for action in each["Action"]} == expected


def test_a_region_without_the_service_s_prefix_list_is_an_error_before_anything_is_created(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with on_moto(tmp_path, nat=BOTH) as moto:
        aws = moto.aws()
        monkeypatch.setattr(aws.ec2, "describe_managed_prefix_lists", lambda **_: {"PrefixLists": []})
        with pytest.raises(AwsprovError, match=r"no prefix list com\.amazonaws\.us-east-1") as caught:
            moto.engine().plan()
        assert "network.endpoints" in caught.value.remedy
        assert aws.mutations == 0


def test_an_error_in_the_response_of_the_deletion_is_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with on_moto(tmp_path, nat="none, endpoints: [s3]") as moto:
        moto.engine().up()
        engine = moto.engine()
        endpoint = refreshed(engine)["s3-endpoint"]
        refused = {"ResourceId": endpoint.id, "Error": {"Code": "OperationNotPermitted", "Message": "no"}}
        monkeypatch.setattr(engine.aws.ec2, "delete_vpc_endpoints", lambda **_: {"Unsuccessful": [refused]})
        with pytest.raises(AwsprovError, match="did not delete s3-endpoint"):
            endpoint.delete(engine.aws)


def test_an_endpoint_is_drawn_beside_the_internet_gateway_and_costs_nothing(tmp_path: Path) -> None:
    with on_moto(tmp_path, nat=BOTH) as moto:
        engine = moto.engine()
        picture = diagram(engine.stack, load(tmp_path / "config.yaml"), {})
        assert [node.title for node in picture.endpoints] == ["S3 endpoint", "DynamoDB endpoint"]
        boxes = Layout(picture).boxes
        rows = [boxes[key] for key in ("dynamodb-endpoint", "internet-gateway", "s3-endpoint")]
        assert all(left.right < right.x and left.y == right.y for left, right in pairwise(rows))
        bill = running_bill(engine.stack, Prices("us-east-1", "2026-01-01", "a test"))
        free = {charge.name: charge.hour for charge in bill.charges if charge.about == "free"}
        assert free == {"s3-endpoint": 0.0, "dynamodb-endpoint": 0.0}


def test_doctor_counts_gateway_endpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with on_moto(tmp_path, nat=BOTH) as moto:

        def check() -> CheckResult:
            engine = moto.engine()
            return quotas.gateway_endpoints(engine.aws, load(tmp_path / "config.yaml"), engine.stack)

        assert check().message == "0 of 20 gateway endpoints in use, 2 more needed"
        aws = moto.aws()
        monkeypatch.setattr(aws.quotas, "get_service_quota", lambda **_: {"Quota": {"Value": 1.0}})
        assert check().status == "failed"


def test_an_endpoint_of_another_service_is_an_error_in_the_file(tmp_path: Path) -> None:
    with on_moto(tmp_path, nat="none, endpoints: [sqs]") as moto, pytest.raises(UsageError) as caught:
        moto.write_config()
    assert "it must be one of s3 or dynamodb" in caught.value.why
