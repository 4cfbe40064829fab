"""AliasHistory: the versions that a function's `live` alias has pointed to, which `awsprov rollback` needs."""

import re
import time
from dataclasses import dataclass, replace

_KEPT = 20  # versions in a description, which has 256 characters at most
_DESCRIPTION = re.compile(
    r"before: ([\d ]*)(?:; since (\d+))?(?:; held back to (\d+)(?: \(([\d ]+) were live\))? by (.*))?"
)


@dataclass(frozen=True)
class AliasHistory:
    """The versions that an alias has pointed to, and what a rollback held back.

    It is stored in the alias's description, so that one call moves the alias and records the move.

    Arguments:
        before: the versions that were live before, the latest one first.
        held_back_to: the newest version that a rollback held back: it and the older ones do not go live again by
            `up` or `deploy`. 0 for none.
        rolled_back_by: the name of the caller who rolled back.
        were_live: those that were live before the rollback and are newer than the live version, the newest first. Other
            newer ones were published only, as they did not start or failed their smoke test.
        since: when the live version went live, in seconds since the epoch; 0 if unknown.
    """

    before: tuple[int, ...] = ()
    held_back_to: int = 0
    rolled_back_by: str = ""
    since: int = 0
    were_live: tuple[int, ...] = ()

    @classmethod
    def parse(cls, description: str) -> "AliasHistory":
        """Return the history in a description; an empty one if awsprov did not write the description."""
        found = _DESCRIPTION.fullmatch(description)
        if not found:
            return cls()
        before, were_live = (tuple(map(int, (versions or "").split())) for versions in found.group(1, 4))
        return cls(before, int(found[3] or 0), found[5] or "", int(found[2] or 0), were_live)

    def __str__(self) -> str:
        were_live = self.were_live[:_KEPT]
        before = self.before[: _KEPT - len(were_live)]
        since = f"; since {self.since}" if self.since else ""
        held_back = f"; held back to {self.held_back_to}" if self.held_back_to else ""
        if held_back:
            held_back += f" ({_spaced(were_live)} were live)" if were_live else ""
            held_back += f" by {self.rolled_back_by}"
        return f"before: {_spaced(before)}{since}{held_back}"

    def starting_now(self) -> "AliasHistory":
        """Return the same history for a version that goes live now."""
        return replace(self, since=int(time.time()))

    def after_deploy(self, live: str, to: str) -> "AliasHistory":
        """Return the history after a deploy from one version to another."""
        if not live.isdigit():
            return AliasHistory()
        return AliasHistory((int(live), *(version for version in self.before if str(version) not in (live, to))))

    def after_rollback(self, live: int, to: int, newest: int, caller: str) -> "AliasHistory":
        """Return the history after a rollback from one version to another.

        Arguments:
            live: the version that was live.
            to: the version that is live now.
            newest: the newest published version.
            caller: the name of the caller who rolled back.
        """
        if to in self.before:
            before = self.before[self.before.index(to) + 1 :]
        else:
            before = self.after_deploy(str(live), str(to)).before
        if to == newest:
            return AliasHistory(before)
        newer = {version for version in (live, *self.before, *self.were_live) if version > to}
        return AliasHistory(before, newest, caller, were_live=tuple(sorted(newer, reverse=True)))


def _spaced(versions: tuple[int, ...]) -> str:
    return " ".join(map(str, versions))
