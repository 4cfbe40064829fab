"""The handlers whose import failed on the builder: repeated as warnings when the work is done."""

import re

from awsprov.engine.events import Event

_LINE = re.compile(
    r"start pack: (\S+) reads \d+ files; its import failed: (.*)"
)  # of remote_code/builder/start_pack.py


class FailedImports:
    """A listener that finds the failed imports in the builder's output."""

    def __init__(self) -> None:
        self._errors: dict[str, str] = {}

    def __call__(self, event: Event) -> None:
        if event.step == "output" and (found := _LINE.search(event.detail)):
            self._errors[found[1]] = found[2]

    @property
    def warnings(self) -> list[str]:
        """A warning for each function, with the consequence."""
        return [
            f"Warning: the import of {function} failed on the builder: {error}. Its start pack has only the files that "
            "were read until then, so cold starts take longer. `awsprov logs --builder` shows the output."
            for function, error in self._errors.items()
        ]
