"""The entry point of a function: what Lambda calls, which is awsprov's loader or the handler itself."""

from collections.abc import Mapping
from typing import Any

_LOADER = "_awsprov/bootstrap.handler"  # remote_code/function/loader.py, under the name that it has in the bundle
_START_PACK = "AWSPROV_START_PACK"  # the variable that has the loader unpack one
_HANDLER = "AWSPROV_HANDLER"  # the variable with the handler that the loader calls


def entry_point(handler: str, variables: Mapping[str, str]) -> str:
    """Return what Lambda calls: the loader if the function's variables are for it, otherwise the handler."""
    return _LOADER if _HANDLER in variables else handler


def handler_of(configuration: Any) -> str:
    """Return the handler of a function or of a version, as config.yaml names it.

    Arguments:
        configuration: as Lambda returns it.
    """
    found = str(configuration.get("Handler", ""))
    if not found.startswith("_awsprov"):
        return found
    handler = configuration.get("Environment", {}).get("Variables", {}).get(_HANDLER, "")
    return str(handler) if found == _LOADER else f"{handler} (with an older loader)"


def uses_start_pack(variables: Mapping[str, str]) -> bool:
    """Return whether a function's loader unpacks a start pack into /tmp, given its variables."""
    return variables.get(_START_PACK) == "on"
