"""Shared libraries that packages need: what Lambda lacks is reported, and copied to where the loader finds it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from awsprov.remote_code.builder import native_libraries
from awsprov.remote_code.builder.lambda_libraries import ELSEWHERE, PRESENT

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not (shutil.which("cc") and shutil.which("ldd")), reason="needs a C compiler and ldd"
)


def library(path: Path, *needs: Path, name: str = "") -> Path:
    """Compile a shared library that needs others."""
    path.parent.mkdir(parents=True, exist_ok=True)
    options = [f"-Wl,-soname,{name or path.name}", "-Wl,--no-as-needed", *map(str, needs)]
    subprocess.run(["cc", "-shared", "-fPIC", "-xc", "/dev/null", "-xnone", "-o", path, *options], check=True)
    return path


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Packages that need a library of their own, of Amazon Linux, and of no known package."""
    monkeypatch.setattr(native_libraries, "isolated", list)
    system = tmp_path / "system"
    gomp, odd = library(system / "libgomp.so.1"), library(system / "libodd.so.7")
    gone = library(tmp_path / "libgone.so.1")
    packages = tmp_path / "site"
    own = library(packages / "pkg.libs" / "libown.so.2")
    library(packages / "pkg" / "core.cpython-312-x86_64-linux-gnu.so", own, gomp)
    library(packages / "other" / "lib" / "libother.so", odd, gone)
    (packages / "pkg" / "notes.so").write_text("no library")
    (packages / "pkg" / "link.so").symlink_to("core.cpython-312-x86_64-linux-gnu.so")
    gone.unlink()
    monkeypatch.setenv("LD_LIBRARY_PATH", str(system))
    return packages


def test_what_neither_packages_nor_lambda_have_is_found(site: Path, tmp_path: Path) -> None:
    found = {each.name: each for each in native_libraries.missing_libraries(site)}
    assert set(found) == {"libgomp.so.1", "libodd.so.7", "libgone.so.1"}
    assert found["libgomp.so.1"].needed_by == ("pkg/core.cpython-312-x86_64-linux-gnu.so",)
    assert found["libodd.so.7"].path == str(tmp_path / "system" / "libodd.so.7")
    assert found["libgone.so.1"].path == ""


def test_what_is_not_known_is_a_note_and_what_is_missing_names_the_package(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    native_libraries.complete(site, tmp_path, copy=False)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[1] for line in lines] == ["warning", "note", "note"]
    assert "[libgomp]" in lines[0]
    assert "`builder.packages`" in lines[1]


def test_a_copy_is_found_by_what_needs_it(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    patched = tmp_path / "patched"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "patchelf").write_text(f'#!/bin/sh\necho "$2 ${{3#{site}/}}" >> {patched}\n')
    (tmp_path / "bin" / "patchelf").chmod(0o755)
    monkeypatch.setattr("awsprov.remote_code.builder.build_tools.install", lambda work: tmp_path)
    native_libraries.complete(site, tmp_path, copy=True)
    assert sorted(path.name for path in (site / "awsprov.libs").iterdir()) == ["libgomp.so.1", "libodd.so.7"]
    assert sorted(patched.read_text().splitlines()) == [
        "$ORIGIN awsprov.libs/libgomp.so.1",
        "$ORIGIN awsprov.libs/libodd.so.7",
        "$ORIGIN/../../awsprov.libs other/lib/libother.so",
        "$ORIGIN/../awsprov.libs pkg/core.cpython-312-x86_64-linux-gnu.so",
    ]
    assert "native: note: other/lib/libother.so needs libgone.so.1" in capsys.readouterr().out


def test_no_library_is_in_both_tables() -> None:
    assert not PRESENT & set(ELSEWHERE)
