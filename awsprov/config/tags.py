"""The keys and values of `tags` in config.yaml."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from awsprov.config.fields import Pattern

# A resource has at most 50 tags (AWS General Reference, "Tagging your AWS resources"). awsprov sets three, and one for
# each published environment on the file system.
MAX_TAGS = 40
_MAX_KEY, _MAX_VALUE = 128, 256  # characters (the same page)
# The characters that all services accept (the same page); EC2 accepts others, too.
_ALLOWED = re.compile(r"[\w .:/=+@-]*")
_RESERVED = ("aws:", "awsprov:")  # beginnings, in any case: AWS's own, and ours


def _key(key: str) -> str:
    if key.lower().startswith(_RESERVED) or key.lower() == "name":
        raise ValueError(f"{key!r} is reserved, in any case: `aws:…` for AWS, `awsprov:…` and `Name` for awsprov")
    return _characters(key)


def keys_differ(tags: dict[str, str]) -> dict[str, str]:
    """Return the tags.

    Raises:
        ValueError: two keys differ in case only. IAM refuses that (IAM user guide, "Tags for IAM resources").
    """
    first: dict[str, str] = {}
    for key in tags:
        other = first.setdefault(key.lower(), key)
        if other != key:
            raise ValueError(f"has {other!r} and {key!r}, which differ in case only: to IAM they are the same key")
    return tags


def _characters(text: str) -> str:
    if not _ALLOWED.fullmatch(text):
        raise ValueError(f"{text!r} has characters other than letters, digits, spaces and `_.:/=+-@`")
    return text


TagKey = Annotated[
    str,
    Field(min_length=1, max_length=_MAX_KEY),
    AfterValidator(_key),
    Pattern(f"the key of a tag, of {_MAX_KEY} characters at most"),
]
TagValue = Annotated[
    str,
    Field(max_length=_MAX_VALUE),
    AfterValidator(_characters),
    Pattern(f"the value of a tag, of {_MAX_VALUE} characters at most"),
]
