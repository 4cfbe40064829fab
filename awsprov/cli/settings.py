"""The values of the options that every command takes."""

from dataclasses import dataclass, field
from pathlib import Path

from awsprov.paths import StackLocation


@dataclass
class Settings(StackLocation):
    """The values of the common options.

    Arguments:
        verbose: how often -v was given.
        debug_log: the file with the command's debug log, once there is one.
        sources: how each option was given, as in `--region` or `AWSPROV_REGION`; without those left at their default.
    """

    profile: str | None = None
    region: str | None = None
    json: bool = False
    verbose: int = 0
    quiet: bool = False
    yes: bool = False
    plain: bool = False
    debug_log: Path | None = None
    sources: dict[str, str] = field(default_factory=dict)

    @property
    def options(self) -> list[tuple[str, ...]]:
        """The options that select the same stack in the same account and region, each with its value."""
        chosen = super().options
        chosen += [("--profile", self.profile)] if self.profile and not self.local else []
        chosen += [("--region", self.region)] if self.region else []
        return chosen
