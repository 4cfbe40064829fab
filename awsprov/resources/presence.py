"""Asking about what may not be there (any more): an answer like any other. Its twin for deletions is `removal`."""

from collections.abc import Callable, Collection
from typing import TypeVar

from awsprov.aws.client import ClientError, error_code

T = TypeVar("T")


def if_there(ask: Callable[[], T], *, gone: Collection[str]) -> T | None:
    """What AWS answers; None when it does not know what it is asked about.

    Arguments:
        ask: the call.
        gone: error codes that say that it is not there.
    """
    try:
        return ask()
    except ClientError as error:
        if error_code(error) not in gone:
            raise
        return None
