"""The last lines of a command: what the stack costs, and the likely next commands."""

from collections.abc import Mapping

from awsprov.pricing.estimate import cost_summary
from awsprov.project.project import Project


def costs(project: Project, states: Mapping[str, str] | None = None) -> str:
    """Return one sentence on what the stack costs a day.

    Arguments:
        states: the EC2 state of each builder, by name, where it is known.
    """
    on_aws = "On AWS: " if project.aws.endpoint else ""
    return on_aws + cost_summary(project.stack.living, project.config.region, project.config.state_dir, states)


def hints(steps: list[tuple[str, str]]) -> str:
    """Return the next commands, each with what it does."""
    width = max(len(command) for command, _ in steps)
    return "\n".join(["Next:", *(f"  {command:<{width}}  {why}" for command, why in steps)])
