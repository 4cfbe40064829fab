"""The terminal as rich draws on it."""

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from awsprov.ssh.terminal import strip_control_sequences


class SafeConsole(Console):
    """A console that removes control sequences from all text that it draws; those of rich itself are no text."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(strip_control_sequences(segment.text), segment.style)


def stderr_console() -> SafeConsole:
    """Return rich's console on stderr; it honours NO_COLOR, FORCE_COLOR and TERM=dumb."""
    return SafeConsole(stderr=True, highlight=False, markup=False, emoji=False)
