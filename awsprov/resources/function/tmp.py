"""The size of a function's /tmp: the one in config.yaml, or what the start pack of its libraries needs."""

import math

from awsprov.aws.limits import FREE_TMP, TMP
from awsprov.errors import AwsprovError
from awsprov.remote_code.function.unpack import SHARE
from awsprov.resources.storage.library_file_system import values_of

LATER = "known after the libraries are built"
_MB = 1024 * 1024
_FORMATTED = 0.95  # the share of a disk that files can use, with blocks of 4 KB
_STEP = 64  # MB


def needed(facts: str) -> int:
    """Return the MB of /tmp that a start pack needs; the least that Lambda has if it fits, or if there is no pack.

    Arguments:
        facts: those in the tag of the environment.
    """
    unpacked = int(values_of(facts).get("unpacked", 0)) / (SHARE * _FORMATTED) / _MB
    return max(FREE_TMP, math.ceil(unpacked / _STEP) * _STEP)


def note(name: str, *, configured: int | None, has: int, needs: int | None) -> str:
    """Return what a plan should say about the size; empty for nothing.

    Arguments:
        name: the function's name.
        configured: MB in config.yaml; None for as many as needed.
        has: MB on AWS.
        needs: MB that the start pack needs; None while the libraries are not published.
    """
    if needs is None:
        keeps = not configured and has > FREE_TMP
        return f"{name}: the size of /tmp is {LATER}; until then it keeps {has} MB." if keeps else ""
    return f"{name}: {_too_small(name, configured, needs)}" if needs > (configured or TMP.value) else ""


def check(name: str, *, configured: int | None, needs: int) -> None:
    """Raise an AwsprovError if a start pack does not fit into /tmp. Arguments are those of `note`."""
    if needs > (configured or TMP.value):
        raise AwsprovError(
            f"Nothing was deployed: {_too_small(name, configured, needs)}",
            remedy=_remedy(name, needs),
        )


def _too_small(name: str, configured: int | None, needs: int) -> str:
    limit = f"functions.{name}.tmp is {configured} MB" if configured else f"Lambda allows {TMP.value} MB"
    return f"the start pack needs {needs} MB of /tmp, and {limit}."


def _remedy(name: str, needs: int) -> str:
    off = "`libraries: {start_pack: false}` in config.yaml starts functions without the pack, more slowly"
    if needs > TMP.value:
        return f"{off}."
    return f"Remove functions.{name}.tmp or set it to {needs}; {off}."
