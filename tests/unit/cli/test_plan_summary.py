"""The summary of a stack's first plan."""

from collections import Counter
from pathlib import Path

import pytest

from awsprov.cli.plan_summary import summary_lines
from awsprov.config.loader import load

SUBNETS = "subnets: [subnet-0123456789abcdef0, subnet-0123456789abcdef1]"


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("{}", "VPC 10.0.0.0/16, 2 zones, 1 NAT gateway"),
        ("{zones: 3, nat: per-zone}", "VPC 10.0.0.0/16, 3 zones, 3 NAT gateways"),
        ("{nat: none}", "VPC 10.0.0.0/16, 2 zones, no NAT gateway"),
        (f"{{{SUBNETS}}}\nbuilder: {{subnet: subnet-0123456789abcdef2}}", "security groups in 2 existing subnets"),
    ],
)
def test_the_network_is_described(project: Path, network: str, expected: str) -> None:
    config = project / "config.yaml"
    config.write_text(f"{config.read_text()}network: {network}\n")
    assert any(line.endswith(expected) for line in summary_lines(Counter(network=3), load(config), None))
