"""What a bench gives: our figure beside another of the same run, and the ratio that it must come to."""

from dataclasses import dataclass

WORSE = 0.2  # a ratio that is worse by more than this share of the kept one is a regression


class Unavailable(Exception):  # noqa: N818 - no error: this machine cannot measure it
    """What a bench needs is not here; the message says what."""


@dataclass(frozen=True)
class Bar:
    """One comparison.

    Arguments:
        name: what is compared.
        ours: our figure.
        reference: the figure that it stands against, measured in the same run.
        bound: the ratio to reach.
        faster: whether the bound says how many times less than the reference ours is, at least; otherwise how many
            times the reference it may be, at most.
        unit: of both figures.
    """

    name: str
    ours: float
    reference: float
    bound: float
    faster: bool = True
    unit: str = "s"

    @property
    def ratio(self) -> float:
        """Reference by ours, or the other way about."""
        above, below = (self.reference, self.ours) if self.faster else (self.ours, self.reference)
        return round(above / below, 3) if below else float(above > 0) * 1e9

    @property
    def held(self) -> bool:
        """Whether the ratio is what it must be."""
        return self.ratio >= self.bound if self.faster else self.ratio <= self.bound

    def worse(self, before: float | None) -> bool:
        """Whether it is a regression from a kept ratio."""
        if before is None:
            return False
        return self.ratio < before * (1 - WORSE) if self.faster else self.ratio > before * (1 + WORSE)

    def line(self, before: float | None) -> str:
        """As it is printed."""
        figures = f"{self.ours:8.2f} {self.unit}  against {self.reference:8.2f} {self.unit}"
        bound = f"{'at least' if self.faster else 'at most'} {self.bound:g}"
        verdict = "ok" if self.held else "NOT HELD"
        verdict += f", worse than {before:g} before" if self.worse(before) else ""
        return f"{self.name:58} {figures}   ratio {self.ratio:6.2f}, {bound}: {verdict}"
