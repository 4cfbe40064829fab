"""Follows the progress of an installation in the output of pip and of the programs on the builder."""

import re

# pip's line for a package: `Collecting numpy@ https://…/numpy-2.5.5-….whl (from …)`, or `Processing ./numpy-….whl`.
_PACKAGE = re.compile(r"(?:Collecting|Processing) \S.*?([^\s/@]+?)-([\w.!+%]+)-[\w.%-]+\.whl\b")
INSTALLING = ("library-build", "files", "libraries")  # the resources whose output it is, in order
_STAGES = (
    ("building ", "compiling a package"),
    ("Installing collected packages", "unpacking {packages}"),
    ("Successfully installed", "{packages} installed; removing files that are not needed"),
    ("compiling", "{packages} installed; compiling"),
    ("start pack: ", "{packages} compiled; making the start pack"),
    ("built environment", "{packages} built"),
    ("copying", "{packages} built; copying them to the file system"),
    ("manifest ", "{packages} copied; publishing"),
)


class InstallProgress:
    """The progress of an installation.

    Arguments:
        count: the number of packages.

    Attributes:
        text: the progress as text; empty at the start.
    """

    def __init__(self, count: int) -> None:
        self.count, self.text = count, ""
        self._found: dict[str, None] = {}

    def update(self, line: str) -> None:
        """Process a line of output."""
        if found := _PACKAGE.match(line.strip()):
            name, version = found[1], found[2]
            self._found[name] = None
            self.text = f"package {len(self._found)} of {max(self.count, len(self._found))}: {name} {version}"
            return
        for begins, text in _STAGES:
            if line.startswith(begins):
                self.text = text.format(packages=_packages(self.count or len(self._found)))


def _packages(count: int) -> str:
    return f"{count} package{'' if count == 1 else 's'}"
