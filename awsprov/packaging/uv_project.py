"""The pyproject.toml that is generated for uv, with requirements, indexes and settings of one resolution."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from awsprov.packaging import uv_process
from awsprov.packaging.index_access import IndexAccess, credentials_of, variables_in, with_credentials
from awsprov.packaging.install_target import InstallTarget
from awsprov.packaging.requirement_lines import is_url
from awsprov.packaging.requirements import Requirements
from awsprov.packaging.resolution_error import SCRATCH_PROJECT
from awsprov.packaging.source_distributions import SourceMetadata

Ran = subprocess.CompletedProcess[str]


class UvProject:
    """A project that only uv sees.

    Arguments:
        scratch: its directory.
        wanted: the requirements.
        bound: the URLs of the indexes that packages are bound to, by pattern.
        access: what may be sent to indexes.
        as_of: the last day whose files are considered; empty for today.

    Attributes:
        sources: the URL of the index of each package that is bound to one.
        built: the packages of which the source distribution is taken, with their metadata: uv builds none to learn it.
    """

    def __init__(
        self, scratch: Path, wanted: Requirements, bound: Mapping[str, str], access: IndexAccess, *, as_of: str
    ) -> None:
        self.scratch, self.access = scratch, access
        self.sources: dict[str, str] = {}
        self.built: dict[str, SourceMetadata] = {}
        self._wanted, self._as_of = wanted, as_of
        self._explicit = list(dict.fromkeys(bound.values()))
        self._secrets: dict[str, str] = {}

    def bind(self, sources: Mapping[str, str]) -> None:
        """Bind packages to indexes. uv binds required packages only, so they are required from then on."""
        self.sources |= sources

    def compile(
        self, target: InstallTarget, output: str, draft: str, *options: str
    ) -> "subprocess.CompletedProcess[str]":
        """Resolve with `uv pip compile`.

        Arguments:
            target: the Python and the platform.
            output: the name of the file to write.
            draft: what is in this file before: uv keeps its versions if possible; empty for no such file.
            options: options of uv.
        """
        self._write(self._wanted.packages)
        if draft:
            (self.scratch / output).write_text(draft, encoding="utf-8")
        options = (
            *options,
            *(["--no-deps"] if self._wanted.complete else []),
            f"--output-file={output}",
            "--no-header",
        )
        return self._uv("compile", "pyproject.toml", *options, *_for(target))

    def install_bound(self, target: InstallTarget, directory: str) -> Ran:
        """Install those of the requirements that are bound to an index, without their dependencies, in a directory."""
        self._write([each for each in self._wanted.packages if _name(each) in self.sources])
        options = ["--requirements=pyproject.toml", "--no-deps", f"--target={directory}", "--link-mode=copy"]
        return self._uv("install", *options, *_for(target))

    def _uv(self, *arguments: str) -> Ran:
        private = [] if not any(map(_has_private_part, self._urls)) else ["--no-cache"]
        built = [f"--no-binary={name}" for name in self.built]
        options = [
            "--only-binary=:all:",
            *built,
            "--no-progress",
            "--color=never",
            f"--python={sys.executable}",
            *private,
        ]
        return uv_process.run(self.scratch, ["pip", *arguments, *options], self._secrets)

    @property
    def _urls(self) -> list[str]:
        direct = [url for each in self._wanted.packages if (url := Requirement(each).url)]
        return [url for url, _ in self._indexes()] + [*self._wanted.find_links, *direct]

    def _write(self, required: list[str]) -> None:
        names = {_name(each) for each in required}
        dependencies = [*map(self._expanded, required), *(name for name in self.sources if name not in names)]
        lines = ["[project]", f'name = "{SCRATCH_PROJECT}"', 'version = "0"', f"dependencies = {_toml(dependencies)}"]
        lines += ["[tool.uv]", *(f"{key} = {_toml(value)}" for key, value in self._settings().items())]
        for name, metadata in self.built.items():
            lines += ["[[tool.uv.dependency-metadata]]", f"name = {_toml(name)}"]
            lines += [f"requires-dist = {_toml(metadata.requires)}", f"provides-extra = {_toml(metadata.extras)}"]
        lines += [
            "[tool.uv.sources]",
            *(f"{name} = {{ index = {_toml(self._label(url))} }}" for name, url in self.sources.items()),
        ]
        lines += [line for url, kind in self._indexes() for line in self._index(url, kind)]
        (self.scratch / "pyproject.toml").write_text("\n".join([*lines, ""]), encoding="utf-8")

    def _settings(self) -> dict[str, Any]:
        wanted = self._wanted
        settings: dict[str, Any] = {
            "constraint-dependencies": [self._expanded(each) for each in wanted.constraints],
            "find-links": [self.access.expand(link) if is_url(link) else link for link in wanted.find_links],
            "no-index": wanted.no_index and not self.sources,
        }
        if wanted.extra_index_urls:  # pip takes the best version of all indexes; uv's own default is safer
            settings["index-strategy"] = "unsafe-best-match"
        settings |= {"prerelease": "allow"} if wanted.prerelease else {}
        return settings | ({"exclude-newer": f"{self._as_of}T23:59:59Z"} if self._as_of else {})

    def _expanded(self, text: str) -> str:
        requirement = Requirement(text)
        if requirement.url:
            requirement.url = self.access.expand(requirement.url)
        return str(requirement)

    def _indexes(self) -> Iterator[tuple[str, str]]:
        """Yield the URL of each index, and its kind: one only for packages that are bound to it, or the default."""
        yield from ((url, "explicit") for url in self._explicit)
        if not self._wanted.no_index:
            yield from ((url, "") for url in self._wanted.extra_index_urls)
            yield from ((url, "default") for url in [self._wanted.index_url] if url)

    def _index(self, url: str, kind: str) -> list[str]:
        """Return the lines for an index. Its credentials are variables of uv's process, and in no file."""
        label, expanded = self._label(url, kind), self.access.expand(url)
        user, _, password = credentials_of(expanded).partition(":")
        variable = f"UV_INDEX_{label.replace('-', '_').upper()}"
        if user or password:
            self._secrets |= {f"{variable}_USERNAME": unquote(user), f"{variable}_PASSWORD": unquote(password)}
        lines = ["[[tool.uv.index]]", f"name = {_toml(label)}", f"url = {_toml(with_credentials(expanded, ''))}"]
        return [*lines, f"{kind} = true"] if kind else lines

    def _label(self, url: str, kind: str = "explicit") -> str:
        return f"awsprov-{kind or 'extra'}-{[each for each, _ in self._indexes()].index(url)}"


def _for(target: InstallTarget) -> list[str]:
    platform = [f"--python-platform={target.platform}"] if target.platform else []
    return [f"--python-version={target.python}", *platform]


def _has_private_part(url: str) -> bool:
    """Return whether there are variables in a URL's path: uv's cache would contain their values."""
    return bool(variables_in(with_credentials(url, ""))) if is_url(url) else False


def _name(requirement: str) -> str:
    return canonicalize_name(Requirement(requirement).name)


def _toml(value: Any) -> str:
    """Return a value in TOML, which writes strings and lists of strings as JSON does."""
    return json.dumps(value, ensure_ascii=False)
