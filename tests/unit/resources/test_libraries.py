"""The libraries: what is checked before they are installed, and how they are built and published."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from awsprov.aws.client import Aws
from awsprov.engine.graph import dependents
from awsprov.errors import PartialError, RefusedError
from awsprov.packaging.locked_package import LockedPackage
from awsprov.packaging.lockfile import Lock
from awsprov.resources.compute.build import Build
from awsprov.resources.compute.builder import Builder
from awsprov.resources.compute.libraries import Libraries
from awsprov.resources.compute.published_files import PublishedFiles
from awsprov.resources.function.function import Function
from awsprov.resources.function.versions import Version
from awsprov.resources.storage.file_system import FileSystem, MountTarget
from awsprov.resources.storage.library_file_system import values_of
from awsprov.ssh.client import CommandResult
from tests.unit.fakes import write_lock
from tests.unit.moto_cloud import BuilderShell, Moto, on_moto

pytestmark = pytest.mark.thorough  # each test creates whole stacks on moto

PROGRAMS = ("build", "publish", "receive", "manifests")


class Session(BuilderShell):
    """A session that records the programs that run, and in which one fails."""

    def __init__(self, builder: Builder, log: list[tuple[str, str]], failure: tuple[str, CommandResult] | None) -> None:
        self._builder, self._log, self._failure = builder, log, failure

    def run(self, *words: object) -> CommandResult:
        """Note the program; succeed or fail."""
        command = str(words[0])
        if command.startswith("test -e "):
            return CommandResult(1, ())
        if program := next((each for each in PROGRAMS if f"builder.zip {each} " in command), ""):
            self._log.append((self._builder.id, f"{program} files" if "--builds=files" in command else program))
            if self._failure and self._failure[0] == program:
                return self._failure[1]
        if "--builds=files" in command:
            return CommandResult(0, ("kind=files files=1 bytes=7",))
        if program == "manifests":
            return CommandResult(0, (json.dumps({command.rsplit(maxsplit=1)[-1]: {"old.bin": "0"}}),))
        return super().run()


@contextmanager
def sessions(failure: tuple[str, CommandResult] | None = None) -> Iterator[list[tuple[str, str]]]:
    """Yield the programs that run in sessions: the id of the builder, and the program."""
    log: list[tuple[str, str]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Builder, "shell", lambda builder, _: nullcontext(Session(builder, log, failure)))
        yield log


@contextmanager
def commands() -> Iterator[list[str]]:
    """Yield the commands that run in sessions of `sessions`."""
    ran: list[str] = []
    run = Session.run

    def noted(session: Session, *words: object) -> CommandResult:
        ran.append(str(words[0]))
        return run(session, *words)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "run", noted)
        yield ran


@pytest.fixture
def moto(tmp_path: Path) -> Iterator[Moto]:
    """A stack that does not exist yet."""
    with on_moto(tmp_path, nat="none") as moto:
        yield moto


def state_of(aws: Aws, instance: str) -> str:
    (reservation,) = aws.ec2.describe_instances(InstanceIds=[instance])["Reservations"]
    return str(reservation["Instances"][0]["State"]["Name"])


# ---- what waits for what


def test_only_the_version_waits_for_the_libraries_and_the_build_for_no_mount_target(moto: Moto) -> None:
    stack = moto.engine().stack
    after = {kind: dependents(stack.graph(), stack.of(kind)) for kind in (Build, Libraries, MountTarget)}
    assert not after[Libraries] & set(stack.of(Function))
    assert set(stack.of(Version)) <= after[Libraries]
    assert not after[MountTarget] & set(stack.of(Build))
    assert set(stack.of(Function)) <= after[MountTarget]


def lock_of_a_source(lock: Lock, *packages: LockedPackage) -> None:
    """Write a lock file with a source distribution beside the packages."""
    url = "https://files.example.com/squeeze-1.0.tar.gz"
    write_lock(lock, *packages, LockedPackage("squeeze", "1.0", f"sha256:{'1' * 64}", url))


def test_a_new_builder_gets_wheels_from_published_environments(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.unit.moto_cloud.write_lock", lock_of_a_source)
    monkeypatch.setattr("awsprov.resources.compute.build.send_requirements", lambda *_: [])
    moto.builder, moto.libraries = ", when_idle: terminate", ", build: [squeeze]"
    stack = moto.engine().stack
    assert {*stack.of(Build)} <= dependents(stack.graph(), stack.of(MountTarget))
    with sessions() as log, commands() as ran:
        moto.engine().up()
        (build,) = [command for command in ran if "builder.zip build " in command]
        assert "--root=" not in build  # a new file system has no wheels
        (file_system,) = moto.aws().efs.describe_file_systems()["FileSystems"]
        (first,) = environments(moto)
        moto.aws().efs.tag_resource(
            ResourceId=file_system["FileSystemId"],
            Tags=[{"Key": f"awsprov:environment:{first}", "Value": "at=2026 packages=1 manifest=abc"}],
        )
        moto.pin = "2.1"
        ran.clear()
        moto.engine().up()
    builders = [builder for builder, program in log if program == "build"]
    assert len(set(builders)) == 2
    (build,) = [command for command in ran if "builder.zip build " in command]
    assert f"--manifests {first}=abc" in build
    mounts = [n for n, command in enumerate(ran) if "mount -t efs" in command and ",ro " in command]
    assert mounts[0] < ran.index(build)


def test_a_second_up_opens_no_session(moto: Moto) -> None:
    with sessions() as log:
        moto.engine().up()
        assert [program for _, program in log] == ["build", "publish"]
        moto.engine().up()
        (moto.root / "state.json").unlink()
        moto.engine().up()
        assert len(log) == 2


def test_the_builder_learns_which_builds_were_published(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[str] = []
    run = Session.run

    def noting(session: Session, *words: object) -> CommandResult:
        commands.append(str(words[0]))
        return run(session, *words)

    monkeypatch.setattr(Session, "run", noting)
    with sessions(("publish", CommandResult(0, (f"packages=1 bytes=1 manifest={'a' * 64}",)))):
        moto.engine().up()
        (published,) = environments(moto)
        moto.pin = "3.0"
        moto.engine().up()
    first, second = (command for command in commands if "builder.zip build " in command)
    assert published not in first.partition("--manifests")[2]
    assert f"--manifests {published}={'a' * 64} --unmount" in second


# ---- files


@pytest.fixture
def model(moto: Moto) -> Path:
    """A model, which the stack's configuration names."""
    model = moto.root / "model" / "model.bin"
    model.parent.mkdir()
    model.write_text("weights")
    moto.libraries = ", files: model"
    return model


