"""What a request hangs on, link by link, from the API to the import of a library; and the first link that is broken.

Nothing is changed, and nothing is called but the function's smoke request, where config.yaml has one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from awsprov.diagnose import importing, mounting, serving
from awsprov.diagnose.context import BrokenLinkError, Case

_LINKS = {
    "API": serving.api,
    "permission": serving.permission,
    "function": serving.function,
    "network interfaces": mounting.interfaces,
    "port 2049": mounting.port,
    "access point": mounting.access_point,
    "import": importing.libraries,
}


@dataclass(frozen=True)
class Link:
    """One link of the chain.

    Arguments:
        state: `whole`; `broken`; or `unseen`, behind the broken one.
        evidence: what was found.
        remedy: what to do, where it is broken.
    """

    name: str
    state: Literal["whole", "broken", "unseen"]
    evidence: str = ""
    remedy: str = ""


def walk(case: Case) -> Iterator[Link]:
    """Look at one link after the other, to the first that is broken; those behind it are named and not looked at."""
    broken = False
    for name, look in _LINKS.items():
        if broken:
            yield Link(name, "unseen")
            continue
        try:
            yield Link(name, "whole", look(case))
        except BrokenLinkError as error:
            broken = True
            yield Link(name, "broken", str(error), error.remedy)
