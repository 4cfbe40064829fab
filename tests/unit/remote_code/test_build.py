"""The builder's program that builds an environment on its own disk: pip, compilation, manifest, start pack."""

import json
import os
import signal
import subprocess
import tarfile
from pathlib import Path

import pytest

from awsprov.packaging.file_environment import FileEnvironment
from awsprov.remote_code.builder import build, workspace
from tests.unit.remote_code.builder_programs import FILES, Builder, ended, manifest, wheel
from tests.unit.remote_code.peak_memory import peak_memory


def site(builder: Builder, name: str = "abc") -> Path:
    return builder.work / "builds" / name / "site"


def test_a_build_is_complete_and_on_the_builder_only(builder: Builder) -> None:
    status, output = builder.build()
    assert status == 0, output
    assert (builder.built, builder.published, builder.leftovers) == (["abc"], [], [])
    found = manifest(builder.work / "builds" / "abc")
    assert (found["name"], found["packages"]) == ("abc", {"tiny": "1.0"})
    on_disk = {path.relative_to(site(builder)).as_posix() for path in site(builder).rglob("*") if path.is_file()}
    assert set(found["files"]) == on_disk


def test_everything_is_compiled_so_that_no_function_has_to(builder: Builder) -> None:
    builder.build()
    sources = list(site(builder).rglob("*.py"))
    assert sources
    for source in sources:
        compiled = list((source.parent / "__pycache__").glob(f"{source.stem}.*.pyc"))
        assert len(compiled) == 1
        assert compiled[0].read_bytes()[4:8] == b"\x01\x00\x00\x00"  # by hash, and not checked: no time stamps


def test_the_same_libraries_give_the_same_files(builder: Builder) -> None:
    more = {"tiny/sets.py": b"def f(x):\n    return x in {'a', 'b', 'c', 'd', 'e'}\n"}
    wheel(builder.wheels, more=more)
    builder.build("abc")
    first = manifest(builder.work / "builds" / "abc")["files"]
    builder.build("abd")
    assert manifest(builder.work / "builds" / "abd")["files"] == first


def test_files_that_are_not_python_stay_as_they_are(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FILES, "tiny/template.py", "{{ name }} = {% nothing %}\n")
    wheel(builder.wheels)
    status, output = builder.build()
    assert status == 0, output
    assert (site(builder) / "tiny" / "template.py").exists()
    assert list((site(builder) / "tiny" / "__pycache__").glob("__init__.*.pyc"))


@pytest.mark.parametrize("names", [[], ["one.py"]])
def test_nothing_else_on_the_path_is_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: list[str]
) -> None:
    own, other = tmp_path / "own", tmp_path / "other"  # the other one as the standard library is
    for directory in (own, other):
        directory.mkdir()
        (directory / "one.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(other))
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    build._compile(own, names)
    assert (own / "__pycache__").exists() is bool(names)
    assert not (other / "__pycache__").exists()


def test_a_compiler_that_was_killed_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess((), -9))
    with pytest.raises(subprocess.CalledProcessError):
        build._compile_some(tmp_path, [])


def test_twice_is_once(builder: Builder) -> None:
    builder.build()
    before = {path: path.stat().st_mtime_ns for path in site(builder).rglob("*")}
    status, output = builder.build(PIP_FIND_LINKS="/nowhere")
    assert status == 0
    assert "is already built" in output
    assert {path: path.stat().st_mtime_ns for path in site(builder).rglob("*")} == before


def test_another_build_takes_the_place_of_the_last_one(builder: Builder) -> None:
    builder.build("abc")
    wheel(builder.wheels, "other")
    builder.build("def", "tiny\nother\n")
    assert builder.built == ["def"]


def test_a_failure_of_pip_is_shown_and_leaves_nothing(builder: Builder) -> None:
    status, output = builder.build(requirements="tiny\nnothing-of-that-name==9\n")
    assert status == workspace.PIP_FAILED
    assert "nothing-of-that-name==9" in output
    assert (builder.built, builder.leftovers) == ([], [])


def test_downloads_stay_until_a_build_is_complete(builder: Builder) -> None:
    downloads = builder.work / "pip-cache"
    downloads.mkdir()
    builder.build(requirements="tiny\nnothing-of-that-name==9\n")
    assert downloads.exists()
    builder.build()
    assert not downloads.exists()


def test_no_setup_script_runs(builder: Builder, tmp_path: Path) -> None:
    witness = tmp_path / "it-ran"
    source = tmp_path / "evil-1.0"
    source.mkdir()
    (source / "setup.py").write_text(f"open({str(witness)!r}, 'w')\nfrom setuptools import setup\nsetup(name='evil')\n")
    with tarfile.open(builder.wheels / "evil-1.0.tar.gz", "w:gz") as archive:
        archive.add(source, "evil-1.0")
    status, _ = builder.build(requirements="evil\n")
    assert status == workspace.PIP_FAILED
    assert not witness.exists()
    assert builder.built == []


