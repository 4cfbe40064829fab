"""local secret: a secret in the local cloud, which needs no other client of AWS."""

import sys

import click

from awsprov.cli.help_format import Command
from awsprov.cli.options import common, pass_settings
from awsprov.cli.output import can_ask, print_result
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import prompt_secret
from awsprov.errors import UsageError

_MAX_SIZE = 64 * 1024  # characters; Secrets Manager stores as many (its quotas)


@click.command(cls=Command)
@click.argument("reference", metavar="REFERENCE")
@common()
@pass_settings
def secret(settings: Settings, reference: str) -> int:
    """Store a secret in the local cloud, which is started if it is not running. Nothing on AWS is changed.

    REFERENCE is that of `secrets` in config.yaml, such as ssm:/prices/db-password. The value is asked for, or read from
    stdin. A secret that exists gets the new value.

    \b
    Examples:
      awsprov local secret ssm:/prices/db-password
      awsprov local secret secretsmanager:prices/token < token.txt
    """
    from awsprov import local as cloud  # noqa: PLC0415 - the one entry to the local cloud
    from awsprov.project.stages import load_stage  # noqa: PLC0415 - for this command only

    config = load_stage(settings, files=False, region=settings.region)
    known = sorted({each for function in config.functions.values() for each in function.secrets.values()})
    if reference not in known:
        raise UsageError(
            f"No function in {settings.config.name} has the secret {reference}.",
            why=f"They have {', '.join(known)}." if known else "No function has secrets.",
        )
    value = prompt_secret(f"Value of {reference}") if can_ask() else sys.stdin.read(_MAX_SIZE).rstrip("\r\n")
    if not value:
        raise UsageError("The value is empty; nothing was stored.")
    running = cloud.find(settings.local_directory) or cloud.start(settings.local_directory)
    running.store_secret(config.region, reference, value)
    print_result(settings, "secret", f"Stored {reference} in the local cloud.", reference=reference)
    return 0
