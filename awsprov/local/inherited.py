"""The variables of this machine that the local cloud and the installers that it runs inherit: named, and no others.

A variable of AWS's clients, such as a profile or an endpoint, could send a call of the cloud to AWS.
"""

import os
from collections.abc import Mapping

_SYSTEM = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "LANG", "LANGUAGE", "PYTHONPATH", "PYENV_ROOT")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")  # a proxy does not reach this machine
_PREFIXES = ("LC_", "XDG_", "PIP_", "UV_", "AWSPROV_", "DYLD_", "LD_LIBRARY_PATH")


def inherited(variables: Mapping[str, str]) -> dict[str, str]:
    """Return those of the variables that the cloud and its installers inherit."""
    names = {*_SYSTEM, *_CERTIFICATES}
    named = {name: value for name, value in variables.items() if name in names or name.startswith(_PREFIXES)}
    return {**named, **proxies(variables)}


def proxies(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of proxies, with this machine among the hosts that no proxy is used for."""
    named = {name: value for name, value in variables.items() if value and name.lower() in _PROXIES}
    exceptions = variables.get("no_proxy") or variables.get("NO_PROXY") or ""
    hosts = [host for host in exceptions.split(",") if host]
    direct = exceptions if exceptions == "*" else ",".join([*hosts, *(each for each in _LOOPBACK if each not in hosts)])
    return {**named, "NO_PROXY": direct, "no_proxy": direct} if named else {}


def close_environment() -> None:
    """Remove all other variables from this process, and let its AWS clients find neither a file nor metadata."""
    kept = inherited(os.environ)
    os.environ.clear()
    os.environ.update(
        kept,
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
    )
