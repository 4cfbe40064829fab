"""pyproject.toml and the locks of other tools, in place of a requirements.txt: taken as they are, for the target."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from awsprov.config.loader import load
from awsprov.errors import AwsprovError, UsageError
from awsprov.packaging.index_access import IndexAccess
from awsprov.packaging.install_target import InstallTarget
from awsprov.packaging.lockfile import Lock
from awsprov.packaging.project_files import READERS, choose_project_file, read_project_file
from tests.unit.packaging.conftest import Serve
from tests.unit.packaging.package_index import wheel

PROJECT = '[project]\nname = "x"\nversion = "0"\ndependencies = ["app>=1", "win; sys_platform == \'win32\'"]\n'
POETRY = '[tool.poetry.dependencies]\npython = "^3.12"\napp = "^1.0"\n'


def resolved(path: Path) -> Lock:
    assert read_project_file(path).problems == []
    return Lock(path, path.with_name("requirements.lock"), InstallTarget("3.12")).resolved(IndexAccess())


@pytest.fixture
def hashes(wheels: Path) -> dict[str, str]:
    """The hash of each wheel; the lock has older versions than the index."""
    found = {
        "app": wheel(wheels, "app", "1.0", needs="dep"),
        "dep": wheel(wheels, "dep", "1.0"),
        "win": wheel(wheels, "win", "1.0"),
    }
    for name in found:
        wheel(wheels, name, "2.0", needs="dep" if name == "app" else "")
    return {name: digest.removeprefix("--hash=") for name, digest in found.items()}


def uv_lock(directory: Path, hashes: dict[str, str]) -> Path:
    (directory / "pyproject.toml").write_text(PROJECT)
    lines = ['version = 1\n[[package]]\nname = "x"\nversion = "0"\nsource = { virtual = "." }\n']
    for name, digest in hashes.items():
        lines.append(
            f'[[package]]\nname = "{name}"\nversion = "1.0"\nsource = {{ registry = "https://pypi.org/simple" }}\n'
            f'wheels = [{{ url = "https://files.example/{name}-1.0-py3-none-any.whl", hash = "{digest}" }}]\n'
        )
    (directory / "uv.lock").write_text("".join(lines))
    return directory / "uv.lock"


def poetry_lock(directory: Path, hashes: dict[str, str]) -> Path:
    (directory / "pyproject.toml").write_text(POETRY)
    (directory / "poetry.lock").write_text(
        "".join(
            f'[[package]]\nname = "{name}"\nversion = "1.0"\n'
            f'files = [{{file = "{name}-1.0-py3-none-any.whl", hash = "{digest}"}}]\n'
            for name, digest in hashes.items()
        )
    )
    return directory / "poetry.lock"


def pipfile_lock(directory: Path, hashes: dict[str, str]) -> Path:
    default: dict[str, Any] = {n: {"version": "==1.0", "hashes": [digest]} for n, digest in hashes.items()}
    default["win"]["markers"] = "sys_platform == 'win32'"
    sources = [{"name": "pypi", "url": "https://pypi.org/simple", "verify_ssl": True}]
    (directory / "Pipfile.lock").write_text(json.dumps({"_meta": {"sources": sources}, "default": default}))
    return directory / "Pipfile.lock"


def pylock(directory: Path, hashes: dict[str, str]) -> Path:
    lines = ['lock-version = "1.0"\ncreated-by = "test"\n']
    for name, digest in hashes.items():
        marker = "marker = \"sys_platform == 'win32'\"\n" if name == "win" else ""
        url = f"https://files.example/{name}-1.0-py3-none-any.whl"
        wheels = f'wheels = [{{ url = "{url}", hashes = {{ sha256 = "{digest[7:]}" }} }}]'
        lines.append(f'[[packages]]\nname = "{name}"\nversion = "1.0"\n{marker}{wheels}\n')
    (directory / "pylock.toml").write_text("".join(lines))
    return directory / "pylock.toml"


WRITERS = [uv_lock, poetry_lock, pipfile_lock, pylock]
Write = Callable[[Path, dict[str, str]], Path]


@pytest.mark.parametrize("write", WRITERS)
def test_a_lock_is_taken_as_it_is_for_the_target(tmp_path: Path, hashes: dict[str, str], write: Write) -> None:
    lock = resolved(write(tmp_path, hashes))
    assert {each.name: each.hash for each in lock.packages} == {name: hashes[name] for name in ("app", "dep")}
    assert {*lock.pins.values()} == {"1.0"}


@pytest.mark.parametrize("write", WRITERS)
def test_other_files_than_those_of_the_lock_are_refused(
    tmp_path: Path, hashes: dict[str, str], wheels: Path, write: Write
) -> None:
    path = write(tmp_path, hashes)
    wheel(wheels, "dep", "1.0", needs="app")
    with pytest.raises(AwsprovError, match="no file on the package index has one of the hashes"):
        resolved(path)


@pytest.mark.parametrize("write", [uv_lock, poetry_lock])
def test_a_lock_that_lacks_a_package_is_refused(tmp_path: Path, hashes: dict[str, str], write: Write) -> None:
    del hashes["dep"]
    with pytest.raises(AwsprovError, match="does not have all packages"):
        resolved(write(tmp_path, hashes))


def test_a_changed_lock_makes_ours_stale(tmp_path: Path, hashes: dict[str, str]) -> None:
    path = uv_lock(tmp_path, hashes)
    lock = resolved(path)
    path.write_text(path.read_text().replace('"1.0"', '"2.0"'))
    assert Lock(path, lock.path, lock.target, draft=lock.text).state == "stale"


def test_a_pyproject_is_resolved_with_its_indexes(tmp_path: Path, serve: Serve) -> None:
    public, private = serve("public"), serve("private")
    public.add("one", "1.0")
    public.add("acme", "9.0")
    private.add("acme", "1.0")
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\nversion = "0"\ndependencies = ["one", "acme"]\n'
        '[tool.uv.sources]\nacme = { index = "private" }\n'
        f'[[tool.uv.index]]\nname = "private"\nurl = "{private.url()}"\nexplicit = true\n'
        f'[[tool.uv.index]]\nname = "public"\nurl = "{public.url()}"\ndefault = true\n'
    )
    assert resolved(tmp_path / "pyproject.toml").pins == {"acme": "1.0", "one": "1.0"}
    assert "acme" not in public.names


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[project]\nname = "x"\ndynamic = ["dependencies"]\n', "dynamic"),
        (POETRY, "poetry lock"),
        ('[project]\ndependencies = ["x @ git+https://example.com/x"]\n', "has to be built"),
        ('[project]\ndependencies = ["x"]\n[tool.uv.sources]\nx = { path = "../x" }\n', "no Python project"),
        ('[project]\ndependencies = ["x"]\n[tool.uv]\noverride-dependencies = ["y"]\n', "override-dependencies"),
        ('[project]\ndependencies = ["x"]\n[[tool.uv.index]]\nurl = "ftp://x"\n', "must begin with"),
        ("[project]\ndependencies = 1\n", "not valid"),
        ("[project]\ndependencies = [1]\n", "not valid"),
        ("project = 1\n", "not valid"),
        ("[", "pyproject.toml"),
    ],
)
def test_what_cannot_be_followed_is_a_problem(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    (found,) = read_project_file(tmp_path / "pyproject.toml").problems
    assert found.startswith("pyproject.toml")
    assert problem in found


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("content", [b"", b"\xff", b"{}", b"[]", b"package = 1", b"packages = [1]", b"[" * 100_000])
def test_no_content_ends_in_another_error(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / name).write_bytes(content)
    for problem in read_project_file(tmp_path / name).problems:
        assert problem.startswith((name, "pyproject.toml"))


def test_a_lock_is_chosen_before_pyproject_toml(tmp_path: Path, hashes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="there is none of"):
        choose_project_file(tmp_path)
    uv_lock(tmp_path, hashes)
    assert choose_project_file(tmp_path).name == "uv.lock"
    (tmp_path / "uv.lock").unlink()
    assert choose_project_file(tmp_path).name == "pyproject.toml"


CONFIG = """
name: demo
region: us-east-1
libraries: {LIBRARIES}
functions:
  main: {source: src, handler: app.handler}
