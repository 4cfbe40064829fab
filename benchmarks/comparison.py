"""The result of a benchmark: a value beside its baseline of the same run, their ratio and its threshold."""

from dataclasses import dataclass

REGRESSION = 0.2  # the share by which a ratio may be worse than the saved one


class Unavailable(Exception):  # noqa: N818 - no error: this machine cannot measure it
    """Something that a benchmark needs is missing on this machine; the message says what."""


@dataclass(frozen=True)
class Comparison:
    """A measured value, its baseline and the threshold of their ratio.

    Arguments:
        name: what is compared.
        value: the value of awsprov.
        baseline: the value that it is compared with, measured in the same run, or a fixed limit.
        threshold: the ratio that passes.
        faster: whether the threshold is how many times smaller than the baseline the value must be, at least; otherwise
            how many times the baseline it may be, at most.
        unit: of both values.
    """

    name: str
    value: float
    baseline: float
    threshold: float
    faster: bool = True
    unit: str = "s"

    @property
    def ratio(self) -> float:
        """Baseline by value if `faster`, else value by baseline."""
        dividend, divisor = (self.baseline, self.value) if self.faster else (self.value, self.baseline)
        return round(dividend / divisor, 3) if divisor else float(dividend > 0) * 1e9

    @property
    def passed(self) -> bool:
        """Whether the ratio is within the threshold."""
        return self.ratio >= self.threshold if self.faster else self.ratio <= self.threshold

    def is_regression(self, saved: float | None) -> bool:
        """Return whether the ratio is worse than a saved one by more than REGRESSION; None if none was saved."""
        if saved is None:
            return False
        return self.ratio < saved * (1 - REGRESSION) if self.faster else self.ratio > saved * (1 + REGRESSION)

    def line(self, saved: float | None) -> str:
        """Return the line that is printed, given the saved ratio."""
        values = f"{self.value:8.2f} {self.unit}  against {self.baseline:8.2f} {self.unit}"
        threshold = f"{'at least' if self.faster else 'at most'} {self.threshold:g}"
        verdict = "ok" if self.passed else "FAILED"
        verdict += f", worse than {saved:g} before" if self.is_regression(saved) else ""
        return f"{self.name:58} {values}   ratio {self.ratio:6.2f}, {threshold}: {verdict}"
