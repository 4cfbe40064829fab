"""How long a target of fuzzing runs."""

import copy
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

SECONDS = float(os.environ.get("AWSPROV_FUZZ_SECONDS", "0"))
_EXAMPLES = 50  # of a batch; hypothesis limits examples, not time
_SAME = 400  # examples without a time


def fuzz(inputs: SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run a test with many inputs.

    They are the same in each run, so that a change fails for its own faults. For AWSPROV_FUZZ_SECONDS they are random:
    one that fails is stored, and tried first next time.
    """

    def decorated(check: Callable[[Any], None]) -> Callable[[], None]:
        batch = settings(
            max_examples=_EXAMPLES if SECONDS else _SAME,
            derandomize=not SECONDS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        )(given(inputs)(check))

        def test() -> None:
            end = time.monotonic() + SECONDS
            batch()
            while time.monotonic() < end:
                batch()

        test.__doc__ = check.__doc__
        test.batch = batch  # type: ignore[attr-defined]  # for `tests.fuzz.guided`
        return pytest.mark.hypothesis(pytest.mark.thorough(test))

    return decorated


def mutated(good: bytes, words: list[bytes]) -> SearchStrategy[bytes]:
    """Return a strategy for content in which pieces are replaced by words or by anything."""
    pieces = st.one_of(st.sampled_from(words), st.binary(max_size=12), st.text(max_size=8).map(_encode))
    edits = st.lists(st.tuples(st.integers(0, len(good)), st.integers(0, 30), pieces), min_size=1, max_size=5)

    def apply(chosen: list[tuple[int, int, bytes]]) -> bytes:
        content = good
        for at, length, word in chosen:
            content = content[:at] + word + content[at + length :]
        return content

    return st.one_of(edits.map(apply), edits.map(apply), st.binary(max_size=400))


_DEEP = b"[" * 50_000
_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_ABSENT = object()


def mutated_json(good: Any) -> SearchStrategy[bytes]:
    """Return a strategy for a JSON document in which values are missing or replaced by others; or no JSON at all."""
    edits = st.lists(st.tuples(st.sampled_from(list(_paths(good))), _VALUES | st.just(_ABSENT)), min_size=1, max_size=3)
    documents = edits.map(lambda chosen: json.dumps(_replaced(good, chosen)).encode())
    text = json.dumps(good).encode()
    return st.one_of(documents, documents, mutated(text, [b"NaN", b"1e999", b"{", b"}", b",", b'"', _DEEP]))


def _paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _paths(inner, (*at, key))


def _replaced(good: Any, chosen: list[tuple[tuple[Any, ...], Any]]) -> Any:
    document = {"": copy.deepcopy(good)}
    for at, value in chosen:
        parent: Any = document
        keys: list[Any] = ["", *at]
        with suppress(KeyError, IndexError, TypeError):  # another edit has replaced what is above
            for key in keys[:-1]:
                parent = parent[key]
            if value is _ABSENT:
                del parent[keys[-1]]
            else:
                parent[keys[-1]] = copy.deepcopy(value)
    return document.get("")


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
