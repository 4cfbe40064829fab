"""Builds of packages that are directories of this machine, by uv. What is built is kept in the user's cache.

A build runs code of the package and of its build backend. It runs in a process of its own, in a copy of the files that
the hash is of, with an environment without credentials and another home directory.
"""

import shutil
import sys
from pathlib import Path
from typing import Literal

from awsprov.errors import AwsprovError
from awsprov.files import write_atomically
from awsprov.packaging import uv_process
from awsprov.packaging.index_access import variables_in
from awsprov.packaging.local_package import LocalPackage
from awsprov.packaging.requirement_lines import is_url
from awsprov.packaging.requirements import Requirements
from awsprov.paths import cache_directory

BuildKind = Literal["wheel", "sdist"]

_PATTERNS: dict[BuildKind, str] = {"wheel": "[!.]*.whl", "sdist": "[!.]*.tar.gz"}
_SHOWN = 20  # lines of a failed build's output
_EPOCH = "315532800"  # the first time that a zip can have: the same source gives the same wheel


def kept_file(package: LocalPackage, kind: BuildKind) -> Path | None:
    """Return what was built before from the same files; None if it was not."""
    return next(iter(sorted(_cache(package).glob(_PATTERNS[kind]))), None)


def built_file(package: LocalPackage, wanted: Requirements, kind: BuildKind) -> Path:
    """Return the wheel or the source distribution of a package, from the cache if it was built before.

    Arguments:
        package: the package.
        wanted: the requirements, whose indexes have its build backend.
        kind: `wheel` or `sdist`.

    Raises:
        AwsprovError: the build failed.
    """
    if found := kept_file(package, kind):
        return found
    with uv_process.scratch_directory() as scratch:
        built = _build(package, wanted, scratch, kind)
        path = _cache(package) / built.name
        write_atomically(path, built.read_bytes())
    return path


def _cache(package: LocalPackage) -> Path:
    return cache_directory() / "wheels" / package.digest


def _build(package: LocalPackage, wanted: Requirements, scratch: Path, kind: BuildKind) -> Path:
    source, home = scratch / package.directory.name, scratch / ".home"
    for name in package.files():
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(package.read(name))
        shutil.copymode(package.directory / name, target)
    home.mkdir()
    arguments = ["build", f"--{kind}", "--no-sources", "--color=never", f"--out-dir={scratch / 'out'}", str(source)]
    own = {"HOME": str(home), "UV_CACHE_DIR": str(uv_process.cache()), "SOURCE_DATE_EPOCH": _EPOCH}
    settings = {"XDG_CONFIG_HOME": str(uv_process.settings_directory())}
    ran = uv_process.run(scratch, [*arguments, f"--python={sys.executable}", *_indexes(wanted)], {**own, **settings})
    built = list((scratch / "out").glob(_PATTERNS[kind]))
    if ran.returncode or len(built) != 1:
        raise AwsprovError(
            f"The package {package.directory} could not be built. Nothing was changed.",
            why="\n".join(f"{ran.stdout}\n{ran.stderr}".strip().splitlines()[-_SHOWN:]),
            remedy="Correct its pyproject.toml or setup.py; `pip wheel` builds it in the same way. If it needs a "
            "compiler, name it in `libraries.build` and the compiler in `builder.packages`: then it is compiled there.",
        )
    return built[0]


def _indexes(wanted: Requirements) -> list[str]:
    """Return the options for the indexes that have the build backend: those without credentials."""
    links = [f"--find-links={link}" for link in wanted.find_links if not variables_in(link)]
    index = wanted.index_url if is_url(wanted.index_url) and not variables_in(wanted.index_url) else ""
    return [*links, *(["--no-index"] if wanted.no_index else []), *([f"--default-index={index}"] if index else [])]
