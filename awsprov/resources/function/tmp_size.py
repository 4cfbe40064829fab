"""The size of a function's /tmp: the one in config.yaml, or what the start pack of its libraries needs."""

import math
from dataclasses import dataclass

from awsprov.aws.limits import FREE_TMP, TMP
from awsprov.errors import AwsprovError
from awsprov.remote_code.function.unpack import SHARE
from awsprov.resources.storage.library_file_system import values_of

LATER = "known after the libraries are built"
_MB = 1024 * 1024
_FORMATTED = 0.95  # the share of a disk that files can use, with blocks of 4 KB
_STEP = 64  # MB


def needed_tmp(facts: str) -> int:
    """Return the MB of /tmp that a start pack needs; the least that Lambda has if it fits, or if there is no pack.

    Arguments:
        facts: those in the tag of the environment.
    """
    unpacked = int(values_of(facts).get("unpacked", 0)) / (SHARE * _FORMATTED) / _MB
    return max(FREE_TMP, math.ceil(unpacked / _STEP) * _STEP)


@dataclass(frozen=True)
class TmpSize:
    """The size of a function's /tmp, in MB.

    Arguments:
        function: the function's name.
        configured: the size in config.yaml; None for as much as needed.
        needs: what the start pack needs; None while the libraries are not published.
        has: the size on AWS.
    """

    function: str
    configured: int | None
    needs: int | None
    has: int

    @property
    def wanted(self) -> int:
        """The size as configured, or as the start pack needs; until that is published, as it is."""
        return self.configured or (self.has if self.needs is None else min(self.needs, TMP.value))

    @property
    def note(self) -> str:
        """What a plan should say about it; empty for nothing."""
        if self.needs is None:
            keeps = not self.configured and self.has > FREE_TMP
            return f"{self.function}: the size of /tmp is {LATER}; until then it keeps {self.has} MB." if keeps else ""
        return f"{self.function}: {self._too_small}" if self._too_small else ""

    def check(self) -> None:
        """Raise an AwsprovError if the start pack does not fit."""
        if self._too_small:
            raise AwsprovError(f"Nothing was deployed: {self._too_small}", remedy=self._remedy)

    @property
    def _too_small(self) -> str:
        """Why the start pack does not fit; empty if it does."""
        if self.needs is None or self.needs <= (self.configured or TMP.value):
            return ""
        own = f"functions.{self.function}.tmp is {self.configured} MB"
        limit = own if self.configured else f"Lambda allows {TMP.value} MB"
        return f"the start pack needs {self.needs} MB of /tmp, and {limit}."

    @property
    def _remedy(self) -> str:
        off = "`libraries: {start_pack: false}` in config.yaml starts functions without the pack, more slowly"
        if (self.needs or 0) > TMP.value:
            return f"{off}."
        return f"Remove functions.{self.function}.tmp or set it to {self.needs}; {off}."
