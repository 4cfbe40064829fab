"""The builder's script that installs an environment, run here: pip, compilation, copies, manifest and rename."""

import base64
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest

from awsprov.remote_code.builder import install

SCRIPT = Path(__file__).parents[3] / "awsprov" / "remote_code" / "builder" / "install.py"
FILES = {"tiny/__init__.py": "ANSWER = 42\n", "tiny/deep/__init__.py": "", "tiny/deep/data.txt": "data\n" * 100}


def wheel(directory: Path, name: str = "tiny", version: str = "1.0", extra: int = 0) -> None:
    """Write a wheel of pure Python."""
    files = {path.replace("tiny", name): text for path, text in FILES.items()}
    files |= {f"{name}/many/m{n}.py": f"N = {n}\n" for n in range(extra)}
    info = f"{name}-{version}.dist-info"
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    files[f"{info}/WHEEL"] = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    digests = {path: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()) for path, text in files.items()}
    record = [f"{path},sha256={digests[path].decode().rstrip('=')},{len(text)}" for path, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,"]) + "\n"
    with zipfile.ZipFile(directory / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)


@dataclass
class Builder:
    """Directories for the file system and the builder's home, and the wheels that pip finds."""

    root: Path
    home: Path
    wheels: Path

    def start(self, name: str = "abc", requirements: str = "tiny\n", **environment: str) -> "subprocess.Popen[str]":
        """The script, as the session runs it."""
        (self.home / "requirements.txt").write_text("".join(map(self.pinned, requirements.splitlines())))
        command = [sys.executable, str(self.home / "install.py"), "--root", str(self.root), "--name", name]
        pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels), "PIP_CONFIG_FILE": os.devnull}
        return subprocess.Popen(
            [*command, "--requirements", str(self.home / "requirements.txt")],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **pip, **environment},
            start_new_session=True,
        )

    def pinned(self, requirement: str) -> str:
        """A line of a lock: the hash is that of the wheel, where there is one."""
        name, _, version = requirement.partition("==")
        found = next(self.wheels.glob(f"{name}-*.whl"), None)
        digest = hashlib.sha256(found.read_bytes() if found else b"").hexdigest()
        return f"{name}=={version or '1.0'} --hash=sha256:{digest}\n"

    def install(self, name: str = "abc", requirements: str = "tiny\n", **environment: str) -> tuple[int, str]:
        """Its exit status and what it printed."""
        with self.start(name, requirements, **environment) as process:
            result, _ = process.communicate(timeout=120)
            return process.returncode, result

    @property
    def published(self) -> list[str]:
        """What a function could find."""
        return sorted(path.name for path in (self.root / "envs").iterdir() if not path.name.startswith("."))


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    made = Builder(tmp_path / "efs", tmp_path / "home", tmp_path / "wheels")
    for directory in (made.root, made.home, made.wheels):
        directory.mkdir()
    for script in ("install.py", "slim.py"):
        (made.home / script).write_bytes(SCRIPT.with_name(script).read_bytes())
    wheel(made.wheels)
    return made


def leftovers(builder: Builder) -> list[str]:
    scratch = [path.name for path in (builder.root / "envs").iterdir() if path.name.startswith(".")]
    return scratch + [path.name for path in builder.home.iterdir() if path.is_dir()]


def test_an_environment_is_published_complete(builder: Builder) -> None:
    status, result = builder.install()
    assert status == 0, result
    environment = builder.root / "envs" / "abc"
    assert builder.published == ["abc"]
    assert leftovers(builder) == []
    manifest = json.loads((environment / "manifest.json").read_text())
    assert manifest["name"] == "abc"
    assert manifest["packages"] == {"tiny": "1.0"}
    found = {
        path.relative_to(environment).as_posix(): path.stat().st_size
        for path in environment.rglob("*")
        if path.is_file()
    }
    assert {**manifest["files"], "manifest.json": found["manifest.json"]} == found


def test_what_is_published_can_be_imported(builder: Builder) -> None:
    builder.install()
    ran = subprocess.run(
        [sys.executable, "-B", "-c", "import tiny; print(tiny.ANSWER)"],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(builder.root / "envs" / "abc")},
    )
    assert ran.stdout == "42\n"


def test_everything_is_compiled_so_that_no_function_has_to(builder: Builder) -> None:
    builder.install()
    environment = builder.root / "envs" / "abc"
    sources = list(environment.rglob("*.py"))
    assert sources
    for source in sources:
        compiled = list((source.parent / "__pycache__").glob(f"{source.stem}.*.pyc"))
        assert len(compiled) == 1
        assert compiled[0].read_bytes()[4:8] == b"\x01\x00\x00\x00"  # by hash, and not checked: no time stamps


def test_files_that_are_not_python_are_copied_unchanged(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FILES, "tiny/template.py", "{{ name }} = {% nothing %}\n")
    wheel(builder.wheels)
    status, result = builder.install()
    assert status == 0, result
    assert (builder.root / "envs" / "abc" / "tiny" / "template.py").exists()
    assert list((builder.root / "envs" / "abc" / "tiny" / "__pycache__").glob("__init__.*.pyc"))


@pytest.mark.parametrize(("ends", "fine"), [("pass", True), ("sys.exit(1)", True), ("os.abort()", False)])
def test_a_compiler_that_was_killed_is_an_error(ends: str, fine: bool) -> None:
    compiling = subprocess.Popen([sys.executable, "-c", f"import os, sys; {ends}"])
    with nullcontext() if fine else pytest.raises(subprocess.CalledProcessError):
        install._wait_for_bytecode(compiling)


