"""Names for a shell to complete with. A completer yields nothing when its names cannot be known at once."""

from collections.abc import Iterator
from typing import Any

from awsprov.cli.settings import Settings
from awsprov.engine.state_file import recorded


def stages(settings: Settings) -> Iterator[str]:
    """The stages of config.yaml."""
    yield from _values(settings).get("stages", {})


def functions(settings: Settings) -> Iterator[str]:
    """The functions of config.yaml."""
    yield from _values(settings).get("functions", {})


def resources(settings: Settings) -> Iterator[str]:
    """The resources in the state file."""
    if document := recorded(settings.state_file(_values(settings)["name"])):
        yield from document.resources


def versions(settings: Settings) -> Iterator[str]:
    """The published versions, newest first, as AWS lists them. The local cloud is not started for this."""
    from awsprov import local  # only for `--local`
    from awsprov.cli.project import open_project  # boto3, only where versions are completed
    from awsprov.operations.release_history import releases
    from awsprov.resources.function.alias import Alias

    if settings.local and local.find(settings.local_directory) is None:
        return
    project = open_project(settings)
    for alias in project.stack.of(Alias):
        project.engine().restore(alias)
        project.engine().restore(alias.function)
        yield from (str(release.version) for release in releases(project.aws, alias))


def topics(_: Settings) -> Iterator[str]:
    """The topics of `awsprov help`, and the commands."""
    from awsprov.cli.help import TOPICS
    from awsprov.cli.registry import COMMANDS

    yield from (*TOPICS, *COMMANDS)


def _values(settings: Settings) -> dict[str, Any]:
    from awsprov.config.yaml_document import read  # yaml, only where names are completed

    return dict(read(settings.config).value)
