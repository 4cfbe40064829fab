"""Converts tags: the default ones of the provider, and those that all tagged resources have."""

from typing import Any

from awsprov.terraform.findings import Findings
from awsprov.terraform.resource import ParsedResource, inner_blocks
from awsprov.terraform.values import Sensitive

_NAME = "Name"  # awsprov gives each resource its own


def tags(providers: list[dict[str, Any]], resources: list[ParsedResource], findings: Findings) -> dict[str, str]:
    """Return the tags that the whole stack gets; those of single resources are noted.

    Arguments:
        providers: the values of the blocks `provider "aws"`.
        resources: those that awsprov creates.
    """
    blocks = [each for provider in providers for each in inner_blocks(provider.get("default_tags"))]
    defaults = [each["tags"] for each in blocks if isinstance(each.get("tags"), dict)]
    default = _plain({key: value for each in defaults for key, value in each.items()})
    if left := sorted({key for each in defaults for key in each} - default.keys()):
        findings.note("the provider", f"these default tags are not converted: {', '.join(left)}")
    own = [found for each in resources if isinstance(found := each.get("tags"), dict) and found]
    common = _common([_plain(each) for each in own])
    if rest := sorted({key for each in own for key in each} - common.keys() - default.keys() - {_NAME}):
        findings.note("the tags", f"not all resources have {', '.join(rest)}; `tags` in config.yaml is for all of them")
    return {**default, **common}


def _plain(values: dict[str, Any]) -> dict[str, str]:
    return {
        key: str(value)
        for key, value in values.items()
        if isinstance(value, str) and not isinstance(value, Sensitive) and key != _NAME
    }


def _common(maps: list[dict[str, str]]) -> dict[str, str]:
    """Return the tags that all maps have, with one value."""
    first = maps[0] if maps else {}
    return {key: value for key, value in first.items() if all(each.get(key) == value for each in maps)}
