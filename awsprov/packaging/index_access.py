"""Variables and credentials for package indexes: used only for a name and a host that the user has allowed.

A project's files name indexes as `https://${USER}:${TOKEN}@host/simple`, like pip. The author of these files decides
about the host, so what a variable contains is sent there only after the user allowed this variable for this host.
"""

import netrc
import os
import re
import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

from awsprov.errors import RefusedError, UsageError
from awsprov.files import expand_home
from awsprov.packaging import keyring

NETRC = "netrc"  # the name that stands for the host's entry in ~/.netrc
KEYRING = "keyring"  # the name that stands for the host's credentials in the keyring
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_ALLOWED = re.compile(r"(netrc|keyring|[A-Z][A-Z0-9_]*)@([A-Za-z0-9._:\[\]-]+)")
_NEVER = ("AWS_", "AWSPROV_")

Allowance = tuple[str, str]  # a name and a host


def parse_allowance(text: str) -> Allowance:
    """Return the name and the host of `NAME@HOST`.

    Raises:
        UsageError: it is not that, or the name is one of AWS's.
    """
    found = _ALLOWED.fullmatch(text)
    if not found:
        raise UsageError(f"{text!r} is not NAME@HOST.", remedy="Write it as in --allow INDEX_TOKEN@pypi.example.com.")
    if found[1].startswith(_NEVER):
        raise UsageError(f"{found[1]} is never sent to a package index.", remedy="Use a variable of another name.")
    return found[1], found[2].lower()


@dataclass
class IndexAccess:
    """What may be sent to which package index.

    Arguments:
        allowed: the names and hosts that the user allowed.
        variables: the environment variables.
        read_only: whether a command is running that only reads, and so never sends anything.

    Attributes:
        used: the values that were used, by name; `hide` replaces them.
        found: the credentials that the keyring has, by URL; None for none.
    """

    allowed: frozenset[Allowance] = frozenset()
    variables: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    read_only: bool = False
    used: dict[str, str] = field(default_factory=dict, repr=False)
    found: dict[str, tuple[str, str] | None] = field(default_factory=dict, repr=False)

    def check(self, *urls: str) -> None:
        """Check that everything that URLs refer to may be used.

        Raises:
            RefusedError: something is not allowed; the message has the options that allow it.
            UsageError: a variable is not set.
        """
        wanted = list(dict.fromkeys((name, host_of(url)) for url in urls for name in variables_in(url)))
        if missing := [each for each in wanted if each not in self.allowed or self.read_only]:
            raise self._refusal(missing)
        if unset := [name for name, _ in wanted if not self.variables.get(name)]:
            raise UsageError(
                f"The environment variable {unset[0]} is not set.",
                why="A package index needs it.",
                remedy="Set it, then run the same command again; `awsprov help indexes` explains these variables.",
            )

    def expand(self, url: str) -> str:
        """Return a URL with the values of the variables in it, and with the credentials of its host, if allowed.

        Raises:
            RefusedError, UsageError: as for `check`.
        """
        return self._with_stored(self.substitute(url))

    def substitute(self, url: str) -> str:
        """Return a URL with the values of the variables in it.

        Raises:
            RefusedError, UsageError: as for `check`.
        """
        self.check(url)
        self.used |= {name: self.variables[name] for name in variables_in(url)}
        return _VARIABLE.sub(lambda found: self.variables[found[1]], url)

    def hide(self, text: str, names: Collection[str] | None = None) -> str:
        """Return a string with the names of variables in place of their values, as in a URL and decoded.

        Arguments:
            text: any text.
            names: only these variables; by default all that were used.
        """
        values = {name: value for name, value in self.used.items() if names is None or name in names}
        for name, value in sorted(values.items(), key=lambda item: -len(item[1])):
            for form in (value, unquote(value)):
                text = text.replace(form, f"${{{name}}}")
        return text

    def _with_stored(self, url: str) -> str:
        """Return a URL with the credentials that ~/.netrc or the keyring has for its host, if that is allowed."""
        user, _, password = credentials_of(url).partition(":")
        entry = None if self.read_only or password else self._stored(url, unquote(user))
        if entry is None:
            return url
        user, password = (quote(part, safe="") for part in entry)
        self.used |= {f"PASSWORD@{host_of(url)}": password} if password else {}
        return with_credentials(url, f"{user}:{password}")

    def _stored(self, url: str, user: str) -> tuple[str, str] | None:
        host, entry = host_of(url), None
        if (NETRC, host) in self.allowed and not user:
            entry = _netrc_entry(expand_home(Path(self.variables.get("NETRC") or "~/.netrc")), host)
        if entry is None and (KEYRING, host) in self.allowed:
            if url not in self.found:
                self.found[url] = keyring.find_credentials(with_credentials(url, ""), user)
            entry = self.found[url]
        return entry

    def _refusal(self, missing: list[Allowance]) -> RefusedError:
        named = ", ".join(f"${{{name}}} for {host}" for name, host in missing)
        options = " ".join(f"--allow {shlex.quote(f'{name}@{host}')}" for name, host in missing)
        if forbidden := [name for name, _ in missing if name.startswith(_NEVER)]:
            remedy = f"{forbidden[0]} is never sent to a package index. Use a variable of another name."
        elif self.read_only:
            remedy = f"If you trust the project with it: `awsprov lock {options}`."
        else:
            remedy = f"If you trust the project with it, run the same command with {options}"
        return RefusedError(
            "The requirements use variables of this machine, which are sent to a package index.",
            why=f"Not allowed: {named}.",
            remedy=remedy,
            reference="`awsprov help indexes`",
        )


def variables_in(url: str) -> list[str]:
    """Return the names of the variables in a URL, each once."""
    return list(dict.fromkeys(_VARIABLE.findall(url)))


def host_of(url: str) -> str:
    """Return the host of a URL, in lower case and without port."""
    return (urlsplit(url).hostname or "").lower()


def credentials_of(url: str) -> str:
    """Return `user:password` of a URL as it is written; empty if it has none."""
    return urlsplit(url).netloc.rpartition("@")[0]


def with_credentials(url: str, credentials: str) -> str:
    """Return a URL with other credentials; empty ones for none."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{credentials}@{place}" if credentials else place))


def with_credentials_for(file: str, urls: Collection[str], access: IndexAccess) -> str:
    """Return the URL of a file with the credentials of the index on its server.

    Arguments:
        file: the URL, without credentials.
        urls: those of the indexes, as they are written in the requirements.
        access: what may be sent to them.
    """
    same = [access.expand(each) for each in urls if same_server(each, file)]
    return with_credentials(access.substitute(file), next(filter(None, map(credentials_of, same)), ""))


def same_server(one: str, other: str) -> bool:
    """Return whether two URLs have the same scheme, host and port, so that credentials for one are for the other."""
    return _server(urlsplit(one)) == _server(urlsplit(other))


def _server(parts: SplitResult) -> tuple[str, str]:
    return parts.scheme, parts.netloc.rpartition("@")[2].lower()


def _netrc_entry(path: Path, host: str) -> tuple[str, str] | None:
    """Return user and password of a host; the default entry is for any host, so it is not used."""
    try:
        entry = netrc.netrc(str(path)).hosts.get(host)
    except (OSError, netrc.NetrcParseError):
        return None
    return (entry[0], entry[2] or "") if entry else None
