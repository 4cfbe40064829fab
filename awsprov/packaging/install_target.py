"""The Python and the platform that libraries are resolved for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from packaging.tags import Tag, compatible_tags, cpython_tags, platform_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from awsprov.packaging.requirement_lines import file_name

_GLIBC = re.compile(r"(\w+)-manylinux_2_(\d+)")
# The older names of glibc versions (PEP 600).
_ALIASES = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
_OLDEST = 5


@dataclass(frozen=True)
class InstallTarget:
    """What libraries are resolved for.

    Arguments:
        python: the Python version, as in `3.12`.
        platform: uv's name of the platform, as in `x86_64-manylinux_2_28`; empty for this machine.
    """

    python: str
    platform: str = ""

    def __str__(self) -> str:
        return f"Python {self.python} on {self.platform.partition('-')[0] or 'this machine'}"

    def rank(self, file: str) -> int:
        """Return how specific a wheel is for the target, 0 for the most specific; -1 if it cannot be installed."""
        try:
            tags = parse_wheel_filename(file_name(file))[3]
        except InvalidWheelFilename:
            return -1
        return min((self._ranks[tag] for tag in tags if tag in self._ranks), default=-1)

    @cached_property
    def _ranks(self) -> dict[Tag, int]:
        major, minor = map(int, self.python.split("."))
        platforms = list(self._platforms())
        interpreter = f"cp{major}{minor}"
        tags = [
            *cpython_tags((major, minor), [interpreter], platforms),
            *compatible_tags((major, minor), interpreter, platforms),
        ]
        return {tag: rank for rank, tag in reversed(list(enumerate(tags)))}

    def _platforms(self) -> Iterator[str]:
        found = _GLIBC.fullmatch(self.platform)
        if not found:
            yield from platform_tags()
            return
        for minor in range(int(found[2]), _OLDEST - 1, -1):
            yield f"manylinux_2_{minor}_{found[1]}"
            if minor in _ALIASES:
                yield f"{_ALIASES[minor]}_{found[1]}"
        yield f"linux_{found[1]}"
