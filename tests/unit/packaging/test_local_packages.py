"""Packages that are directories of this machine: how a change of them is found, and what is built and sent."""

import shutil
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from awsprov.errors import AwsprovError, RefusedError
from awsprov.packaging import local_wheels, uv_process
from awsprov.packaging.index_access import IndexAccess
from awsprov.packaging.install_target import InstallTarget
from awsprov.packaging.installation import installation_of
from awsprov.packaging.local_wheels import BuildNeededError, must_be_built
from awsprov.packaging.lockfile import Lock, changed_sources
from awsprov.packaging.project_files import read_project_file
from awsprov.packaging.requirements import read_requirements
from awsprov.paths import cache_directory
from tests.unit.packaging.package_index import wheel

# A build backend without requirements, in the package itself: nothing is downloaded. It notes its environment.
BACKEND = """
import os, zipfile
NEEDS = "Requires-Dist: one\\n"
def build_wheel(directory, settings=None, metadata=None):
    name = "pkg-1.0-py3-none-any.whl"
    about = "pkg-1.0.dist-info"
    with zipfile.ZipFile(os.path.join(directory, name), "w") as archive:
        archive.write("pkg.py")
        archive.writestr("seen.txt", "\\n".join(f"{key}={os.environ[key]}" for key in sorted(os.environ)))
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\\nName: pkg\\nVersion: 1.0\\n" + NEEDS)
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr(f"{about}/RECORD", "")
    return name
"""
BUILD = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
STATIC = """
[project]
name = "pkg"
version = "1.0"
dependencies = ["one"]
[project.optional-dependencies]
more = ["two"]
"""
DYNAMIC = '[project]\nname = "pkg"\nversion = "1.0"\ndynamic = ["dependencies"]\n'


def write_package(directory: Path, project: str = STATIC) -> Path:
    directory.mkdir(parents=True)
    (directory / "pyproject.toml").write_text(project + BUILD)
    (directory / "backend.py").write_text(BACKEND)
    (directory / "pkg.py").write_text("NUMBER = 1\n")
    return directory