def programs(moto: Moto) -> list[str]:
    """Return the programs that `up` runs on the builder, in order."""
    with sessions() as log:
        moto.engine().up()
    assert moto.engine().plan().empty
    return [program for _, program in log]


def environments(moto: Moto) -> dict[str, dict[str, str]]:
    """Return the values in the tags of the environments, by name."""
    (file_system,) = moto.aws().efs.describe_file_systems()["FileSystems"]
    tags = {tag["Key"]: tag["Value"] for tag in file_system["Tags"]}
    return {key.rpartition(":")[2]: values_of(value) for key, value in tags.items() if "environment" in key}


@pytest.mark.usefixtures("model")
def test_files_are_sent_before_the_build_and_published_without_it(moto: Moto) -> None:
    assert programs(moto) == ["receive", "build", "receive", "publish files", "publish"]
    (function, _) = moto.engine().stack.of(Function)
    assert set(environments(moto)) == {function.libraries.name, function.files and function.files.name}


def test_a_new_model_installs_no_libraries(moto: Moto, model: Path) -> None:
    programs(moto)
    before = environments(moto)
    model.write_text("new weights")
    assert programs(moto) == ["receive", "publish files", "manifests"]
    (new,) = environments(moto).keys() - before
    (function, _) = moto.engine().stack.of(Function)
    assert function.files
    assert function.files.name == new


