"""The last lines of a command: what the stack costs, and what one may want to do next."""

from collections.abc import Mapping

from awsprov.cli.session import Session
from awsprov.pricing.estimate import cost_summary


def costs(session: Session, states: Mapping[str, str] | None = None) -> str:
    """One sentence: what the stack costs a day.

    Arguments:
        states: what its builders are doing, by name, where that is known.
    """
    on_aws = "On AWS: " if session.aws.endpoint else ""
    return on_aws + cost_summary(session.stack.living, session.config.region, session.config.state_dir, states)


def hints(steps: list[tuple[str, str]]) -> str:
    """Commands to go on with, each with what it does."""
    width = max(len(command) for command, _ in steps)
    return "\n".join(["Next:", *(f"  {command:<{width}}  {why}" for command, why in steps)])
