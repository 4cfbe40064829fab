"""The builder's program that publishes an environment: copies, links, manifest and rename."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from awsprov.remote_code.builder import publish, tree
from tests.unit.remote_code.builder_programs import Builder, manifest, wheel


def facts(output: str) -> dict[str, str]:
    """Return the facts in the last line of the output."""
    return dict(word.split("=") for word in output.splitlines()[-1].split())


FILES = {"tiny/__init__.py": b"ANSWER = 42\n", "tiny/deep/__init__.py": b"", "tiny/deep/data.txt": b"data\n" * 100}
BIG = {f"big/part{n}.bin": bytes([n]) * 100_000 for n in range(250)}


def installed(builder: Builder, name: str = "abc", files: Mapping[str, bytes] = FILES) -> Path:
    """Publish an environment with these files; return it."""
    environment = builder.fill(name, files)
    status, output = builder.publish(name)
    assert status == 0, output
    return environment


def test_an_environment_is_published_complete(builder: Builder) -> None:
    environment = installed(builder)
    assert (builder.published, builder.leftovers) == (["abc"], [])
    on_disk = {path.relative_to(environment).as_posix() for path in environment.rglob("*") if path.is_file()}
    assert {*manifest(environment)["files"], "manifest.json"} == on_disk
    assert (environment / "tiny" / "deep" / "data.txt").read_bytes() == FILES["tiny/deep/data.txt"]


def test_what_is_built_and_published_can_be_imported(builder: Builder) -> None:
    environment = builder.install()
    code = [sys.executable, "-B", "-c", "import tiny; print(tiny.ANSWER)"]
    ran = subprocess.run(code, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(environment)})
    assert ran.stdout == "42\n"


def test_what_was_not_built_is_not_published(builder: Builder) -> None:
    status, output = builder.publish()
    assert status == publish.NOT_BUILT, output
    assert builder.published == []


def test_twice_is_once_and_needs_no_build(builder: Builder) -> None:
    environment = installed(builder)
    before = {path: path.stat().st_mtime_ns for path in environment.rglob("*")}
    shutil.rmtree(builder.work / "builds")
    status, output = builder.publish()
    assert status == 0
    assert "is already published" in output
    assert facts(output)["files"] == str(len(FILES))
    assert {path: path.stat().st_mtime_ns for path in environment.rglob("*")} == before


def test_nobody_writes_to_what_is_published(builder: Builder) -> None:
    environment = installed(builder)
    for path in [environment, *environment.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o755 if path.is_dir() else 0o444), path


@pytest.mark.parametrize("moment", ["copying", "manifest"])
def test_a_killed_copy_publishes_nothing_and_the_next_one_finishes(builder: Builder, moment: str) -> None:
    environment = builder.fill("abc", BIG)
    with builder.start_publish("abc") as process:
        assert process.stdout
        assert any(moment in line for line in process.stdout)
        os.killpg(process.pid, signal.SIGKILL)
    assert builder.published == [] or (environment / "manifest.json").exists()  # it was quicker than the signal
    status, output = builder.publish("abc")
    assert status == 0, output
    assert (builder.published, builder.leftovers) == (["abc"], [])
    assert check(builder, "abc")["differing"] == 0


def test_leftovers_of_a_killed_copy_do_no_harm(builder: Builder) -> None:
    (builder.root / "envs" / f".abc.{socket.gethostname()}" / "half").mkdir(parents=True)
    assert not (installed(builder) / "half").exists()


def test_a_copy_continues_without_its_session_and_the_next_build_waits_for_it(builder: Builder) -> None:
    builder.fill("abc", BIG)
    with builder.start_publish("abc") as process:
        assert process.stdout
        process.stdout.readline()
        process.stdout.close()  # as sshd does when the client is gone
        status, output = builder.build("abc", PIP_FIND_LINKS="/nowhere")
    assert status == 0, output
    assert "is already built" in output
    assert "is already published" in builder.publish()[1]


def test_another_builder_may_publish_first(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = installed(builder)
    before, content = (environment / "manifest.json").stat().st_ino, (environment / "manifest.json").read_bytes()
    publish._copy(builder.work / "builds" / "abc" / "site", content, environment)
    assert (environment / "manifest.json").stat().st_ino == before
    assert builder.leftovers == []


# ---- copies are faithful


def test_programs_stay_executable_from_the_wheel_on(builder: Builder) -> None:
    wheel(builder.wheels, "tool", more={"tool/run": b"#!/bin/sh\n"}, programs=["tool/run"])
    environment = builder.install("abc", "tool\n")
    assert stat.S_IMODE((environment / "tool" / "run").stat().st_mode) == 0o555


def test_names_can_be_any_bytes(builder: Builder) -> None:
    name = os.fsdecode(b"caf\xe9 \xff.bin")
    environment = installed(builder, files={name: b"model"})
    assert (environment / name).read_bytes() == b"model"
    assert check(builder, "abc")["differing"] == 0


def test_links_are_copied_as_links(tmp_path: Path) -> None:
    source, target = tmp_path / "a", tmp_path / "b"
    (source / "deep").mkdir(parents=True)
    target.mkdir()
    (source / "link").symlink_to("deep")
    (source / "dangling").symlink_to("nowhere")
    entries = tree.describe_all(source, 1)
    assert entries == {"link": {"link": "deep"}, "dangling": {"link": "nowhere"}}
    for name, entry in entries.items():
        tree.copy(source / name, target / name, entry)
    assert tree.describe_all(target, 1) == entries


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda file: file.write_text("ANSWER = 43\n"), "changed after it was built"),
        (lambda file: file.unlink(), "was deleted after it was built"),
    ],
)
def test_a_build_whose_files_changed_is_not_published_but_deleted(
    builder: Builder, change: Callable[[Path], object], reason: str
) -> None:
    builder.fill("abc", FILES)
    change(builder.work / "builds" / "abc" / "site" / "tiny" / "__init__.py")
    with pytest.raises(tree.ChangedError, match=reason):
        builder.publish()
    assert builder.published == []
    assert builder.publish()[0] == publish.NOT_BUILT  # so that the next command builds it again


# ---- unchanged files are links


def both(builder: Builder) -> tuple[Path, Path]:
    """Return two environments, of which the second has one package more."""
    small = {"small/__init__.py": b"small", "small/data.txt": b"data of small"}
    return installed(builder, "abc", {**FILES, **BIG}), installed(builder, "abd", {**FILES, **BIG, **small})


def test_only_what_is_new_is_copied(builder: Builder) -> None:
    first, second = both(builder)
    copied = {name for name in manifest(second)["files"] if (second / name).stat().st_nlink == 1}
    assert copied == {"small/__init__.py", "small/data.txt", "tiny/deep/__init__.py"}  # the last one is empty
    assert (first / "big" / "part7.bin").samefile(second / "big" / "part7.bin")
    for environment in ("abc", "abd"):
        assert check(builder, environment)["differing"] == 0


def test_an_environment_that_is_deleted_leaves_the_others_whole(builder: Builder) -> None:
    both(builder)
    status, output = builder.run("prune", f"--root={builder.root}", "--delete", "abc", "--kept", "abd")
    assert status == 0, output
    assert builder.published == ["abd"]
    assert check(builder, "abd")["differing"] == 0


def test_a_file_has_a_limited_number_of_links(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "LINKS", 3)
    environments = [installed(builder, f"copy{number}") for number in range(5)]
    links = [(environment / "tiny" / "__init__.py").stat().st_nlink for environment in environments]
    assert sorted(links) == [2, 2, 3, 3, 3]
    assert [check(builder, environment.name)["differing"] for environment in environments] == [0] * 5


def test_many_files_with_the_same_contents_share_no_more_links_than_allowed(builder: Builder) -> None:
    same = {f"same/{number}.txt": b"the same" for number in range(publish.LINKS + 50)}
    installed(builder, "abc", {"one.txt": b"the same"})
    second = installed(builder, "abd", same)
    assert max((second / name).stat().st_nlink for name in same) == publish.LINKS


def test_a_source_that_is_not_what_its_manifest_says_is_not_linked(builder: Builder) -> None:
    damaged = installed(builder, "abc") / "tiny" / "__init__.py"
    damaged.chmod(0o644)
    damaged.write_text("ANSWER = 421\n")
    assert (installed(builder, "abd") / "tiny" / "__init__.py").read_bytes() == FILES["tiny/__init__.py"]


# ---- verification


def check(builder: Builder, name: str, *options: str) -> Any:
    """Return what verify.py prints."""
    status, output = builder.run("verify", f"--root={builder.root}", f"--name={name}", *options)
    assert status == 0, output
    return json.loads(output)


def test_what_differs_from_the_manifest_is_named(builder: Builder) -> None:
    environment = installed(builder)
    digest = facts(builder.publish()[1])["manifest"]
    assert check(builder, "abc", f"--manifest={digest}")["differences"] == []
    module, data = environment / "tiny" / "__init__.py", environment / "tiny" / "deep" / "data.txt"
    module.chmod(0o644)
    module.write_text("ANSWER = 43\n")
    (environment / "tiny" / "added.py").write_text("")
    data.unlink()
    (environment / "tiny" / "deep" / "__init__.py").chmod(0o777)
    expected = ["~ tiny/__init__.py: content", "+ tiny/added.py", "~ tiny/deep/__init__.py: mode 0777, not 0444"]
    assert check(builder, "abc")["differences"] == [*expected, "- tiny/deep/data.txt"]
    assert "~ manifest.json: content" in check(builder, "abc", f"--manifest={'0' * 64}")["differences"]
