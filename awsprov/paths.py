"""Where awsprov keeps its files: those of a project, and those of a user."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from awsprov.files import STATE_DIRECTORY
from awsprov.hints import command_hint, complete

DEFAULT_CONFIG = Path("config.yaml")
LOCAL_PYTHON = "AWSPROV_LOCAL_PYTHON"  # the Python of functions on the local cloud; printed by `awsprov local env`


@dataclass
class StackLocation:
    """The options that select one stack on this machine.

    Arguments:
        config: the path of config.yaml.
        stage: one of the configuration's stages; empty for none.
        state_dir: where state, keys and the local cloud are; by default `.awsprov` beside the configuration.
        local: whether the stack is on the local cloud.
        like: the stage of the configuration that a new stage is like.
    """

    config: Path = DEFAULT_CONFIG
    stage: str = ""
    state_dir: Path | None = None
    local: bool = False
    like: str = ""

    @property
    def home(self) -> Path:
        """The absolute path of the state directory."""
        return (self.state_dir or self.config.parent / STATE_DIRECTORY).absolute()

    @property
    def local_directory(self) -> Path:
        """The directory of the local cloud."""
        return self.home / "local"

    def state_file(self, name: str) -> Path:
        """Return the path of the state file; stacks on the local cloud have files of their own.

        Arguments:
            name: `name` in config.yaml, which some callers read without loading the whole configuration.
        """
        stack = f"{name}-{self.stage}" if self.stage else name
        return self.home / f"{stack}{'.local' if self.local else ''}.json"

    @property
    def options(self) -> list[tuple[str, ...]]:
        """The options that select the same stack, each with its value."""
        chosen: list[tuple[str, ...]] = [("--stage", self.stage)] if self.stage else []
        chosen += [("--like", self.like)] if self.like else []
        chosen += [("--config", str(self.config))] if self.config != DEFAULT_CONFIG else []
        chosen += [("--state-dir", str(self.state_dir))] if self.state_dir else []
        chosen += [("--local",)] if self.local else []
        return chosen

    def command_hint(self, command: str) -> str:
        """Return a command line to copy, with the options that select the same stack.

        Arguments:
            command: the command and its own arguments, quoted for a shell.
        """
        return command_hint(command, self.options)

    def complete(self, text: str) -> str:
        """Return a message whose commands in backticks select the same stack."""
        return complete(text, self.options)


def cache_directory() -> Path:
    """Return the directory of files that can be recreated: AWSPROV_CACHE_DIR, or the user's cache directory."""
    own = os.environ.get("AWSPROV_CACHE_DIR")
    return Path(own) if own else _user_directory("cache")


def user_state_directory() -> Path:
    """Return the directory of files that must be kept, such as keys: `~/.local/state/awsprov` on Linux."""
    return _user_directory("state")


def user_config_file() -> Path:
    """Return the path of the user's own configuration: `~/.config/awsprov/config.yaml` on Linux."""
    return _user_directory("config") / "config.yaml"


def _user_directory(kind: Literal["cache", "state", "config"]) -> Path:
    """Return awsprov's directory of a kind in the user's home directory, or where an XDG variable says.

    Raises:
        RuntimeError: the user has no home directory. A relative path would be in whatever directory awsprov runs in.
    """
    from platformdirs import PlatformDirs  # not for `awsprov --help`

    found: Path = getattr(PlatformDirs("awsprov"), f"user_{kind}_path")
    if not found.is_absolute():  # older versions of platformdirs do not raise the error
        raise RuntimeError("Could not determine home directory.")
    return found
