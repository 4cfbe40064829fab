"""Trees of files: what is called in threads for each of them."""

import pytest

from awsprov.remote_code.builder import tree


def test_results_are_in_the_order_of_the_keys() -> None:
    keys = [f"{number}" for number in range(100)]
    assert list(tree.mapped(int, keys, 8).items()) == [(key, int(key)) for key in keys]
    assert tree.mapped(int, [], 8) == {}


def test_after_an_error_no_other_key_is_taken() -> None:
    called = []

    def fail(number: int) -> None:
        called.append(number)
        raise OSError(f"{number} is damaged")

    with pytest.raises(OSError, match="is damaged"):
        tree.mapped(fail, list(range(1000)), 2)
    assert len(called) <= 2
