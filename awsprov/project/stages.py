"""Stages that config.yaml does not have, as for a pull request: each is like one that it has.

`--like` says which one when the stage is created. State and tags record it for all later commands.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from awsprov.aws.client import Aws
from awsprov.aws.local_endpoint import LocalEndpoint
from awsprov.config import yaml_document
from awsprov.config.loader import load
from awsprov.config.models import Config
from awsprov.config.user_config import user_defaults
from awsprov.engine.state_file import recorded_like
from awsprov.errors import UsageError
from awsprov.operations.stages import tagged_like
from awsprov.paths import StackLocation

LookUp = Callable[[str, Mapping[str, Any]], str]


def load_stage(
    location: StackLocation, look_up: LookUp = lambda *_: "", *, files: bool = True, region: str | None = None
) -> Config:
    """Load the configuration of a stage.

    Arguments:
        location: the file, the stage, and with `like` the stage that a new one is like.
        look_up: called for a stage that neither config.yaml nor a state file has, with the stack's name and the values
            at the top of config.yaml; returns the stage that it is like, or nothing.
        files, region: as for `load`.

    Raises:
        UsageError: the configuration is not valid, or the stage was created like another one.
    """
    wanted = _like(location, look_up) if location.stage else location.like
    return load(location.config, location.stage, location.home, wanted, files=files, region=region)


def _like(location: StackLocation, look_up: LookUp) -> str:
    """Return the stage whose values a stage takes; empty for one that config.yaml has, or that nothing records.

    Raises:
        UsageError: it was created like another stage than `location.like`, or like one that config.yaml no longer has.
    """
    values = yaml_document.read(location.config).value
    stages = values.get("stages") if isinstance(values, dict) else None
    known = list(stages) if isinstance(stages, dict) else []
    if not isinstance(values, dict) or location.stage in known:
        return location.like
    recorded = _recorded(location, values, look_up)
    if recorded and recorded not in known and not location.like:
        raise _renamed(location, recorded, known)
    if recorded in known and location.like not in ("", recorded):
        raise UsageError(
            f"Stage {location.stage} was created like {recorded}, not like {location.like}.",
            remedy=f"Leave out --like. To create it again like {location.like}: `awsprov down` first.",
        )
    return location.like or recorded


def _recorded(location: StackLocation, values: Mapping[str, Any], look_up: LookUp) -> str:
    """Return the stage that a stage was created like, by its state or its tags; empty if neither says so."""
    name = str(values.get("name"))
    if like := recorded_like(location.state_file(name)):
        return like
    return look_up(f"{name}-{location.stage}", {**user_defaults(), **values})


def _renamed(location: StackLocation, like: str, known: list[str]) -> UsageError:
    """Return the error for a stage that is like one that config.yaml no longer has."""
    if known:
        other = f"as in `awsprov up --stage {location.stage} --like {known[0]}`"
        remedy = f"If it was renamed, give its new name with --like, {other}. Otherwise add `{like}: {{}}` to `stages`."
    else:
        remedy = f"Add it again, as in `stages: {{{like}: {{}}}}`."
    return UsageError(
        f"Stage {location.stage} was created like {like}, which {location.config.name} no longer has.",
        why=f"Its stages: {', '.join(known) or 'none'}.",
        remedy=remedy,
    )


def look_up_on(local: LocalEndpoint | None, profile: str | None, region: str | None) -> LookUp:
    """Return a function that reads the tags of a stack.

    Arguments:
        local: the local cloud; None for AWS.
        profile, region: in place of the configuration's.
    """

    def look_up(stack: str, values: Mapping[str, Any]) -> str:
        where = region or str(values.get("region")), None if local else profile or values.get("profile")
        with suppress(Exception):  # the stage is unknown then, which is the error to report
            return tagged_like(Aws(stack, *where, local))
        return ""

    return look_up