"""


@pytest.fixture
def config(tmp_path: Path) -> Callable[[str], Path]:
    """Write a config.yaml with this section `libraries`."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text("def handler(event, context): ...\n")

    def write(libraries: str) -> Path:
        (tmp_path / "config.yaml").write_text(CONFIG.replace("LIBRARIES", libraries))
        return tmp_path / "config.yaml"

    return write


def test_a_project_is_named_by_its_directory_and_its_own_lock_is_never_overwritten(
    tmp_path: Path, hashes: dict[str, str], config: Callable[[str], Path]
) -> None:
    uv_lock(tmp_path, hashes)
    lock = load(config("project: .")).environment.lock
    assert lock.requirements == tmp_path / "uv.lock"
    assert lock.path == tmp_path / "requirements.lock"
    assert load(config("requirements: pyproject.toml")).environment.lock.requirements.name == "pyproject.toml"


@pytest.mark.parametrize(
    ("libraries", "problem"),
    [
        ("project: .", "there is none of"),
        ("project: missing", "there is no directory"),
        ("project: ., requirements: requirements.txt", "both `requirements` and `project`"),
        ("project: 1", "requirements"),
        ("python: '3.12'", "requirements"),
    ],
)
def test_a_project_without_such_a_file_is_an_error(config: Callable[[str], Path], libraries: str, problem: str) -> None:
    with pytest.raises(UsageError) as refused:
        load(config(libraries))
    assert problem in refused.value.why
