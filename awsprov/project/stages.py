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
    like = _recorded(location, look_up)
    if location.like and like not in ("", location.like):
        raise UsageError(
            f"Stage {location.stage} was created like {like}, not like {location.like}.",
            remedy=f"Leave out --like. To create it again like {location.like}: `awsprov down` first.",
        )
    wanted = location.like or like
    return load(location.config, location.stage, location.home, wanted, files=files, region=region)


def _recorded(location: StackLocation, look_up: LookUp) -> str:
    if not location.stage:
        return ""
    values = yaml_document.read(location.config).value
    if not isinstance(values, dict) or location.stage in (values.get("stages") or ()):
        return ""
    name = str(values.get("name"))
    if like := recorded_like(location.state_file(name)):
        return like
    return look_up(f"{name}-{location.stage}", {**user_defaults(), **values})


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
