"""Settings of uv in a project's own files, which do not apply to a requirements.txt, and what to write instead."""

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from awsprov.files import read_limited
from awsprov.packaging.index_access import with_credentials
from awsprov.packaging.requirement_lines import is_url

_MAX_SIZE = 1024 * 1024  # bytes


def ignored_settings(*directories: Path) -> list[str]:
    """Return a note for each pyproject.toml and uv.toml with settings of uv, which awsprov does not use.

    Arguments:
        directories: where to look.
    """
    unique = {Path(os.path.realpath(directory)) for directory in directories}
    return [note for directory in sorted(unique) for note in _notes(directory)]


def _notes(directory: Path) -> Iterator[str]:
    for name in ("pyproject.toml", "uv.toml"):
        try:
            document = tomllib.loads(read_limited(directory / name, _MAX_SIZE).decode())
        except (OSError, ValueError, RecursionError):
            continue
        tool = document.get("tool") if name == "pyproject.toml" else {"uv": document}
        settings = tool.get("uv") if isinstance(tool, dict) else None
        if isinstance(settings, dict) and settings:
            yield _note(name, settings)


def _note(name: str, settings: dict[str, Any]) -> str:
    keys = ", ".join(sorted(settings))
    text = f"{name} has settings of uv ({keys}), which do not apply to requirements.txt."
    lines = [f"    {package}: {url}" for package, url in _indexes(settings)]
    if not lines:
        return text
    return "\n".join(
        [f"{text} For its indexes, add `libraries.indexes` to config.yaml:", "libraries:", "  indexes:", *lines]
    )


def _indexes(settings: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield packages and the URLs of their indexes, without credentials; PACKAGE where uv's settings name none."""
    entries, sources = settings.get("index"), settings.get("sources")
    indexes = [each for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []
    found = {str(each.get("name")): each.get("url") for each in indexes}
    bound = {k: v.get("index") for k, v in sources.items() if isinstance(v, dict)} if isinstance(sources, dict) else {}
    for name, url in found.items():
        if isinstance(url, str) and is_url(url) and url.isprintable():
            packages = [str(package) for package, index in bound.items() if index == name] or ["PACKAGE"]
            yield from ((package, with_credentials(url, "")) for package in packages)
