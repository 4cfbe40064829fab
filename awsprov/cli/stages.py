"""stages: which stages of the stack exist."""

from datetime import UTC, datetime
from typing import Any

import click

from awsprov.cli.help_format import Command
from awsprov.cli.options import common, pass_settings
from awsprov.cli.output import note, print_result
from awsprov.cli.project import open_project
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import width
from awsprov.config.models import Config
from awsprov.operations.stages import TaggedStack, tagged_stacks
from awsprov.ui.layout import TableRow, table

_DAYS_FROM = 48  # hours from which an age is in days


@click.command(cls=Command)
@common()
@pass_settings
def stages(settings: Settings) -> int:
    """List the stages that exist in the region, with their age.

    They are found by the tags of security groups and file systems. Beside the stages of config.yaml these are the ones
    that were created with --like, which the list names.

    \b
    Examples:
      awsprov stages
      awsprov stages --region eu-west-1 --json
    """
    project = open_project(settings)
    stacks = tagged_stacks(project.aws)
    found = [(stage, each) for each in stacks if (stage := _stage(each, project.config)) is not None]
    text = (
        "\n".join(table([_row(stage, each) for stage, each in found], width(), drop=(1,)))
        or f"No stage of {project.config.name} exists in {project.where}."
    )
    print_result(settings, "stages", text, stages=[_document(stage, each) for stage, each in found])
    if others := _unknown(stacks, project.config):
        note(settings, f"Note: {others}")
    return 0


def _stage(found: TaggedStack, config: Config) -> str | None:
    """Return the stage of a stack, empty for none; None if it is not one of this configuration.

    Another project's name may begin with this one's and a hyphen.
    """
    if found.name == config.name:
        return ""
    stage = found.name.removeprefix(f"{config.name}-")
    known = found.like in config.stages if found.like else stage in config.stages
    return stage if stage != found.name and known else None


def _unknown(stacks: list[TaggedStack], config: Config) -> str:
    """Return a sentence about the stacks that may be of stages which config.yaml no longer has; empty if none may."""
    others = [each for each in stacks if each.name.startswith(f"{config.name}-") and _stage(each, config) is None]
    if not others:
        return ""
    names = ", ".join(f"{each.name} (like {each.like})" if each.like else each.name for each in others)
    missing = others[0].like or others[0].name.removeprefix(f"{config.name}-")
    return (
        f"Stacks of other projects, or of stages that were renamed or removed in `stages`: {names}. To select one of "
        f"the latter, add its stage again, as in `{missing}: {{}}`."
    )


def _row(stage: str, found: TaggedStack) -> TableRow:
    return stage or "(no stage)", f"like {found.like}" if found.like else "", _age(found)


def _age(found: TaggedStack) -> str:
    if found.created is None:
        return "no file system"
    hours = (datetime.now(UTC) - found.created).total_seconds() / 3600
    return f"{hours / 24:.0f} d old" if hours >= _DAYS_FROM else f"{hours:.0f} h old"


def _document(stage: str, found: TaggedStack) -> dict[str, Any]:
    created = found.created.isoformat() if found.created else None
    return {"stage": stage, "stack": found.name, "like": found.like, "created": created}
