"""AliasHistory: the versions that a function's `live` alias has pointed to, which `awsprov rollback` needs."""

import re
import time
from dataclasses import dataclass, replace

_KEPT = 20  # versions in a description, which has 256 characters at most
_DESCRIPTION = re.compile(r"before: ([\d ]*)(?:; since (\d+))?(?:; held back (?:from (\d+) )?to (\d+) by (.*))?")


@dataclass(frozen=True)
class AliasHistory:
    """The versions that an alias has pointed to, and what a rollback held back.

    It is stored in the alias's description, so that one call moves the alias and records the move.

    Arguments:
        before: the versions that were live before, the latest one first.
        held_back_to: the newest version that a rollback held back: it and the older ones do not go live again by
            `up` or `deploy`. 0 for none.
        rolled_back_by: the name of the caller who rolled back.
        went_live: the newest of those that were live before the rollback; newer ones were published only, as they did
            not start or failed their smoke test. 0 if it is `held_back_to` itself.
        since: when the live version went live, in seconds since the epoch; 0 if unknown.
    """

    before: tuple[int, ...] = ()
    held_back_to: int = 0
    rolled_back_by: str = ""
    since: int = 0
    went_live: int = 0

    @classmethod
    def parse(cls, description: str) -> "AliasHistory":
        """Return the history in a description; an empty one if awsprov did not write the description."""
        found = _DESCRIPTION.fullmatch(description)
        if not found:
            return cls()
        before = tuple(int(version) for version in found[1].split())
        return cls(before, int(found[4] or 0), found[5] or "", int(found[2] or 0), int(found[3] or 0))

    def __str__(self) -> str:
        of = f"from {self.went_live} to" if self.went_live else "to"
        held_back = f"; held back {of} {self.held_back_to} by {self.rolled_back_by}" if self.held_back_to else ""
        since = f"; since {self.since}" if self.since else ""
        return f"before: {' '.join(str(version) for version in self.before[:_KEPT])}{since}{held_back}"

    def was_live(self, version: int) -> bool:
        """Return whether a version that is newer than the live one was live before a rollback."""
        return version <= (self.went_live or self.held_back_to)

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
        went_live = max(live, self.went_live or self.held_back_to)
        held_back = AliasHistory(before, newest, caller, went_live=went_live if went_live < newest else 0)
        return held_back if to < newest else AliasHistory(before)
