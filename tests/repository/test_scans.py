"""How a scan is judged, and how a living stack is written down for a scanner that reads Terraform's language."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from scans import checkov, prowler, scoutsuite
from scans.hcl import Blocks, Nested
from scans.judging import COUNTED, Result, Verdict, judge, table

Judged = Callable[..., Verdict]

TABLE = """
[scanner]
at_most = 2
[scanner.cost]
firewall = "by the month"
[scanner.wanted]
public = "on purpose"
[scanner.account]
passwords = "no stack's affair"
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
def judged(tmp_path: Path) -> Judged:
    file = tmp_path / "expected.toml"
    file.write_text(TABLE)
    return lambda *results: judge("scanner", results, ["default"], file)


def test_what_is_known_is_counted_by_check_and_held_to_its_bar(judged: Judged) -> None:
    verdict = judged(*KNOWN, Result("firewall", "another stage", failed=True))
    assert (verdict.failed, verdict.checks, verdict.held) == (("firewall", "public"), 4, True)
    assert verdict.lines() == ["scanner: 2 failed of 4 (at most 2; not counted: 1 account, 1 mistaken)"]


def test_a_failure_without_a_listed_reason_is_reported(judged: Judged) -> None:
    verdict = judged(*KNOWN, Result("encrypted", "another disk", failed=True))
    assert not verdict.held
    assert "  unknown: encrypted on another disk" in verdict.lines()


def test_an_entry_holds_for_what_it_names_only(judged: Judged) -> None:
    assert not judged(*KNOWN, Result("confused", "function-role", failed=True)).held


def test_a_line_that_nothing_fails_any_more_has_to_go(judged: Judged) -> None:
    verdict = judged(*KNOWN[1:])
    assert not verdict.held
    assert "  no longer fails: firewall (cost)" in verdict.lines()


def test_what_no_stack_made_is_not_looked_at(judged: Judged) -> None:
    assert judged(*KNOWN, Result("encrypted", "vpc-default", failed=True)).held


@pytest.mark.parametrize(("name", "bar"), [("prowler", 15), ("scoutsuite", 3), ("checkov", 10), ("parliament", 1)])
def test_the_table_names_no_more_than_the_bar_and_gives_a_reason_for_each(name: str, bar: int) -> None:
    at_most, entries = table(name)
    assert at_most == bar
    assert len({e.check for e in entries if e.chapter in COUNTED}) <= bar
    assert all(len(entry.why) > 10 or entry.why == "by the GB" for entry in entries)


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


def test_ids_become_references_and_texts_stay_texts() -> None:
    found = Blocks()
    found.add("aws_vpc", "vpc-1", cidr_block="10.0.0.0/16", gone=None)
    found.add(
        "aws_thing", "t", vpc_id="vpc-1", list=["vpc-1", "${x}"], inner=Nested(on=True), each=[Nested(n=1), Nested(n=2)]
    )
    assert found.text() == (
        'resource "aws_vpc" "vpc_0" {\n  cidr_block = "10.0.0.0/16"\n}\n\n'
        'resource "aws_thing" "thing_1" {\n  vpc_id = aws_vpc.vpc_0.id\n  list = [aws_vpc.vpc_0.id, "$${x}"]\n'
        "  inner {\n    on = true\n  }\n  each {\n    n = 1\n  }\n  each {\n    n = 2\n  }\n}\n"
    )
