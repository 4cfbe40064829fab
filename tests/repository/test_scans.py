"""Security scans: the comparison with accepted findings, the reports of the scanners, and the Terraform code."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from scans import checkov, prowler, scoutsuite
from scans.findings import COUNTED, Report, Result, evaluate, expected_findings
from scans.hcl import Blocks, Nested

Evaluate = Callable[..., Report]

EXPECTED = """
[scanner]
at_most = 2
[scanner.cost]
firewall = "by the month"
[scanner.wanted]
public = "intended"
[scanner.account]
passwords = "of the account"
[scanner.mistaken]
confused = { only = "builder", why = "not so" }
"""
KNOWN = (
    Result("firewall", "stage", failed=True),
    Result("public", "api", failed=True),
    Result("passwords", "account", failed=True),
    Result("confused", "builder-role", failed=True),
    Result("confused", "function-role", failed=False),
    Result("encrypted", "disk", failed=False),
)


@pytest.fixture
def evaluated(tmp_path: Path) -> Evaluate:
    file = tmp_path / "expected.toml"
    file.write_text(EXPECTED)
    return lambda *results: evaluate("scanner", results, ["default"], file)


def test_accepted_findings_are_counted_by_check_and_compared_with_the_limit(evaluated: Evaluate) -> None:
    found = evaluated(*KNOWN, Result("firewall", "another stage", failed=True))
    assert (found.failed, found.checks, found.passed) == (("firewall", "public"), 4, True)
    assert found.lines() == ["scanner: 2 failed of 4 (at most 2; not counted: 1 account, 1 mistaken)"]


def test_a_failure_without_a_listed_reason_is_reported(evaluated: Evaluate) -> None:
    found = evaluated(*KNOWN, Result("encrypted", "another disk", failed=True))
    assert not found.passed
    assert "  unknown: encrypted on another disk" in found.lines()


def test_an_entry_applies_only_to_the_resources_that_it_names(evaluated: Evaluate) -> None:
    assert not evaluated(*KNOWN, Result("confused", "function-role", failed=True)).passed


def test_an_entry_without_a_failure_is_reported(evaluated: Evaluate) -> None:
    found = evaluated(*KNOWN[1:])
    assert not found.passed
    assert "  no longer fails: firewall (cost)" in found.lines()


def test_resources_of_others_are_not_counted(evaluated: Evaluate) -> None:
    assert evaluated(*KNOWN, Result("encrypted", "vpc-default", failed=True)).passed


@pytest.mark.parametrize(("name", "limit"), [("prowler", 15), ("scoutsuite", 3), ("checkov", 10), ("parliament", 1)])
def test_no_more_findings_are_accepted_than_the_limit_and_each_has_a_reason(name: str, limit: int) -> None:
    at_most, entries = expected_findings(name)
    assert at_most == limit
    assert len({e.check for e in entries if e.section in COUNTED}) <= limit
    assert all(len(entry.reason) > 10 or entry.reason == "by the GB" for entry in entries)


# ---- reports


def test_prowler_s_report_is_read(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    one = {"metadata": {"event_code": "logged"}, "resources": [{"uid": "arn:stage"}]}
    report.write_text(json.dumps([{**one, "status_code": code} for code in ("FAIL", "PASS", "MANUAL")]))
    assert prowler.read(report) == [
        Result("logged", "arn:stage", failed=True),
        Result("logged", "arn:stage", failed=False),
    ]


def test_scoutsuite_s_report_is_read(tmp_path: Path) -> None:
    report = tmp_path / "report.js"
    findings = {
        "some": {"checked_items": 3, "flagged_items": 1, "items": ["vpc.a"]},
        "none": {"checked_items": 2, "flagged_items": 0, "items": []},
        "unused": {"checked_items": 0, "flagged_items": 0, "items": []},
    }
    report.write_text("scoutsuite_results =\n" + json.dumps({"services": {"vpc": {"findings": findings}}}))
    found = {(result.check, result.failed) for result in scoutsuite.read(report)}
    assert found == {("some", True), ("some", False), ("none", False)}


def test_checkov_s_report_is_read() -> None:
    sides = {
        "failed_checks": [{"check_id": "A", "resource": "x"}],
        "passed_checks": [{"check_id": "A", "resource": "y"}],
    }
    assert checkov.read({"results": sides}) == [Result("A", "x", failed=True), Result("A", "y", failed=False)]


# ---- Terraform's language


def test_ids_become_references_and_other_strings_do_not() -> None:
    found = Blocks()
    found.add("aws_vpc", "vpc-1", cidr_block="10.0.0.0/16", missing=None)
    found.add(
        "aws_thing", "t", vpc_id="vpc-1", list=["vpc-1", "${x}"], inner=Nested(on=True), each=[Nested(n=1), Nested(n=2)]
    )
    assert found.text() == (
        'resource "aws_vpc" "vpc_0" {\n  cidr_block = "10.0.0.0/16"\n}\n\n'
        'resource "aws_thing" "thing_1" {\n  vpc_id = aws_vpc.vpc_0.id\n  list = [aws_vpc.vpc_0.id, "$${x}"]\n'
        "  inner {\n    on = true\n  }\n  each {\n    n = 1\n  }\n  each {\n    n = 2\n  }\n}\n"
    )
