"""The condition operators of policies.

Source: IAM user guide, "IAM JSON policy elements: Condition operators". What is not supported here is decided against
the caller: such a condition of an Allow is not met, and that of a Deny is.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from awsprov.local.iam.policies import strings
from awsprov.local.wildcards import matches

SEPARATOR = "\n"  # between the values of a key that has several, such as aws:TagKeys
Compare = Callable[[str, str], bool]  # of the value in the policy, and the one of the request

_FOR_ALL, _FOR_ANY = "ForAllValues:", "ForAnyValue:"
_IF_EXISTS = "IfExists"
_VARIABLE = re.compile(r"\$\{([^}]+)\}")
# The services' own condition keys that the local cloud sets. Others are on AWS in requests where they are missing here.
_EVALUATED = re.compile(
    r"aws:(?!sourceowner$)|ec2:(createaction|owner|sourceinstancearn)$|iam:|kms:encryptioncontext:|kms:viaservice$"
    r"|lambda:sourcefunctionarn$|elasticfilesystem:(createaction|accesspointarn|accessedviamounttarget)$"
    r"|s3:(prefix|delimiter|max-keys)$|sts:(externalid|rolesessionname)$"
)


def is_met(condition: Mapping[str, Any], context: Mapping[str, str], *, effect: str = "Allow") -> bool:
    """Return whether each operator holds for each of its keys, with any of the values.

    Arguments:
        condition: the element of a statement.
        context: the condition keys of the request.
        effect: of the statement, which decides what is not supported here.
    """
    lenient = effect == "Deny"
    tests = [(operator, key, values) for operator, keys in condition.items() for key, values in keys.items()]
    return all(_holds(operator, key, strings(values), context, unknown=lenient) for operator, key, values in tests)


def expand(text: str, context: Mapping[str, str]) -> str:
    """Replace the policy variables of a string, such as `${aws:username}`. Those without a value stay."""
    if "${" not in text:
        return text
    return _VARIABLE.sub(lambda found: context.get(found[1], found[0]), text)


def _holds(operator: str, key: str, values: Iterable[str], context: Mapping[str, str], *, unknown: bool) -> bool:
    actual, prefix = _value(context, key), f"{operator.partition(':')[0]}:"
    name = operator.removeprefix(prefix).removesuffix(_IF_EXISTS)
    if actual is None and not _EVALUATED.match(key.lower()):
        return unknown
    if name == "Null":
        return any((value.lower() == "true") is (actual is None) for value in values)
    negated, compare = _comparison(name)
    if compare is None:
        return unknown
    expected = [expand(value, context) for value in values]
    if prefix in (_FOR_ALL, _FOR_ANY):
        each = [_compares(compare, expected, one, negated=negated) for one in (actual or "").split(SEPARATOR) if one]
        return all(each) if prefix == _FOR_ALL else any(each)
    if actual is None:
        return negated or operator.endswith(_IF_EXISTS)
    return _compares(compare, expected, actual, negated=negated)


def _value(context: Mapping[str, str], key: str) -> str | None:
    """Return the value of a condition key, whose name may be in upper or lower case."""
    if key in context:
        return context[key]
    return next((value for name, value in context.items() if name.lower() == key.lower()), None)


def _comparison(name: str) -> tuple[bool, Compare | None]:
    """Return whether an operator is negated, and the comparison, which is None if the operator is not supported."""
    if name in _OPERATORS:
        return False, _OPERATORS[name]
    positive = name.replace("NotIpAddress", "IpAddress").replace("Not", "", 1)
    return True, _OPERATORS.get(positive) if positive != name else None


def _compares(compare: Compare, expected: Iterable[str], actual: str, *, negated: bool) -> bool:
    return any(_safely(compare, value, actual) for value in expected) is not negated


def _safely(compare: Compare, value: str, actual: str) -> bool:
    """Return whether the comparison holds; values that are no number, date or address are equal to nothing."""
    try:
        return compare(value, actual)
    except ValueError:
        return False


def _time(text: str) -> datetime:
    if text.isdigit():
        return datetime.fromtimestamp(int(text), UTC)
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": lambda value, actual: actual == value,
    "LessThan": lambda value, actual: actual < value,
    "LessThanEquals": lambda value, actual: actual <= value,
    "GreaterThan": lambda value, actual: actual > value,
    "GreaterThanEquals": lambda value, actual: actual >= value,
}


def _ordered(name: str, convert: Callable[[str], Any]) -> dict[str, Compare]:
    return {
        f"{name}{suffix}": lambda value, actual, order=order: order(convert(value), convert(actual))  # type: ignore[misc]  # bound now
        for suffix, order in _ORDER.items()
    }


_OPERATORS: dict[str, Compare] = {
    "StringEquals": lambda value, actual: value == actual,
    "StringEqualsIgnoreCase": lambda value, actual: value.lower() == actual.lower(),
    "StringLike": matches,
    "ArnEquals": matches,
    "ArnLike": matches,
    "Bool": lambda value, actual: value.lower() == actual.lower(),
    "IpAddress": lambda value, actual: ipaddress.ip_address(actual) in ipaddress.ip_network(value, strict=False),
    **_ordered("Numeric", float),
    **_ordered("Date", _time),
}
