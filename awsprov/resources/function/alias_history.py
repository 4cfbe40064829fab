"""AliasHistory: the versions that a function's `live` alias has pointed to, which `awsprov rollback` needs."""

import re
import time
from dataclasses import dataclass, replace

_KEPT = 20  # versions in a description, which has 256 characters at most
_DESCRIPTION = re.compile(
    r"before: ([\d ]*)(?:; rolled back ([\d ]+))?(?:; since (\d+))?(?:; held back to (\d+) by (.*))?"
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
        rolled_back: others that were live, the newest first: rollbacks went past them.
        since: when the live version went live, in seconds since the epoch; 0 if unknown.
    """

    before: tuple[int, ...] = ()
    held_back_to: int = 0
    rolled_back_by: str = ""
    since: int = 0
    rolled_back: tuple[int, ...] = ()

    @classmethod
    def parse(cls, description: str) -> "AliasHistory":
        """Return the history in a description; an empty one if awsprov did not write the description."""
        found = _DESCRIPTION.fullmatch(description)
        if not found:
            return cls()
        before, rolled_back = (tuple(map(int, (versions or "").split())) for versions in found.group(1, 2))
        return cls(before, int(found[4] or 0), found[5] or "", int(found[3] or 0), rolled_back)

    def __str__(self) -> str:
        before = self.before[:_KEPT]
        rolled_back = self.rolled_back[: _KEPT - len(before)]
        others = f"; rolled back {_spaced(rolled_back)}" if rolled_back else ""
        since = f"; since {self.since}" if self.since else ""
        held_back = f"; held back to {self.held_back_to} by {self.rolled_back_by}" if self.held_back_to else ""
        return f"before: {_spaced(before)}{others}{since}{held_back}"

    def was_live(self, version: int) -> bool:
        """Return whether a version was live; others did not start, or failed their smoke test."""
        return version in (*self.before, *self.rolled_back)

    def starting_now(self) -> "AliasHistory":
        """Return the same history for a version that goes live now."""
        return replace(self, since=int(time.time()))

    def after_deploy(self, live: str, to: str) -> "AliasHistory":
        """Return the history after a deploy from one version to another."""
        if not live.isdigit():
            return AliasHistory()
        before, rolled_back = (_without(versions, live, to) for versions in (self.before, self.rolled_back))
        return AliasHistory((int(live), *before), rolled_back=rolled_back)

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
        passed = {live, *self.before, *self.rolled_back} - {to, *before}
        history = AliasHistory(before, rolled_back=tuple(sorted(passed, reverse=True)))
        return history if to == newest else replace(history, held_back_to=newest, rolled_back_by=caller)


def _without(versions: tuple[int, ...], *others: str) -> tuple[int, ...]:
    return tuple(version for version in versions if str(version) not in others)


def _spaced(versions: tuple[int, ...]) -> str:
    return " ".join(map(str, versions))