@pytest.mark.usefixtures("model")
def test_changed_libraries_do_not_publish_the_files_again(moto: Moto) -> None:
    programs(moto)
    moto.pin = "3.0"
    assert programs(moto) == ["receive", "build", "publish"]


def test_a_version_needs_both(moto: Moto, model: Path) -> None:
    assert model.exists()
    stack = moto.engine().stack
    after = dependents(stack.graph(), stack.of(PublishedFiles))
    assert set(stack.of(Version)) <= after
    assert not after & {*stack.of(Function), *stack.of(Build)}


def test_the_tag_says_which_files_changed(moto: Moto, model: Path) -> None:
    programs(moto)
    (first,) = (name for name in environments(moto) if name != moto.engine().stack.of(Libraries)[0].environment.name)
    (file_system,) = moto.aws().efs.describe_file_systems()["FileSystems"]
    key = f"awsprov:environment:{first}"
    facts: Any = [{"Key": key, "Value": "at=2026-11-24T00:00:00+00:00 kind=files files=1 bytes=7"}]
    moto.aws().efs.tag_resource(ResourceId=file_system["FileSystemId"], Tags=facts)
    for name in ("strange, name.bin", *(f"{n:02}-{'x' * 50}.bin" for n in range(9))):
        (model.parent / name).write_text("")
    programs(moto)
    (new,) = (values for values in environments(moto).values() if "from" in values)
    count, *names = new["changed"].split(":")
    assert (new["from"], int(count)) == (first, 12)  # with `old.bin`, which is deleted
    assert names
    assert set(names) < {"old.bin", "model.bin", *(path.name for path in model.parent.iterdir())}
    tags = moto.aws().efs.describe_file_systems()["FileSystems"][0]["Tags"]
    assert max(len(tag["Value"]) for tag in tags) <= 256


def test_files_that_are_no_longer_configured_are_forgotten(moto: Moto, model: Path) -> None:
    programs(moto)
    assert model.exists()
    moto.libraries = ""
    assert programs(moto) == []
    assert "files" not in json.loads((moto.root / "state.json").read_text())["resources"]
    sent = moto.sent["UpdateFunctionConfiguration"]
    assert all("AWSPROV_FILES" not in call["Environment"]["Variables"] for call in sent if "Environment" in call)


def test_files_that_were_published_with_their_libraries_become_an_environment_of_their_own(
    moto: Moto, model: Path
) -> None:
    """What awsprov 0.1 published: one environment, whose tag is all that is known when the state is of 0.1."""
    moto.libraries = ""
    programs(moto)
    (file_system,) = moto.aws().efs.describe_file_systems()["FileSystems"]
    (tag,) = (tag for tag in file_system["Tags"] if "environment" in tag["Key"])
    moto.aws().efs.untag_resource(ResourceId=file_system["FileSystemId"], TagKeys=[tag["Key"]])
    old: Any = [{"Key": f"awsprov:environment:{'0' * 16}", "Value": tag["Value"]}]
    moto.aws().efs.tag_resource(ResourceId=file_system["FileSystemId"], Tags=old)
    moto.libraries = ", files: model"
    assert programs(moto) == ["receive", "build", "receive", "publish files", "publish"]
    assert model.exists()
    assert len(environments(moto)) == 3


# ---- failures


def test_a_build_that_was_not_published_is_asked_for_again_on_whatever_builder_there_is(moto: Moto) -> None:
    with sessions(("publish", CommandResult(1, ("refused",)))) as log, pytest.raises(PartialError):
        moto.engine().up()
    (builder,) = {instance for instance, _ in log}
    moto.aws().ec2.terminate_instances(InstanceIds=[builder])
    with sessions() as log:
        moto.engine().up()
    assert [program for _, program in log] == ["build", "publish"]
    assert {instance for instance, _ in log} != {builder}
    assert moto.engine().plan().empty


