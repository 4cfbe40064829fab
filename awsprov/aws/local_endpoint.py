"""The local cloud's endpoint, and the settings of AWS clients that use only it.

Such clients take nothing from the user's shell or files: a proxy, a profile or an endpoint variable of a service would
send calls elsewhere, some of them to AWS.
"""

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from awsprov.errors import UsageError
from awsprov.paths import LOCAL_PYTHON

if TYPE_CHECKING:
    import botocore.session

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class LocalEndpoint:
    """The local cloud, as a project uses it.

    Arguments:
        url: the endpoint URL of all services.
        access_key: the id of its access key.
        secret_key: the secret of its access key.
        python: the Python version that runs the functions, such as `3.12`.

    Raises:
        UsageError: the URL is not one of this machine.
    """

    url: str
    access_key: str
    secret_key: str = field(repr=False)
    python: str

    def __post_init__(self) -> None:
        if urlsplit(self.url).hostname not in _LOOPBACK:
            raise UsageError(
                f"{self.url} is not an endpoint on this machine.",
                remedy='Run `awsprov local start`, then `eval "$(awsprov local env)"`; or leave out --local.',
            )

    @classmethod
    def from_environment(cls) -> "LocalEndpoint":
        """Return the endpoint of the variables that `awsprov local env` prints.

        Raises:
            UsageError: they are not set.
        """
        names = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", LOCAL_PYTHON)
        url, access_key, secret_key, python = (os.environ.get(name, "") for name in names)
        if not (url and access_key and secret_key and python):
            raise UsageError(
                "The variables of the local cloud are not set.",
                remedy='Run `awsprov local start`, then `eval "$(awsprov local env)"`.',
            )
        return cls(url, access_key, secret_key, python)


def closed_session() -> "botocore.session.Session":
    """Return a botocore session with botocore's default for each setting that the code does not set."""
    import botocore.session  # a fifth of a second: only for commands that call AWS
    from botocore.configprovider import (
        ChainProvider,
        ConfigValueStore,
        ConstantProvider,
        InstanceVarProvider,
    )

    session = botocore.session.Session()
    defaults = {name: default for name, (_, _, default, _) in session.SESSION_VARIABLES.items()}
    defaults |= {"config_file": os.devnull, "credentials_file": os.devnull}
    chains = {
        name: ChainProvider([InstanceVarProvider(name, session), ConstantProvider(default)])
        for name, default in defaults.items()
    }
    session.register_component("config_store", ConfigValueStore(mapping=chains))
    return session
