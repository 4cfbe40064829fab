"""The builder's findings on handlers and packages: repeated as warnings when the work is done."""

import re

from awsprov.engine.events import Event

# Lines of remote_code/builder/start_pack.py and native_libraries.py.
_FAILED_IMPORT = re.compile(r"start pack: (\S+) reads \d+ files; its import failed: (.*)")
_NATIVE = re.compile(r"native: (\w+): (.*)")
_SHOWN = 5  # shared libraries; packages with plugins can lack dozens


class BuilderWarnings:
    """A listener that finds failed imports and missing shared libraries in the builder's output."""

    def __init__(self) -> None:
        self._errors: dict[str, str] = {}
        self._native: list[str] = []

    def __call__(self, event: Event) -> None:
        if event.step == "output" and (found := _FAILED_IMPORT.search(event.detail)):
            self._errors[found[1]] = found[2]
        if event.step == "output" and (found := _NATIVE.match(event.detail)):
            self._native.append(f"{found[1].capitalize()}: {found[2]}.")

    @property
    def warnings(self) -> list[str]:
        """A warning for each function and each shared library, with the consequence."""
        more = len(self._native) - _SHOWN
        native = [*self._native[:_SHOWN], *([f"Note: and {more} more shared libraries."] if more > 0 else [])]
        return native + [
            f"Warning: the import of {function} failed on the builder: {error}. Its start pack has only the files that "
            "were read until then, so cold starts take longer. `awsprov logs --builder` shows the output."
            for function, error in self._errors.items()
        ]
