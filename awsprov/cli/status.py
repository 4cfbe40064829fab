"""status: the stack as AWS reports it; without a network, as the state file records it, with few imports."""

import os
import re
import socket
import time
from urllib.parse import urlsplit

import click

from awsprov.aws.url_suffixes import url_suffix
from awsprov.cli.help_format import Command
from awsprov.cli.options import common, pass_settings
from awsprov.cli.output import note, print_result
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import style, width
from awsprov.config import yaml_document
from awsprov.engine.state_file import StateDocument, recorded
from awsprov.ui.layout import table

_TIMEOUT = 2.0  # seconds for a connection to AWS
_PROXIES = ("AWS_ENDPOINT_URL", "HTTPS_PROXY", "https_proxy")  # variables with the host to connect to instead of AWS
_UNREACHABLE = 1  # the exit code


@click.command(cls=Command)
@common()
@pass_settings
def status(settings: Settings) -> int:
    """Show the stack's resources, health and URLs.

    When AWS cannot be reached, it shows what the state file records, and exits with 1.

    \b
    Examples:
      awsprov status
      awsprov status --local --json
    """
    if not settings.local:
        values = yaml_document.read(settings.config).value
        document = recorded(settings.state_file(str(values.get("name")))) if isinstance(values, dict) else None
        if document and not _reachable(settings.region or str(values.get("region", ""))):
            return _print(settings, document)
    from awsprov.cli.status_view import show  # boto3 and the resources, once AWS can be reached

    return show(settings)


def _reachable(region: str) -> bool:
    """Return whether a connection to AWS, to the endpoint or to the proxy can be opened.

    A region that is no part of a host name is not tried: it would be the name of another host.
    """
    if not re.fullmatch(r"[a-z0-9-]+", region):
        return True
    urls = [os.environ[name] for name in _PROXIES if os.environ.get(name)]
    where = urlsplit(urls[0] if urls else f"https://sts.{region}.{url_suffix(region)}")
    port = where.port or (443 if where.scheme == "https" else 80)
    try:
        socket.create_connection((where.hostname or "", port), _TIMEOUT).close()
    except (OSError, UnicodeError):
        return False
    return True


def _print(settings: Settings, document: StateDocument) -> int:
    records = {name: record for name, record in document.resources.items() if record.id}
    lines = [f"Stack {document.stack} in {document.region}: {len(records)} resources"]
    lines += table([(name, record.id) for name, record in records.items()], width(), indent="  ")
    resources = [{"name": name, "type": record.type, "id": record.id} for name, record in records.items()]
    about = {"stack": document.stack, "region": document.region, "reached": False}
    print_result(settings, "status", "\n".join(lines), **about, resources=resources)
    age = time.time() - max((record.at for record in records.values()), default=time.time())
    warning = f"AWS cannot be reached. This is the recorded state; its last change was {age / 3600:.1f} h ago."
    note(settings, style(warning, fg="yellow"))
    return _UNREACHABLE
