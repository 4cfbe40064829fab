"""Wheels that the builder built: another builder gets them from the file system, and builds what it cannot verify."""

import hashlib
import io
import shutil
import stat
import sys
import tarfile
from pathlib import Path

import pytest

from tests.unit.remote_code.builder_programs import Builder, manifest

pytestmark = [
    pytest.mark.thorough,  # each test builds wheels
    pytest.mark.skipif(sys.platform != "linux", reason="packages are built on Linux only"),
]

PYPROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
BACKEND = """
import zipfile

def build_wheel(directory, config_settings=None, metadata_directory=None):
    name = "quick-1.0-py3-none-any.whl"
    about = {"METADATA": "Metadata-Version: 2.1\\nName: quick\\nVersion: 1.0\\n", "RECORD": "",
             "WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"}
    with zipfile.ZipFile(f"{directory}/{name}", "w") as archive:
        archive.writestr("quick.py", "ANSWER = 42\\n")
        for file, text in about.items():
            archive.writestr(f"quick-1.0.dist-info/{file}", text)
    return name
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A source distribution whose build needs no package."""
    path = tmp_path / "quick-1.0.tar.gz"
    about = "Metadata-Version: 2.1\nName: quick\nVersion: 1.0\n"
    with tarfile.open(path, "w:gz") as archive:
        for name, text in {"PKG-INFO": about, "pyproject.toml": PYPROJECT, "backend.py": BACKEND}.items():
            info = tarfile.TarInfo(f"quick-1.0/{name}")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    return path


def other_builder(builder: Builder, tmp_path: Path) -> Builder:
    """Return a builder with the same file system and an empty disk."""
    return Builder(builder.root, tmp_path / "other", builder.wheels)


def recorded(environment: Path) -> list[str]:
    """Return the options that tell a build which environments were published."""
    digest = hashlib.sha256((environment / "manifest.json").read_bytes()).hexdigest()
    return [f"--root={environment.parent.parent}", "--manifests", f"{environment.name}={digest}"]


def wheel_of(environment: Path) -> Path:
    (found,) = environment.glob("awsprov-wheels/*/quick-1.0-py3-none-any.whl")
    return found


def test_an_environment_has_the_wheels_that_were_built_for_it(builder: Builder, source: Path) -> None:
    environment = builder.install("abc", "tiny\n", "--sources", str(source))
    wheel = wheel_of(environment)
    assert stat.S_IMODE(wheel.stat().st_mode) == 0o444
    assert wheel.relative_to(environment).as_posix() in manifest(environment)["files"]
    assert (environment / "quick.py").exists()


def test_another_builder_does_not_build_again(builder: Builder, source: Path, tmp_path: Path) -> None:
    first = builder.install("abc", "tiny\n", "--sources", str(source))
    new = other_builder(builder, tmp_path)
    status, output = new.build("def", "", "--sources", str(source), *recorded(first))
    assert (status, "building quick" in output) == (0, False), output
    assert "is from environment abc" in output
    assert new.publish("def")[0] == 0
    second = new.root / "envs" / "def"
    assert wheel_of(second).stat().st_ino == wheel_of(first).stat().st_ino  # linked, not stored again


@pytest.mark.parametrize("changed", ["wheel", "manifest", "removed"])
def test_what_is_not_as_recorded_is_built_again(builder: Builder, source: Path, tmp_path: Path, changed: str) -> None:
    environment = builder.install("abc", "tiny\n", "--sources", str(source))
    options = recorded(environment)
    wheel = wheel_of(environment)
    if changed == "removed":
        shutil.rmtree(environment)
    else:
        file = wheel if changed == "wheel" else environment / "manifest.json"
        file.chmod(0o644)
        file.write_bytes(file.read_bytes().replace(wheel.parent.name.encode(), b"0" * 16) + b" ")
    status, output = other_builder(builder, tmp_path).build("def", "", "--sources", str(source), *options)
    assert status == 0, output
    assert "the wheels of environment abc are not used" in output
    assert "building quick" in output


@pytest.mark.parametrize("different", ["packages", "source"])
def test_a_wheel_of_other_input_is_not_used(builder: Builder, source: Path, tmp_path: Path, different: str) -> None:
    environment = builder.install("abc", "tiny\n", "--sources", str(source))
    if different == "source":
        source.write_bytes(source.read_bytes() + b"\0")
    packages = ["--packages", "gcc"] if different == "packages" else []
    new = other_builder(builder, tmp_path)
    status, output = new.build("def", "", "--sources", str(source), *packages, *recorded(environment))
    assert status == 0, output
    assert "building quick" in output
