"""From the options to a Project; with `--local`, on the cloud on this machine."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from awsprov.aws.local_endpoint import LocalEndpoint
from awsprov.cli.output import note
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import style
from awsprov.config.function import DEFAULT_PYTHON
from awsprov.config.models import Config
from awsprov.config.user_config import user_allowances
from awsprov.project.project import Project
from awsprov.project.stages import LookUp, load_stage, look_up_on


def open_project(
    settings: Settings,
    allow: Collection[str] | None = None,
    *,
    files: bool = False,
    function: str | None = None,
    choose: Callable[[Config, str | None], object] = Config.function_names,
) -> Project:
    """Read the configuration, and start the local cloud with `--local`.

    Arguments:
        allow: the variables that may be sent to package indexes, beside those of the user's own configuration; None for
            a command that sends none.
        files: whether the command uses the files that config.yaml names, such as the code: they must be valid then. For
            all other commands, which are about what already exists, an unknown key is only a warning.
        function: the name of a function that the user gave.
        choose: checks that name; `Config.function_name` for a command about one function.

    Raises:
        UsageError: the configuration is wrong, or it is not clear which function is meant. Nothing was started, and no
            call was made to AWS.
    """
    config = load_stage(settings, _look_up(settings), files=files, region=settings.region)
    choose(config, function)
    for warning in config.warnings:
        note(settings, style(f"Warning: {warning}", fg="yellow"))
    local = _local_cloud(settings, config.libraries.python) if settings.local else None
    allowed = () if allow is None else (*user_allowances(), *allow)
    return Project.from_config(config, settings, local, profile=settings.profile, region=settings.region, allow=allowed)


def absent_stack(settings: Settings) -> str:
    """Return the name of a stack that cannot exist: with `--local`, on a cloud that was never started; empty otherwise.

    The cloud is not started for it.
    """
    from awsprov import local  # only for `--local`

    if not settings.local or local.was_started(settings.local_directory):
        return ""
    return load_stage(settings, files=False, region=settings.region).stack


def _look_up(settings: Settings) -> LookUp:
    """Return the look-up of a stage by its tags; the local cloud is not started for it."""

    def look_up(stack: str, values: Mapping[str, Any]) -> str:
        from awsprov import local as cloud  # only for `--local`

        if settings.local and cloud.find(settings.local_directory) is None:
            return ""
        local = _local_cloud(settings, DEFAULT_PYTHON) if settings.local else None
        return look_up_on(local, settings.profile, settings.region)(stack, values)

    return look_up


def _local_cloud(settings: Settings, python: str) -> LocalEndpoint:
    """Return the local cloud, which is started unless it runs."""
    from awsprov import local  # only for `--local`

    found = local.find(settings.local_directory)
    if found is None:
        note(settings, "Starting the local cloud …")
    running = found or local.start(settings.local_directory)
    played = running.resolve_python(python)
    for notice in running.stand_ins(python) if found else running.notices:
        note(settings, f"  {notice}")
    return LocalEndpoint(running.endpoint, running.key.access_key, running.key.secret_key, played)


def note_holder(settings: Settings, project: Project) -> None:
    """Say who is changing the stack just now: what is shown may be out of date in a moment."""
    if by := project.holder:
        since = datetime.fromtimestamp(by.since).astimezone()
        where = "" if by.on_this_host else f" on {by.host}"
        note(settings, f"`{by.command}` is running{where} (process {by.pid} since {since:%H:%M:%S}).")


def holder_document(project: Project) -> dict[str, object] | None:
    """Return the same for `--json`."""
    by = project.holder  # read once: the other process may end at any time
    return asdict(by) if by else None