@pytest.fixture
def home(tmp_path: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory beside a package, with wheels of what it requires."""
    monkeypatch.setenv("AWSPROV_CACHE_DIR", str(tmp_path / "own-cache"))
    for name in ("one", "two", "three"):
        wheel(wheels, name, "1.0")
    write_package(tmp_path / "pkg")
    (tmp_path / "app").mkdir()
    return tmp_path / "app"


def lock_of(home: Path, requirements: str, **more: Any) -> Lock:
    (home / "requirements.txt").write_text(requirements)
    return Lock(home / "requirements.txt", home / "requirements.lock", InstallTarget("3.12"), **more)


def built_files() -> list[Path]:
    return list(cache_directory().rglob("*.whl"))


@pytest.mark.parametrize(
    "line", ["-e ../pkg", "--editable=../pkg", "../pkg", "pkg @ file://{parent}/pkg", "{parent}/pkg"]
)
def test_a_directory_is_locked_without_a_build_by_the_hash_of_its_files(home: Path, line: str) -> None:
    lock = lock_of(home, line.format(parent=home.parent) + "\n").resolved(IndexAccess())
    assert lock.pins == {"one": "1.0", "pkg": "1.0"}
    assert lock.packages[1].file == "../pkg/"
    assert built_files() == []
    again = lock_of(home, lock.requirements.read_text(), draft=lock.text)
    assert (again.state, again.packages) == ("fresh", lock.packages)


def test_extras_and_markers_hold(home: Path) -> None:
    lock = lock_of(home, "../pkg[more] ; python_version >= '3.12'\n").resolved(IndexAccess())
    assert lock.pins == {"one": "1.0", "pkg": "1.0", "two": "1.0"}
    assert lock_of(home, "../pkg ; python_version < '3'\n").resolved(IndexAccess()).packages == []


@pytest.mark.parametrize(
    ("change", "state"),
    [
        (lambda pkg: (pkg / "pkg.py").write_text("NUMBER = 2\n"), "stale"),
        (lambda pkg: (pkg / "more.py").write_text(""), "stale"),
        (lambda pkg: (pkg / "pkg.py").touch(), "fresh"),
        (lambda pkg: (pkg / "build").mkdir() or (pkg / "build" / "x").write_text(""), "fresh"),
        (lambda pkg: (pkg / ".git").mkdir() or (pkg / ".git" / "x").write_text(""), "fresh"),
        (lambda pkg: (pkg / "requirements.lock").write_text(""), "fresh"),
    ],
)
def test_the_lock_is_stale_once_a_file_has_other_contents(
    home: Path, change: Callable[[Path], object], state: str
) -> None:
    lock = lock_of(home, "-e ../pkg\n").resolved(IndexAccess())
    change(home.parent / "pkg")
    after = lock_of(home, "-e ../pkg\n", draft=lock.text)
    assert after.state == state
    if state == "stale":
        assert changed_sources(lock, after.resolved(IndexAccess())) == ["~ pkg 1.0, whose files have changed"]


def test_the_wheel_is_built_for_the_installation_once_and_without_credentials(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    monkeypatch.setenv("GITHUB_TOKEN", "hunter2")
    lock = lock_of(home, "-e ../pkg\n").resolved(IndexAccess())
    sent = installation_of(lock, "sent", IndexAccess())
    path = sent.wheels["pkg-1.0-py3-none-any.whl"]
    assert f"sent/{path.name} --hash={local_wheels.file_hash(path)}\n" in sent.requirements
    assert b"hunter2" not in path.read_bytes()
    assert f"HOME={Path.home()}\n".encode() not in path.read_bytes()
    assert sorted(each.name for each in (home.parent / "pkg").iterdir()) == ["backend.py", "pkg.py", "pyproject.toml"]
    monkeypatch.setattr(uv_process, "run", None)
    assert installation_of(lock, "sent", IndexAccess()).wheels == sent.wheels


def test_a_directory_that_changed_or_that_the_requirements_do_not_name_is_not_built(home: Path) -> None:
    lock = lock_of(home, "-e ../pkg\n").resolved(IndexAccess())
    other = write_package(home.parent / "other")
    forged = lock_of(home, "-e ../pkg\n", draft=lock.text.replace("../pkg/", f"../{other.name}/"))
    (home.parent / "pkg" / "pkg.py").write_text("NUMBER = 2\n")
    for each in (lock_of(home, "-e ../pkg\n", draft=lock.text), forged):
        with pytest.raises(AwsprovError, match="has changed since it was locked"):
            installation_of(each, "sent", IndexAccess())
    assert built_files() == []


def test_a_package_with_dynamic_metadata_is_built_to_resolve_only_if_that_is_allowed(home: Path) -> None:
    write_package(home.parent / "dynamic", DYNAMIC)
    lock = lock_of(home, "-e ../dynamic\n")
    with pytest.raises(RefusedError, match="has to be built"):
        lock.resolved(IndexAccess())
    assert lock.resolved(IndexAccess(), build=True).pins == {"one": "1.0", "pkg": "1.0"}
    assert lock.resolved(IndexAccess()).pins == {"one": "1.0", "pkg": "1.0"}


# ---- with compiled code

SDIST = """
import io, tarfile
def build_sdist(directory, settings=None):
    about = b"Metadata-Version: 2.1\\nName: pkg\\nVersion: 1.0\\nRequires-Dist: two\\n"
    with tarfile.open(os.path.join(directory, "pkg-1.0.tar.gz"), "w:gz") as archive:
        info = tarfile.TarInfo("pkg-1.0/PKG-INFO")
        info.size = len(about)
        archive.addfile(info, io.BytesIO(about))
    return "pkg-1.0.tar.gz"
"""


def compiled(home: Path) -> Path:
    """Give the package a backend whose wheel is for this machine."""
    backend = home.parent / "pkg" / "backend.py"
    backend.write_text(BACKEND.replace("py3-none-any.whl", "cp312-cp312-linux_x86_64.whl"))
    return backend


def test_a_wheel_with_compiled_code_is_refused_with_the_setting_that_compiles_it(home: Path) -> None:
    compiled(home)
    lock = lock_of(home, "../pkg\n")
    elsewhere = replace(lock, target=InstallTarget("3.12", "x86_64-manylinux_2_28"))
    with pytest.raises(AwsprovError, match="has compiled code") as refused:
        elsewhere.resolved(IndexAccess(), build=True)
    assert "`build: [pkg]`" in refused.value.remedy


def test_it_is_sent_as_its_source_if_the_builder_builds_it(home: Path) -> None:
    compiled(home).write_text("raise SystemExit('it was run')\n")
    lock = lock_of(home, "../pkg[more]\n", built=("pkg",)).resolved(IndexAccess(), build=True)
    assert lock.pins == {"one": "1.0", "pkg": "1.0", "two": "1.0"}
    assert [each.name for each in lock.sources] == ["pkg"]
    sent = installation_of(lock, "sent", IndexAccess())
    (source,) = sent.sources
    assert "pkg" not in sent.requirements
    with tarfile.open(source) as archive:
        names = ["pkg-1.0/backend.py", "pkg-1.0/pkg.py", "pkg-1.0/pyproject.toml"]
        assert (source.name, archive.getnames()) == ("pkg-1.0.tar.gz", names)
    content = source.read_bytes()
    source.unlink()
    (home.parent / "pkg" / "pkg.py").touch()
    assert installation_of(lock, "sent", IndexAccess()).sources[0].read_bytes() == content  # the builder knows it again


def test_its_dynamic_metadata_is_learned_without_compiling(home: Path) -> None:
    write_package(home.parent / "dynamic", DYNAMIC)
    (home.parent / "dynamic" / "backend.py").write_text(f"import os\n{SDIST}")
    lock = lock_of(home, "../dynamic\n", built=("pkg",))
    (package,) = lock.wanted.local
    assert must_be_built(package, lock.built, lock.wanted)
    with pytest.raises(BuildNeededError):
        lock.resolved(IndexAccess())
    found = lock.resolved(IndexAccess(), build=True)
    assert found.pins == {"pkg": "1.0", "two": "1.0"}
    assert not must_be_built(package, lock.built, lock.wanted)
    assert lock.resolved(IndexAccess()).pins == found.pins
    assert [path.name for path in installation_of(found, "sent", IndexAccess()).sources] == ["pkg-1.0.tar.gz"]


def test_a_build_that_fails_shows_its_output(home: Path) -> None:
    (home.parent / "pkg" / "backend.py").write_text("raise ImportError('no such compiler')\n")
    with pytest.raises(AwsprovError) as failed:
        lock_of(home, "-e ../pkg\n").resolved(IndexAccess(), build=True)
    assert "no such compiler" in failed.value.why


WORKSPACE = """
[project]
name = "app"
version = "1"
dependencies = ["member", "three"]
[tool.uv.workspace]
members = ["members/*"]
[tool.uv.sources]
member = { workspace = true }
"""
MEMBER = """
[project]
name = "member"
version = "1.0"
dependencies = ["pkg"]
[tool.uv.sources]
pkg = { path = "../../../pkg" }
"""


def uv_project(home: Path) -> Path:
    (home / "pyproject.toml").write_text(WORKSPACE)
    return home / "pyproject.toml"


def uv_lock(home: Path) -> Path:
    uv_project(home)
    sources = {"app": '{ editable = "." }', "member": '{ editable = "members/one" }', "pkg": '{ directory = "../pkg" }'}
    lines = [f'[[package]]\nname = "{name}"\nversion = "1.0"\nsource = {sources[name]}\n' for name in sources]
    (home / "uv.lock").write_text("version = 1\n" + "".join(lines) + registry(home, "uv"))
    return home / "uv.lock"


def registry(home: Path, tool: str) -> str:
    """Return the entries of packages that are not directories."""
    lines = []
    for name in ("one", "three"):
        file = home.parent / "wheels" / f"{name}-1.0-py3-none-any.whl"
        digest = local_wheels.file_hash(file)
        entry = f'{{ url = "https://x.example/{file.name}", file = "{file.name}", hash = "{digest}" }}'
        lines.append(f'[[package]]\nname = "{name}"\nversion = "1.0"\n')
        source = 'source = { registry = "https://pypi.org/simple" }\n'
        lines.append(f"{source}wheels = [{entry}]\n" if tool == "uv" else f"files = [{entry}]\n")
    return "".join(lines)


def poetry_lock(home: Path) -> Path:
    (home / "pyproject.toml").write_text(
        '[tool.poetry.dependencies]\npython = "^3.12"\nthree = "1.0"\n'
        'member = { path = "members/one", develop = true }\n'
    )
    paths = {"member": "members/one", "pkg": "../pkg"}
    lines = [
        f'[[package]]\nname = "{name}"\nversion = "1.0"\nfiles = []\n'
        f'[package.source]\ntype = "directory"\nurl = "{paths[name]}"\n'
        for name in paths
    ]
    (home / "poetry.lock").write_text("".join(lines) + registry(home, "poetry"))
    return home / "poetry.lock"


@pytest.mark.parametrize("write", [uv_project, uv_lock, poetry_lock])
def test_members_of_a_workspace_and_paths_of_other_tools_are_built(home: Path, write: Callable[[Path], Path]) -> None:
    (home / "members" / "one").mkdir(parents=True)
    (home / "members" / "one" / "pyproject.toml").write_text(MEMBER)
    path = write(home)
    assert read_project_file(path).problems == []
    lock = Lock(path, home / "requirements.lock", InstallTarget("3.12")).resolved(IndexAccess())
    assert lock.pins == {"member": "1.0", "one": "1.0", "pkg": "1.0", "three": "1.0"}
    assert {each.name: each.file for each in lock.packages if each.is_local} == {
        "member": "members/one/",
        "pkg": "../pkg/",
    }


@pytest.mark.parametrize(
    "line", ["-e ../app", "../app", "-e git+https://example.com/x", "../pkg --hash=sha256:" + "0" * 64]
)
def test_what_is_no_python_project_is_a_problem(home: Path, line: str) -> None:
    (home / "requirements.txt").write_text(f"one\n{line}\n")
    (problem,) = read_requirements(home / "requirements.txt").problems
    assert problem.startswith("requirements.txt:2: ")


def test_the_directory_of_the_requirements_itself_can_be_the_package(home: Path) -> None:
    shutil.copytree(home.parent / "pkg", home, dirs_exist_ok=True)
    lock = lock_of(home, "-e .\n").resolved(IndexAccess())
    lock.write()
    assert lock_of(home, "-e .\n").state == "fresh"
    assert lock.packages[1].file == "./"
