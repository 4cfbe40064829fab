"""The query that CloudWatch gets, and which part of the response is used."""

import pytest

from awsprov.aws.log_query import FAILURES, Query, _between


def test_a_text_is_searched_for_literally() -> None:
    assert Query(0, 'say "hi" \\ there').pattern == '"say \\"hi\\" \\\\ there"'
    assert Query(0).pattern == ""
    assert Query(0, errors=True).pattern.count('?"') == len(FAILURES)


@pytest.mark.parametrize(
    ("message", "taken"),
    [
        ("[ERROR] ValueError: thirteen\nTraceback (most recent call last):", True),
        ('{"timestamp": "2026", "level": "ERROR", "message": "no"}', True),
        ("2026-11-24T11:00:00Z 1f2e Task timed out after 3.00 seconds", True),
        ("REPORT RequestId: 1\tStatus: error\tError Type: Runtime.ExitError", True),
        ("REPORT RequestId: 1\tDuration: 3 ms", False),
        ("[INFO] there were no errors", False),
    ],
)
def test_failures_are_known_by_their_marks(message: str, taken: bool) -> None:
    assert Query(0, errors=True).matches(message) is taken
    assert Query(0).matches(message)
    assert not Query(0, "thirty", errors=True).matches(message)


@pytest.mark.parametrize("over", [True, False])
def test_a_request_has_all_lines_up_to_its_report_or_while_it_runs_all_that_come(over: bool) -> None:
    its = ["INIT_START", "loading", "START 4f1c", "at work", *(["REPORT RequestId: 4f1c"] if over else [])]
    earlier = ["START 3a00", "REPORT RequestId: 3a00"]
    listed = [{"message": line} for line in [*earlier, *its, *(["START 9d00"] if over else [])]]
    assert [event["message"] for event in _between(listed, "4f1c", over)] == its
