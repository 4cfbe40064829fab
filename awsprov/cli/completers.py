"""Names for a shell to complete with: those that the project has. What cannot be known at once completes nothing."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from awsprov.cli.options import Settings

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def completing(names: "Callable[[Settings], Iterator[str]]") -> Complete:
    """A function for click that completes with these names."""

    def complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
        with suppress(Exception):  # whatever is wrong is told when the command is run
            return [CompletionItem(name) for name in names(ctx.find_root().obj) if name.startswith(incomplete)]
        return []

    return complete


def stages(settings: "Settings") -> Iterator[str]:
    """The stages of config.yaml."""
    yield from _values(settings).get("stages", {})


def functions(settings: "Settings") -> Iterator[str]:
    """The functions of config.yaml."""
    yield from _values(settings).get("functions", {})


def resources(settings: "Settings") -> Iterator[str]:
    """The resources that were written down."""
    yield from json.loads(settings.state_file(_values(settings)["name"]).read_bytes())["resources"]


def versions(settings: "Settings") -> Iterator[str]:
    """The published versions, newest first, as AWS lists them; the local cloud is not started for that."""
    from awsprov import local  # noqa: PLC0415 - only for `--local`
    from awsprov.cli.session import open_session  # noqa: PLC0415 - botocore, where versions are asked for
    from awsprov.operations.release_history import releases  # noqa: PLC0415
    from awsprov.resources.function.versions import Alias  # noqa: PLC0415

    if settings.local and local.find(settings.home / "local") is None:
        return
    session = open_session(settings)
    for alias in session.stack.of(Alias):
        session.engine().restore(alias)
        session.engine().restore(alias.function)
        yield from (str(release.version) for release in releases(session.aws, alias))


def topics(_: "Settings") -> Iterator[str]:
    """The topics of `awsprov help`, and the commands."""
    from awsprov.cli import COMMANDS  # noqa: PLC0415 - which loads this module
    from awsprov.cli.help import TOPICS  # noqa: PLC0415

    yield from (*TOPICS, *COMMANDS)


def _values(settings: "Settings") -> dict[str, Any]:
    from awsprov.config.yaml_document import read  # noqa: PLC0415 - yaml, where names are asked for

    return dict(read(settings.config).value)
