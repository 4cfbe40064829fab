"""Where a function's `live` alias has been: what `rollback` goes by."""

import re
from dataclasses import dataclass

_REMEMBERED = 20  # versions that an alias remembers: a description has 256 characters
_TRAIL = re.compile(r"before: ([\d ]*)(?:; held back to (\d+) by (.*))?")


@dataclass(frozen=True)
class AliasHistory:
    """Where an alias has been. It is written into the alias's description, and so moves with it in one call.

    Arguments:
        before: the versions that were live before, the last one first.
        held: the newest version that a rollback set aside; neither it nor those before it go live by themselves.
        by: who rolled back.
    """

    before: tuple[int, ...] = ()
    held: int = 0
    by: str = ""

    @classmethod
    def read(cls, description: str) -> "AliasHistory":
        """What a description says; nothing when it is not one of ours."""
        found = _TRAIL.fullmatch(description)
        if not found:
            return cls()
        return cls(tuple(int(each) for each in found[1].split()), int(found[2] or 0), found[3] or "")

    def __str__(self) -> str:
        held = f"; held back to {self.held} by {self.by}" if self.held else ""
        return f"before: {' '.join(str(version) for version in self.before[:_REMEMBERED])}{held}"

    def after_deploy(self, live: str, to: str) -> "AliasHistory":
        """After a deploy from one version to another."""
        return AliasHistory(
            (int(live), *(v for v in self.before if str(v) not in (live, to))) if live.isdigit() else ()
        )

    def after_rollback(self, live: int, to: int, newest: int, by: str) -> "AliasHistory":
        """After a rollback from one version to another, while a newest one exists."""
        before = (
            self.before[self.before.index(to) + 1 :]
            if to in self.before
            else self.after_deploy(str(live), str(to)).before
        )
        return AliasHistory(before, newest, by) if to < newest else AliasHistory(before)
