"""Runs uv in a directory of its own, with an environment that is built from nothing."""

import os
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from awsprov.packaging.index_access import with_credentials

# The only variables of this machine that uv gets: where it and its cache are, the user's own settings, the locale, and
# how to reach a server. Only a proxy's password is a secret, and only the proxy gets it.
_PASSED = {
    "PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "UV_CACHE_DIR", "SSL_CERT_FILE",
    "SSL_CERT_DIR", "SSL_CLIENT_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "UV_HTTP_TIMEOUT",
    "UV_HTTP_RETRIES",
}  # fmt: skip
_PROXIES = {"http_proxy", "https_proxy", "all_proxy"}
_LOOPBACK = ("127.0.0.1", "localhost", "::1")  # a proxy does not reach an index on this machine
TIMEOUT = 600.0  # seconds
_PYPI = "https://pypi.org/simple"


@contextmanager
def scratch_directory() -> Iterator[Path]:
    """Create a directory that no project's settings of uv reach, only for this user; it is deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="awsprov-lock-") as directory:
        yield Path(directory)


def environment(scratch: Path, variables: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of uv: credentials that it would look for by itself are out of its reach.

    Arguments:
        scratch: the directory that it runs in.
        variables: those of this process.
    """
    passed = {name: value for name, value in variables.items() if name in _PASSED or name.lower() in _PROXIES}
    exceptions = variables.get("no_proxy") or variables.get("NO_PROXY") or ""
    direct = exceptions if exceptions == "*" else ",".join(filter(None, (exceptions, *_LOOPBACK)))
    passed |= dict.fromkeys(("NO_PROXY", "no_proxy"), direct)
    own = {"NETRC": os.devnull, "UV_KEYRING_PROVIDER": "disabled", "UV_CREDENTIALS_DIR": str(scratch / "none")}
    return {**passed, **own, "UV_PYTHON_DOWNLOADS": "never"}


def run(scratch: Path, arguments: list[str], variables: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run a command of uv.

    Arguments:
        scratch: the directory to run it in.
        arguments: on its command line, which other users of the machine can read.
        variables: further environment variables, such as credentials.
    """
    from uv import find_uv_bin  # only to resolve

    return subprocess.run(
        [find_uv_bin(), *arguments],
        cwd=scratch,
        env={**environment(scratch), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=TIMEOUT,
    )


def settings_directory() -> Path:
    """Return the directory with the directories of programs' settings of this user."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser()


def cache() -> Path:
    """Return uv's cache, wherever its home directory is."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return Path(os.environ.get("UV_CACHE_DIR") or home / "uv")


def default_index() -> str:
    """Return the URL of the default index: the one of the user's own uv.toml, or PyPI's; without credentials."""
    try:
        settings = tomllib.loads((settings_directory() / "uv" / "uv.toml").read_text(encoding="utf-8"))
        indexes = [index["url"] for index in settings.get("index", []) if index.get("default")]
        return with_credentials(str([*indexes, settings.get("index-url", _PYPI)][0]), "")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return _PYPI
