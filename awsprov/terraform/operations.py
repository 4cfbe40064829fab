"""Operations on the values of Terraform expressions: arithmetic, attributes and elements."""

import operator
from collections.abc import Callable
from typing import Any

from awsprov.terraform.values import Unknown, combine, text_of

_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "%": operator.mod,
    "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip


def computed(sign: str, left: Any, right: Any) -> Any:
    """Return the result of an arithmetic operator or a comparison."""
    try:
        value = _ARITHMETIC[sign](_as_number(left), _as_number(right))
    except (TypeError, ValueError, ArithmeticError):
        return Unknown(f"is computed (`{sign}`)")
    whole = isinstance(value, float) and value.is_integer()
    return int(value) if whole else value


def _as_number(value: Any) -> int | float:
    if isinstance(value, bool):
        raise TypeError("a number is needed")
    number = float(value)
    return int(number) if number.is_integer() else number


def attribute(value: Any, name: str) -> Any:
    """Return an attribute of a value."""
    if isinstance(value, dict):
        return value.get(name, Unknown(f"has no attribute `{name}`"))
    if isinstance(value, Unknown):
        return value.part(f".{name}")
    look_up = getattr(value, "attribute", None)
    return look_up(name) if look_up else Unknown(f"has no attribute `{name}`")


def element(value: Any, index: Any) -> Any:
    """Return an element of a list or map."""
    if isinstance(index, Unknown):
        return combine(index, value if isinstance(value, Unknown) else None)
    if isinstance(value, Unknown):
        return value.part(f"[{index}]")
    try:
        return value[text_of(index)] if isinstance(value, dict) else value[int(index)]
    except (KeyError, IndexError, TypeError, ValueError):
        return Unknown(f"has no element {text_of(index)!r}") if isinstance(value, list | dict) else value
