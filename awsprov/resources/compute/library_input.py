"""What the builder gets for an installation with pip, and what to do if pip fails."""

import json
import re
from collections.abc import Callable, Collection

from awsprov.packaging.index_access import IndexAccess
from awsprov.packaging.installation import installation_of
from awsprov.packaging.lockfile import Lock
from awsprov.ssh.client import Shell

_CHANGED = re.compile(r"(?i)do not match the hashes|\b404\b")
_REJECTED = re.compile(r"(?i)\b40[13]\b|credentials")
_NETWORK = re.compile(r"(?i)connection|timed? ?out|resolve|unreachable|proxy|certificate")


def send_requirements(
    shell: Shell, lock: Lock, directory: str, access: IndexAccess, on_wait: Callable[[str], None]
) -> list[str]:
    """Send what pip installs: URLs and hashes, wheels of this machine, and variables, which the installation deletes.

    Arguments:
        shell: a session on the builder.
        lock: the lock file.
        directory: the directory to write to, relative to the home directory.
        access: what may be sent to package indexes.
        on_wait: is called with what is being sent.

    Returns:
        The options for the program that installs.

    Raises:
        RefusedError: a variable is not allowed.
    """
    for package in lock.packages:
        if package.is_local and package not in lock.sources:
            on_wait(f"building {package.name} on this machine")
    installation = installation_of(lock, f"{directory}/wheels", access)
    shell.put(installation.requirements.encode(), f"{directory}/requirements.txt")
    if installation.wheels:
        shell.run(f"mkdir -p {directory}/wheels")
    for name, path in installation.wheels.items():
        on_wait(f"sending {name}")
        with path.open("rb") as file:
            shell.send(file, f"{directory}/wheels/{name}")
    options = [f"--requirements={directory}/requirements.txt", f"--index={lock.index}"]
    if installation.sources:
        shell.run(f"mkdir -p {directory}/sources")
        for path in installation.sources:
            on_wait(f"sending {path.name}")
            with path.open("rb") as file:
                shell.send(file, f"{directory}/sources/{path.name}")
        options += ["--sources", *(f"{directory}/sources/{path.name}" for path in installation.sources)]
    if installation.variables:
        shell.put(json.dumps(installation.variables).encode(), f"{directory}/variables.json")
        options.append(f"--variables={directory}/variables.json")
    return options


def pip_remedy(output: Collection[str], requirements: str) -> str:
    """Return what to do after pip has failed.

    Arguments:
        output: the last lines of its output.
        requirements: the name of the requirements file.
    """

    def has(pattern: re.Pattern[str]) -> bool:
        return any(pattern.search(line) for line in output)

    if has(_CHANGED):
        return "The package index has changed since the lock file was written: run `awsprov lock --upgrade`."
    if has(_REJECTED):
        return (
            "Check the credentials of the package index: `awsprov help indexes` shows how to allow them for its host."
        )
    if has(_NETWORK):
        return "Check that the builder can reach the package index, then run the same command again."
    return f"Correct {requirements}, then run the same command again."
