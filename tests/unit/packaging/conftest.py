"""Indexes of packages, and the user's own settings of uv, which tests do not take from this machine."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from tests.unit.packaging.package_index import PackageIndex, serving


class Serve(Protocol):
    """Starts an index that ends with the test."""

    def __call__(self, name: str, credentials: str = "", prefix: str = "") -> PackageIndex: ...


@pytest.fixture
def uv_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own uv.toml."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "settings" / "uv").mkdir(parents=True)
    return tmp_path / "settings" / "uv" / "uv.toml"


@pytest.fixture
def wheels(tmp_path: Path, uv_settings: Path) -> Path:
    """The directory with all wheels that there are: resolving needs no network."""
    (tmp_path / "index").mkdir()
    (tmp_path / "wheels").mkdir()
    index, links = (tmp_path / "index").as_uri(), tmp_path / "wheels"
    uv_settings.write_text(f'find-links = ["{links}"]\n[[index]]\nurl = "{index}"\ndefault = true\n')
    return tmp_path / "wheels"


@pytest.fixture
def serve(tmp_path: Path, uv_settings: Path) -> Iterator[Serve]:
    """Start indexes."""
    with ExitStack() as stack:

        def start(name: str, credentials: str = "", prefix: str = "") -> PackageIndex:
            return stack.enter_context(serving(tmp_path / name, credentials, prefix))

        yield start