def test_after_a_build_that_failed_the_builder_is_stopped(moto: Moto) -> None:
    with sessions(("build", CommandResult(3, ("No matching distribution",)))) as log, pytest.raises(PartialError):
        moto.engine().up()
    (instance,) = {instance for instance, _ in log}
    assert state_of(moto.aws(), instance) in ("stopping", "stopped")


@pytest.mark.parametrize(
    ("status", "line", "what", "remedy"),
    [
        (1, "OSError: [Errno 28] No space left on device", "disk is full", "up --replace builder"),
        (3, "ERROR: Could not install packages: [Errno 28] No space left on device", "disk is full", "--replace"),
        (137, "Installing collected packages: torch", "lack of memory", "`builder.instance_type`"),
        (-1, "", "lack of memory", "more memory than t3.small"),
        (1, "subprocess.CalledProcessError: … died with <Signals.SIGKILL: 9>.", "lack of memory", "more memory"),
        (3, "ERROR: No matching distribution found for x", "pip could not install", "Correct"),
        (3, "ERROR: Connection timed out", "pip could not install", "can reach the package index"),
        (1, "Traceback", "could not build the libraries", "awsprov ssh"),
    ],
)
def test_why_a_build_failed_is_reported_with_what_to_do(
    moto: Moto, status: int, line: str, what: str, remedy: str
) -> None:
    with sessions(("build", CommandResult(status, (line,)))), pytest.raises(PartialError) as caught:
        moto.engine().up()
    error: Any = caught.value.failures[0].error
    assert what in error.what
    assert remedy in error.remedy
    assert line in error.why


def test_a_file_system_without_room_for_a_tag_is_found_before_the_installation(moto: Moto) -> None:
    moto.engine().up()
    (file_system,) = moto.aws().efs.describe_file_systems()["FileSystems"]
    room = 50 - len(file_system["Tags"])
    tags: Any = [{"Key": f"awsprov:environment:{n:016}", "Value": "bytes=1"} for n in range(room)]
    moto.aws().efs.tag_resource(ResourceId=file_system["FileSystemId"], Tags=tags)
    moto.pin = "3.0"
    with sessions() as log, pytest.raises(PartialError) as caught:
        moto.engine().up()
    error: Any = caught.value.failures[0].error
    assert "`awsprov libs prune`" in error.remedy
    assert not log


def test_tags_of_aws_itself_take_no_room(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    (file_system,) = moto.engine().stack.of(FileSystem)
    tags = [{"Key": f"x{n}", "Value": ""} for n in range(49)]
    monkeypatch.setattr(FileSystem, "environment_tags", lambda *_, **__: tags)
    tags.append({"Key": "aws:cloudformation:stack-name", "Value": ""})
    file_system.check_tags(moto.aws(), "0" * 16)
    tags.append({"Key": "y", "Value": ""})
    with pytest.raises(RefusedError):
        file_system.check_tags(moto.aws(), "0" * 16)


class DenyingSession:
    """A session on which EFS refuses the first mounts."""

    def __init__(self, refusals: int) -> None:
        self.refusals, self.mounts = refusals, 0

    def run(self, command: str) -> CommandResult:
        """Try to mount."""
        assert "mount -t efs" in command
        self.mounts += 1
        denied = self.mounts <= self.refusals
        return CommandResult(32 if denied else 0, ("mount.nfs4: access denied by server while mounting 127.0.0.1:/",))

    def check(self, result: CommandResult, purpose: str) -> None:
        """Expect success in the end."""
        assert result.status == 0, purpose


@pytest.mark.parametrize(("refusals", "mounts"), [(0, 1), (2, 3)])
def test_the_builder_mounts_again_while_efs_does_not_know_its_role(moto: Moto, refusals: int, mounts: int) -> None:
    moto.engine().up()
    engine = moto.engine()
    engine.refresh()
    (libraries,) = engine.stack.of(Libraries)
    session: Any = DenyingSession(refusals)
    libraries.builder_mount.mount(session, engine.aws, libraries.on_wait)
    assert session.mounts == mounts
