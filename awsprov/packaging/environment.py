"""An environment: locked libraries for one version of Python. It is published on EFS."""

import hashlib
from dataclasses import dataclass

from awsprov.packaging.lockfile import Lock
from awsprov.remote_code.builder.receive import FILES

LAYOUT = "3"  # version of the directory layout
MOUNT = "/mnt/efs"  # where functions mount the file system; Lambda allows only paths under /mnt
ENVIRONMENTS = f"{MOUNT}/envs"  # the directory of all environments in a function


def variables_of(libraries: str, files: str) -> dict[str, str]:
    """Return the environment variables through which a function finds its environments, published or not.

    Arguments:
        libraries: the name of the environment of libraries; empty if it is not known.
        files: the name of the environment of files; empty for none.
    """
    found = {"PYTHONPATH": f"{ENVIRONMENTS}/{libraries}" if libraries else ""}
    return {**found, "AWSPROV_FILES": f"{ENVIRONMENTS}/{files}/{FILES}"} if files else found


def environment_in(path: str) -> str:
    """Return the name of the environment that a path in a function is in; empty if it is in none."""
    return path.removeprefix(f"{ENVIRONMENTS}/").partition("/")[0] if path.startswith(f"{ENVIRONMENTS}/") else ""


@dataclass(frozen=True)
class Environment:
    """The contents of an environment. The same contents have the same name.

    Arguments:
        lock: the lock file of the libraries.
        architecture: `x86_64` or `arm64`.
        system_packages: packages of Amazon Linux whose shared libraries are added where Lambda lacks them.
        unknown: why the contents are not known before `up`; empty if they are.
    """

    lock: Lock
    architecture: str
    system_packages: tuple[str, ...] = ()
    unknown: str = ""

    @property
    def name(self) -> str:
        """The hash of the contents; empty if there is no valid lock file, or if they are not known."""
        if self.unknown or not self.lock.text or self.lock.problem:
            return ""
        pins = [each.pin for each in self.lock.packages]
        contents = [LAYOUT, self.lock.target.python, self.architecture, *pins, *self.system_packages]
        return hashlib.sha256("\n".join(contents).encode()).hexdigest()[:16]
