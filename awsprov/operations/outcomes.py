"""The outcomes of a rehearsal's requests, and whether they are the same under other conditions."""

from collections.abc import Sequence

from awsprov.aws.invocation import InvocationResult

ExpectedOutcome = tuple[str, bytes | None]  # the error, and the payload if it is the same each time


def expected_outcomes(first: Sequence[InvocationResult], second: Sequence[InvocationResult]) -> list[ExpectedOutcome]:
    """Return what the requests return. A payload that differs between two equal runs, as by a time, is not compared.

    Arguments:
        first: the results of a run.
        second: those of another run, in the same order.
    """
    return [
        (one.error, one.payload if one.payload == other.payload else None)
        for one, other in zip(first, second, strict=True)
    ]


def changed_requests(expected: Sequence[ExpectedOutcome], results: Sequence[InvocationResult]) -> list[int]:
    """Return the positions of the requests that return something else than expected.

    Arguments:
        expected: the outcomes.
        results: of the requests, in the same order.
    """
    return [
        position
        for position, ((error, payload), result) in enumerate(zip(expected, results, strict=True))
        if error != result.error or payload not in (None, result.payload)
    ]
