"""The log groups of the local cloud: filter patterns."""

import pytest
from moto.logs.utils import EventMessageFilter

from awsprov.aws.log_query import Query
from awsprov.local import logs

assert logs  # it corrects moto


@pytest.mark.parametrize(
    ("text", "message", "found"),
    [
        ('"status": "5', '{"status": "502"}', True),
        ('"status": "5', '{"status": "200"}', False),
        ("C:\\temp", "in C:\\temp", True),
        ("plain", "plain text", True),
    ],
)
def test_a_text_with_quotes_is_searched_for_literally(text: str, message: str, found: bool) -> None:
    assert EventMessageFilter(Query(0, text).pattern).matches(message) is found
