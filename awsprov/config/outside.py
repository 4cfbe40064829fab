"""Paths of a configuration that lead out of its directory: to files that are not the project's."""

from collections.abc import Iterator
from pathlib import Path

from awsprov.config.models import Config
from awsprov.files import is_inside
from awsprov.packaging.requirement_lines import is_url


def paths_outside(config: Config, directory: Path) -> list[str]:
    """Return the keys and paths of a configuration that lead out of a directory, as `libraries.files: /home/ana/data`.

    Arguments:
        config: the configuration.
        directory: the directory of its file.
    """
    found = [(key, path) for key, path in _paths(config) if path is not None]
    return [f"{key}: {path}" for key, path in found if not is_inside(path, directory)]


def _paths(config: Config) -> Iterator[tuple[str, Path | None]]:
    libraries = config.libraries
    yield from (("keypair.public_key", config.keypair.public_key), ("keypair.private_key", config.keypair.private_key))
    yield from (("libraries.files", libraries.files), ("libraries.requirements", libraries.requirements))
    lock = config.environment.lock
    yield from (("an included file", path) for path in lock.wanted.files[1:])
    yield from (("--find-links", Path(link)) for link in lock.wanted.find_links if not is_url(link))
    yield from (("a package", each.directory) for each in lock.wanted.local)
    base = libraries.requirements.parent
    wheels = (each.file for each in lock.packages if not (is_url(each.file) or each.is_local))
    yield from (("a wheel in the lock file", base / file) for file in wheels)
    for name, function in config.functions.items():
        section = f"functions.{name}"
        yield from ((f"{section}.source", function.source), (f"{section}.env_file", function.env_file))
        yield from [(f"{section}.smoke.file", function.smoke.file)] if function.smoke else []
