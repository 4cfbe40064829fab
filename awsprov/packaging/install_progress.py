"""How far an installation of libraries is, told from what pip and the programs on the builder print."""

import re

# pip's lines for one package: `Collecting numpy==2.5.5 (from …)`, or `Processing ./numpy-2.5.5-….whl (from …)`.
_PACKAGE = re.compile(r"(?:Collecting ([\w.-]+)==([\w.!+-]+)|Processing .*?([\w.]+)-([\w.!+]+)-[\w.-]+\.whl)")
_STAGES = (
    ("Installing collected packages", "unpacking {packages}"),
    ("Successfully installed", "{packages} installed; leaving out what nothing imports"),
    ("compiling", "{packages} installed; compiling and copying"),
    ("copying", "{packages} copied; copying their bytecode"),
    ("start pack: ", "{packages} copied; making the start pack"),
    ("manifest ", "{packages} copied; publishing"),
)


class Installing:
    """Hears the lines of one installation.

    Arguments:
        count: how many packages there are.

    Attributes:
        text: how far it is, for a person; empty before anything was heard of.
    """

    def __init__(self, count: int) -> None:
        self.count, self.text = count, ""
        self._seen: dict[str, None] = {}

    def hear(self, line: str) -> None:
        """Take in one line."""
        if found := _PACKAGE.match(line.strip()):
            name, version = found[1] or found[3], found[2] or found[4]
            self._seen[name] = None
            self.text = f"package {len(self._seen)} of {max(self.count, len(self._seen))}: {name} {version}"
            return
        for begins, text in _STAGES:
            if line.startswith(begins):
                self.text = text.format(packages=_packages(self.count or len(self._seen)))


def _packages(count: int) -> str:
    return f"{count} package{'' if count == 1 else 's'}"
