"""status: what there is. Without a way to AWS, what was written down of it; that imports nothing heavy."""

import json
import os
import socket
import time
from typing import Any
from urllib.parse import urlsplit

import click

from awsprov.cli.help_format import Command
from awsprov.cli.options import Settings, common, pass_settings
from awsprov.config import yaml_document
from awsprov.ui.json_output import print_json

_WITHIN = 2.0  # seconds for a way to AWS to show
_WAYS = ("AWS_ENDPOINT_URL", "HTTPS_PROXY", "https_proxy")  # what leads to AWS, where it is not the internet itself
_UNREACHABLE = 1  # the exit code


@click.command(cls=Command)
@common()
@pass_settings
def status(settings: Settings) -> int:
    """Show what there is, how it is, and where it answers.

    Without a way to AWS it shows what was written down, says so, and exits with 1.

    \b
    Examples:
      awsprov status
      awsprov status --local --json
    """
    if not settings.local:
        values = yaml_document.read(settings.config).value
        written = _written(settings, values) if isinstance(values, dict) else None
        if written and not _reachable(settings.region or str(values.get("region", ""))):
            return _tell(settings, written)
    from awsprov.cli.status_view import show  # noqa: PLC0415 - botocore and the whole stack, once there is somebody to ask

    return show(settings)


def _written(settings: Settings, values: dict[str, Any]) -> dict[str, Any] | None:
    """The state's document; None when there is none, or none that reads."""
    try:
        return dict(json.loads(settings.state_file(values["name"]).read_bytes()))
    except (OSError, ValueError, KeyError):
        return None


def _reachable(region: str) -> bool:
    """Whether somebody answers where AWS, or what stands before it, should be."""
    ways = [os.environ[name] for name in _WAYS if os.environ.get(name)]
    where = urlsplit(
        ways[0] if ways else f"https://sts.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"
    )
    port = where.port or (443 if where.scheme == "https" else 80)
    try:
        socket.create_connection((where.hostname or "", port), _WITHIN).close()
    except (OSError, UnicodeError):
        return False
    return True


def _tell(settings: Settings, written: dict[str, Any]) -> int:
    records = {name: record for name, record in written["resources"].items() if record["id"]}
    age = time.time() - max((record["at"] for record in records.values()), default=time.time())
    told = f"AWS cannot be reached: this is what was written down, last {age / 3600:.1f} h ago."
    if settings.json:
        resources = [{"name": name, "type": record["type"], "id": record["id"]} for name, record in records.items()]
        about = {"stack": written["stack"], "region": written["region"], "reached": False}
        print_json("status", **about, resources=resources)
        return _UNREACHABLE
    click.echo(f"Stack {written['stack']} in {written['region']}: {len(records)} resources")
    click.echo("\n".join(f"  {name:<24} {record['id']}" for name, record in records.items()))
    if not settings.quiet:
        click.echo(click.style(told, fg="yellow"), err=True)
    return _UNREACHABLE
