"""The wildcards of IAM policies and CORS origins."""

import pytest

from awsprov.local.wildcards import matches


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("*", "", True),
        ("vpc-?", "vpc-1", True),
        ("vpc-?", "vpc-", False),
        ("vpc-*", "vpc-1/a:b\nc", True),
        ("vpc", "vpc-1", False),
        ("a.c", "abc", False),
        ("[ab]", "a", False),
        ("VPC", "vpc", False),
    ],
)
def test_only_the_star_and_the_question_mark_are_wildcards(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text) is expected


def test_the_case_can_be_ignored() -> None:
    assert matches("EC2:delete*", "ec2:DeleteVpc", ignore_case=True)