def test_a_killed_build_leaves_none_and_the_next_one_finishes(builder: Builder) -> None:
    wheel(builder.wheels, "big", extra=400)
    with builder.start_build("abc", "tiny\nbig\n") as process:
        assert process.stdout
        assert any("compiling" in line for line in process.stdout)
        os.killpg(process.pid, signal.SIGKILL)
    assert "abc" not in builder.built
    status, output = builder.build("abc", "tiny\nbig\n")
    assert status == 0, output
    assert (builder.built, builder.leftovers) == (["abc"], [])
    assert len([name for name in manifest(builder.work / "builds" / "abc")["files"] if "big/many/" in name]) == 800


def test_two_builds_at_once_are_one(builder: Builder) -> None:
    processes = [builder.start_build("abc", "tiny\n") for _ in range(2)]
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    assert sorted("is already built" in each for each in outputs) == [False, True]
    assert builder.leftovers == []


def test_a_build_continues_without_its_session_and_the_next_one_waits_for_it(builder: Builder) -> None:
    wheel(builder.wheels, "big", extra=400)
    with builder.start_build("abc", "tiny\nbig\n") as process:
        assert process.stdout
        assert any("Successfully installed" in line for line in process.stdout)
        process.stdout.close()  # as sshd does when the client is gone
        status, output = builder.build("abc", "tiny\nbig\n", PIP_FIND_LINKS="/nowhere")
    assert status == 0, output
    assert "waiting for an earlier installation" in output
    assert "is already built" in output


# ---- memory and disk


def test_temporary_files_are_on_the_disk_and_in_the_working_directory_only(builder: Builder, tmp_path: Path) -> None:
    wheel(builder.wheels, "big", more={"big/data.bin": bytes(30_000_000)})
    elsewhere = tmp_path / "in-memory"
    elsewhere.mkdir(mode=0o500)
    before = {path for path in tmp_path.rglob("*") if builder.work not in path.parents}
    untouched = elsewhere.stat().st_mtime_ns
    path = f"{builder.commands}:/usr/bin:/bin"  # without Rust, whose version pip asks for
    environment = {"TMPDIR": str(elsewhere), "HOME": str(elsewhere), "PATH": path}
    status, output = builder.build("abc", "tiny\nbig\n", builder.handlers("import big\n"), **environment)
    assert status == 0, output
    assert {path for path in tmp_path.rglob("*") if builder.work not in path.parents} == before
    assert elsewhere.stat().st_mtime_ns == untouched
    assert builder.leftovers == []


@pytest.mark.parametrize(
    "packages",
    [
        pytest.param(1, marks=pytest.mark.thorough, id="400 MB"),
        pytest.param(8, marks=[pytest.mark.real, pytest.mark.thorough, pytest.mark.timeout(1800)], id="3 GB"),
    ],
)
def test_memory_is_bounded_and_only_the_disk_is_written_to_whatever_the_size(
    builder: Builder, tmp_path: Path, packages: int
) -> None:
    large, limit = 400_000_000, 350_000_000
    (builder.home / "model").mkdir()
    with (builder.home / "model" / "model.bin").open("wb") as file:
        file.truncate(large)
    names = [f"big{number}" for number in range(packages)]
    for name in names:
        wheel(builder.wheels, name, more={f"{name}/data.bin": name.encode() * (large // len(name))})
    files = FileEnvironment(builder.home / "model")
    code = f"import os, {', '.join(names)}\nopen(os.environ['PYTHONPATH'] + '/big0/data.bin', 'rb')\n"
    elsewhere = tmp_path / "in-memory"
    elsewhere.mkdir()
    builder.memory = limit
    with peak_memory(os.getpid()) as peak, pytest.MonkeyPatch.context() as patch:
        for variable, value in {"TMPDIR": elsewhere, "HOME": elsewhere, "PATH": "/usr/bin:/bin"}.items():
            patch.setenv(variable, str(value))  # the path is without Rust, whose version pip asks for
        assert builder.receive(files)[0] == 0
        options = f"--files={files.name}", builder.handlers(code)
        environment = builder.install("abc", "".join(f"{name}\n" for name in names), *options)
        assert ended(builder.start_publish(files.name, "files"))[0] == 0
        for name in ("abc", files.name):
            verified = ended(builder.start("verify", f"--root={builder.root}", f"--name={name}"))
            assert json.loads(verified[1])["differing"] == 0
    assert (builder.root / "envs" / files.name / "files" / "model.bin").stat().st_size == large
    assert sum(path.stat().st_size for path in environment.rglob("*.bin")) == large * packages
    index = json.loads((environment / "awsprov-start.json").read_text())
    assert index["bytes"] > large
    assert 10_000_000 < peak.size < 600_000_000
    assert not list(elsewhere.iterdir())
    assert not builder.leftovers
