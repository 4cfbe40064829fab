"""The login on an instance: environment variables, and the profile of its shell."""

import os
import shutil
from pathlib import Path

from awsprov.local.ec2.sshd import USER
from awsprov.local.inherited import proxies

_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
# The only variables of this machine that an instance gets: locale, and how to reach a package index.
_INHERITED = ("LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
_INHERITED_PREFIXES = ("PIP_", "UV_INDEX", "UV_DEFAULT_INDEX")
# An AWS client on an instance finds no credentials: this machine may be an EC2 instance with a role of its own.
_CLOSED = {"AWS_EC2_METADATA_DISABLED": "true"}
_PIP_FILES = (".config/pip/pip.conf", ".pip/pip.conf", "Library/Application Support/pip/pip.conf")


def environment(home: Path, commands: Path) -> dict[str, str]:
    """Return the variables of a login. Of this machine's variables it has only `_INHERITED`: no secrets.

    Arguments:
        home: the home directory.
        commands: the directory of the instance's own commands, first on the PATH.
    """
    account = {"HOME": str(home), "USER": USER, "LOGNAME": USER, "SHELL": shutil.which("bash") or "/bin/sh"}
    return {**_inherited(), **account, **_CLOSED, "PATH": f"{commands}:{_SYSTEM_PATH}"}


def write_profile(home: Path, commands: Path) -> None:
    """Put the instance's commands first on the PATH of login shells: /etc/profile may set another one."""
    profile = home / ".bash_profile"
    if not profile.exists():
        profile.write_text(f'export PATH="{commands}:$PATH"\n[ -f ~/.bashrc ] && . ~/.bashrc\n')
    rc = home / ".bashrc"
    if not rc.exists():
        rc.write_text("PS1='[ec2-user@local \\W]$ '\n")


def _inherited() -> dict[str, str]:
    inherited = {
        name: value for name, value in os.environ.items() if name in _INHERITED or name.startswith(_INHERITED_PREFIXES)
    }
    inherited |= proxies(os.environ)
    for file in _PIP_FILES:  # pip would search for it in the instance's home directory
        if "PIP_CONFIG_FILE" not in inherited and (Path.home() / file).exists():
            inherited["PIP_CONFIG_FILE"] = str(Path.home() / file)
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "pip"
    return {"PIP_CACHE_DIR": str(cache), "PIP_DISABLE_PIP_VERSION_CHECK": "1", **inherited}
