"""local secret: secrets in the local cloud, which need no other client of AWS."""

import sys
from typing import TYPE_CHECKING

import click

from awsprov.cli.help_format import Command
from awsprov.cli.options import common, pass_settings
from awsprov.cli.output import can_ask, print_result
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import prompt_secret
from awsprov.errors import UsageError

if TYPE_CHECKING:
    from awsprov.config.models import Config
    from awsprov.local import RunningCloud

_MAX_SIZE = 64 * 1024  # characters; Secrets Manager stores as many (its quotas)


@click.command(cls=Command)
@click.argument("reference", metavar="REFERENCE", required=False)
@common()
@pass_settings
def secret(settings: Settings, reference: str | None) -> int:
    """Store secrets in the local cloud, which is started if it is not running. Nothing on AWS is changed.

    REFERENCE is that of `secrets` in config.yaml, such as ssm:/prices/db-password. Its value is asked for, or read from
    stdin; a secret that exists gets the new value. Without REFERENCE, the values of all secrets that are missing are
    asked for.

    \b
    Examples:
      awsprov local secret
      awsprov local secret ssm:/prices/db-password
      awsprov local secret secretsmanager:prices/token < token.txt
    """
    from awsprov.project.stages import load_stage  # for this command only

    config = load_stage(settings, files=False, region=settings.region)
    if reference is None:
        return _store_missing(settings, config)
    if reference not in (known := _references(config)):
        raise UsageError(
            f"No function in {settings.config.name} has the secret {reference}.",
            why=f"They have {', '.join(known)}." if known else "No function has secrets.",
            remedy="Add it to `secrets` of a function, or give one that is there.",
        )
    value = prompt_secret(f"Value of {reference}") if can_ask() else sys.stdin.read(_MAX_SIZE).rstrip("\r\n")
    if not value:
        raise UsageError(
            "The value is empty; nothing was stored.", remedy=f"From a file: `awsprov local secret {reference} < FILE`."
        )
    _store(settings, config, reference, value)
    print_result(settings, "secret", f"Stored {reference} in the local cloud.", reference=reference)
    return 0


def ask_missing(settings: Settings, config: "Config") -> tuple[list[str], list[str]]:
    """Ask for the values of the secrets that the local cloud lacks, and store them; an empty value is not stored.

    Returns:
        The references of the secrets that were stored, and of those that are still missing.
    """
    stored, missing = [], _missing_secrets(settings, config)
    for reference in missing:
        if value := prompt_secret(f"Value of {reference} in the local cloud"):
            _store(settings, config, reference, value)
            stored.append(reference)
    return stored, [each for each in missing if each not in stored]


def _missing_secrets(settings: Settings, config: "Config") -> list[str]:
    """Return the references of the secrets that the local cloud lacks."""
    running = _running(settings)
    return [each for each in _references(config) if not running.has_secret(config.region, each)]


def _store_missing(settings: Settings, config: "Config") -> int:
    if not can_ask() and (missing := _missing_secrets(settings, config)):
        raise UsageError(
            "The values of several secrets can be asked for on a terminal only.",
            remedy="Store one at a time:\n" + "\n".join(f"`awsprov local secret {each} < FILE`" for each in missing),
        )
    stored, left = ask_missing(settings, config)
    text = f"Stored {', '.join(stored)} in the local cloud." if stored else "No secret was stored."
    text += f" Missing: {', '.join(left)}." if left else " The local cloud has all secrets of config.yaml."
    print_result(settings, "secret", text, stored=stored, missing=left)
    return 0


def _store(settings: Settings, config: "Config", reference: str, value: str) -> None:
    _running(settings).store_secret(config.region, reference, value)


def _running(settings: Settings) -> "RunningCloud":
    from awsprov import local as cloud  # the one entry to the local cloud

    return cloud.find(settings.local_directory) or cloud.start(settings.local_directory)


def _references(config: "Config") -> list[str]:
    return sorted({each for function in config.functions.values() for each in function.secrets.values()})