def test_another_user_may_read_it_and_not_write(builder: Builder) -> None:
    before = os.umask(0o022)
    try:
        builder.install()
    finally:
        os.umask(before)
    for path in [builder.root / "envs", *(builder.root / "envs").rglob("*")]:
        mode = path.stat().st_mode & 0o777
        assert mode == (0o755 if path.is_dir() else 0o644), path


def test_twice_is_once(builder: Builder) -> None:
    builder.install()
    before = {path: path.stat().st_mtime_ns for path in (builder.root / "envs").rglob("*")}
    status, result = builder.install(PIP_FIND_LINKS="/nowhere")
    assert status == 0
    assert "is already published" in result
    assert {path: path.stat().st_mtime_ns for path in (builder.root / "envs").rglob("*")} == before


def test_another_name_is_another_environment(builder: Builder) -> None:
    builder.install("abc")
    wheel(builder.wheels, "other")
    builder.install("def", "tiny\nother\n")
    assert builder.published == ["abc", "def"]
    assert not (builder.root / "envs" / "abc" / "other").exists()


def test_a_failure_of_pip_is_shown_and_publishes_nothing(builder: Builder) -> None:
    status, result = builder.install(requirements="tiny\nnothing-of-that-name==9\n")
    assert status != 0
    assert "nothing-of-that-name==9" in result
    assert builder.published == []
    assert leftovers(builder) == []


def test_no_setup_script_runs(builder: Builder, tmp_path: Path) -> None:
    witness = tmp_path / "it-ran"
    source = tmp_path / "evil-1.0"
    source.mkdir()
    (source / "setup.py").write_text(f"open({str(witness)!r}, 'w')\nfrom setuptools import setup\nsetup(name='evil')\n")
    import tarfile  # noqa: PLC0415 - here only

    with tarfile.open(builder.wheels / "evil-1.0.tar.gz", "w:gz") as archive:
        archive.add(source, "evil-1.0")
    status, _ = builder.install(requirements="evil\n")
    assert status != 0
    assert not witness.exists()
    assert builder.published == []


@pytest.mark.parametrize("moment", ["compiling", "copying"])
def test_a_killed_installation_publishes_nothing_and_the_next_one_finishes(builder: Builder, moment: str) -> None:
    wheel(builder.wheels, "big", extra=400)
    with builder.start(requirements="tiny\nbig\n") as process:
        assert process.stdout
        for line in process.stdout:
            if moment in line:
                break
        if moment == "copying":
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
    assert builder.published in ([], ["abc"])
    for environment in builder.published:  # it was quicker than the signal
        assert (builder.root / "envs" / environment / "manifest.json").exists()
    status, result = builder.install(requirements="tiny\nbig\n")
    assert status == 0, result
    assert builder.published == ["abc"]
    files = json.loads((builder.root / "envs" / "abc" / "manifest.json").read_text())["files"]
    assert len([name for name in files if name.startswith("big/many/") and name.endswith(".py")]) == 400
    assert [name for name in leftovers(builder) if name.startswith(".abc")] == []


def test_leftovers_of_a_killed_installation_do_no_harm(builder: Builder) -> None:
    import socket  # noqa: PLC0415 - here only

    scratch = builder.root / "envs" / f".abc.{socket.gethostname()}"
    (scratch / "half").mkdir(parents=True)
    status, result = builder.install()
    assert status == 0, result
    assert not (builder.root / "envs" / "abc" / "half").exists()


def test_two_installations_at_once_publish_one_environment(builder: Builder) -> None:
    processes = [builder.start(), builder.start()]
    result = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], result
    assert sorted("is already published" in each for each in result) == [False, True]
    assert builder.published == ["abc"]
    assert leftovers(builder) == []


def test_an_installation_continues_without_its_session_and_the_next_one_waits_for_it(builder: Builder) -> None:
    wheel(builder.wheels, "big", extra=400)
    with builder.start(requirements="tiny\nbig\n") as process:
        assert process.stdout
        assert any("Successfully installed" in line for line in process.stdout)
        process.stdout.close()  # as sshd does when the client is gone
        status, result = builder.install(requirements="tiny\nbig\n", PIP_FIND_LINKS="/nowhere")
    assert status == 0, result
    assert "waiting for an earlier installation" in result
    assert "is already published" in result
    assert builder.published == ["abc"]
    assert leftovers(builder) == []


def test_another_builder_may_publish_first(builder: Builder, tmp_path: Path) -> None:
    builder.install()
    other = Builder(tmp_path / "efs2", tmp_path / "home2", builder.wheels)
    other.root.mkdir()
    other.home.mkdir()
    (other.home / "slim.py").write_bytes(SCRIPT.with_name("slim.py").read_bytes())
    (other.home / "install.py").write_bytes(
        SCRIPT.read_bytes().replace(
            b"    _publish(scratch, target)", b"    _publish(scratch, Path(os.environ['THERE']))"
        )
    )
    there = builder.root / "envs" / "abc"
    before = (there / "manifest.json").stat().st_ino
    status, result = other.install(THERE=str(there))
    assert status == 0, result
    assert (there / "manifest.json").stat().st_ino == before
    assert leftovers(other) == []
