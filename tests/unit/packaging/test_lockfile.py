"""The lock and the environment's name: resolved for the function, not this machine; stale if an input has changed."""

from dataclasses import replace
from pathlib import Path

import pytest

from awsprov.errors import AwsprovError
from awsprov.packaging.environment import Environment
from awsprov.packaging.index_access import IndexAccess
from awsprov.packaging.install_target import InstallTarget
from awsprov.packaging.installation import installation_of
from awsprov.packaging.lockfile import Lock, differences
from tests.unit.fakes import locked, write_lock
from tests.unit.packaging.package_index import wheel

HASH = "--hash=sha256:" + "0" * 64


def lock_of(tmp_path: Path, requirements: str, python: str = "3.12", platform: str = "x86_64-manylinux_2_28") -> Lock:
    path = tmp_path / "requirements.txt"
    path.write_text(requirements)
    return Lock(path, path.with_suffix(".lock"), InstallTarget(python, platform))


def resolve(lock: Lock, *, upgrade: bool = False) -> Lock:
    """Resolve and write, as `awsprov lock` does."""
    lock = Lock(lock.requirements, lock.path, lock.target)
    lock.resolved(IndexAccess(), upgrade=upgrade).write()
    return Lock(lock.requirements, lock.path, lock.target)


def test_everything_that_is_needed_is_pinned_with_its_hash(tmp_path: Path, wheels: Path) -> None:
    one, two = wheel(wheels, "one", "1.0", needs="two>=2"), wheel(wheels, "two", "2.5")
    lock = lock_of(tmp_path, "one  # because\n")
    lock = resolve(lock)
    assert lock.pins == {"one": "1.0", "two": "2.5"}
    assert [each.pin for each in lock.packages] == [f"one==1.0 {one}", f"two==2.5 {two}"]
    assert lock.state == "fresh"


def test_markers_are_judged_for_the_function_and_not_for_this_machine(tmp_path: Path, wheels: Path) -> None:
    for needed in ("arm", "old", "new"):
        wheel(wheels, needed, "1.0")
    lock = lock_of(
        tmp_path,
        "arm; platform_machine == 'aarch64'\nold; python_version < '3.14'\nnew; python_version >= '3.14'\n",
        "3.14",
        "aarch64-manylinux_2_28",
    )
    lock = resolve(lock)
    assert lock.pins == {"arm": "1.0", "new": "1.0"}


def test_a_wheel_for_a_newer_glibc_than_the_function_s_does_not_count(tmp_path: Path, wheels: Path) -> None:
    wheel(wheels, "quick", "1.0", tag="cp312-cp312-manylinux_2_28_x86_64")
    wheel(wheels, "quick", "2.0", tag="cp312-cp312-manylinux_2_38_x86_64")
    wheel(wheels, "quick", "3.0", tag="cp312-cp312-macosx_14_0_arm64")
    lock = lock_of(tmp_path, "quick\n")
    lock = resolve(lock)
    assert lock.pins == {"quick": "1.0"}


def test_a_package_without_a_wheel_is_named_and_nothing_is_written(tmp_path: Path, wheels: Path) -> None:
    (wheels / "sourceonly-1.0.tar.gz").write_bytes(b"")
    lock = lock_of(tmp_path, "sourceonly\n")
    with pytest.raises(AwsprovError, match=r"cannot be resolved for Python 3\.12 on x86_64") as refused:
        resolve(lock)
    assert "sourceonly" in refused.value.remedy
    assert "wheel" in refused.value.remedy
    assert lock.state == "missing"


def test_contradicting_requirements_are_an_error(tmp_path: Path, wheels: Path) -> None:
    wheel(wheels, "one", "1.0")
    with pytest.raises(AwsprovError) as refused:
        resolve(lock_of(tmp_path, "one>=2\n"))
    assert "one>=2" in refused.value.why


def test_the_index_of_a_lock_is_the_one_that_most_packages_are_from(tmp_path: Path) -> None:
    lock = lock_of(tmp_path, "")
    assert not lock.index
    other = replace(locked("torch", "1.0"), index="https://torch.example.com/whl")
    local = replace(locked("own", "1.0"), index="")
    write_lock(lock, other, local, locked("one", "1.0"), locked("two", "1.0"))
    assert lock_of(tmp_path, "").index == "https://index.example.com/simple"


def test_an_unreachable_index_is_reported_as_that(
    tmp_path: Path, uv_settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(AwsprovError) as refused:
        resolve(lock_of(tmp_path, "--index-url http://127.0.0.1:9/simple\none\n"))
    assert "the connection to the package index" in refused.value.remedy


def test_what_is_locked_stays_until_it_is_upgraded(tmp_path: Path, wheels: Path) -> None:
    wheel(wheels, "one", "1.0")
    lock = lock_of(tmp_path, "one\n")
    resolve(lock)
    wheel(wheels, "one", "1.1")
    assert resolve(lock).pins == {"one": "1.0"}
    assert resolve(lock, upgrade=True).pins == {"one": "1.1"}


@pytest.mark.parametrize(
    ("requirements", "python", "state"),
    [
        ("one\n", "3.12", "fresh"),
        ("# why\n\none # because\r\n", "3.12", "fresh"),
        ("one>=1\n", "3.12", "stale"),
        ("one\n", "3.13", "stale"),
    ],
)
def test_a_lock_is_stale_when_something_else_would_be_resolved(
    tmp_path: Path, requirements: str, python: str, state: str
) -> None:
    write_lock(lock_of(tmp_path, "one\n"), locked("one", "1.0"))
    assert lock_of(tmp_path, requirements, python).state == state


def test_a_lock_that_was_edited_by_hand_of_its_mark_is_stale(tmp_path: Path) -> None:
    lock = lock_of(tmp_path, "one\n")
    lock.path.write_text("\n".join(locked("one", "1.0").lines))
    assert lock.state == "stale"


def test_hashes_that_the_person_gave_are_the_only_ones(tmp_path: Path, wheels: Path) -> None:
    right = wheel(wheels, "One_Thing", "1.0")
    lock = lock_of(tmp_path, f"one.thing==1.0 {HASH} {right}\n")
    assert [each.pin for each in resolve(lock).packages] == [f"one-thing==1.0 {right}"]
    with pytest.raises(AwsprovError, match="no file on the package index"):
        resolve(lock_of(tmp_path, f"one.thing==1.0 {HASH}\n"))


def test_a_wheel_of_a_directory_is_locked_by_its_path_and_sent(tmp_path: Path, wheels: Path) -> None:
    one = wheel(tmp_path / "vendor", "one", "1.0")
    lock = resolve(lock_of(tmp_path, "--find-links vendor\none\n"))
    assert str(tmp_path) not in lock.path.read_text()
    sent = installation_of(lock, "sent", IndexAccess())
    assert sent.requirements == f"sent/one-1.0-py3-none-any.whl {one}\n"
    assert sent.wheels == {"one-1.0-py3-none-any.whl": tmp_path / "vendor" / "one-1.0-py3-none-any.whl"}
    sent.wheels["one-1.0-py3-none-any.whl"].write_bytes(b"another")
    with pytest.raises(AwsprovError, match="has changed since it was locked"):
        installation_of(lock, "sent", IndexAccess())


def test_a_failed_resolution_leaves_the_lock_as_it_was(tmp_path: Path, wheels: Path) -> None:
    wheel(wheels, "one", "1.0")
    resolve(lock_of(tmp_path, "one\n"))
    before = (tmp_path / "requirements.lock").read_bytes()
    with pytest.raises(AwsprovError):
        resolve(lock_of(tmp_path, "one\nmissing\n"))
    assert (tmp_path / "requirements.lock").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "cache",
        "index",
        "requirements.lock",
        "requirements.txt",
        "settings",
        "wheels",
    ]


def test_differences_are_listed_by_package() -> None:
    assert differences({"a": "1", "b": "1", "c": "1"}, {"a": "1", "b": "2", "d": "1"}) == [
        "~ b 1 → 2",
        "- c 1",
        "+ d 1",
    ]


# ---- the environment's name


def environment(
    tmp_path: Path, version: str = "1.0", digit: str = "0", python: str = "3.12", machine: str = "x86_64"
) -> str:
    lock = lock_of(tmp_path, "one\n", python)
    write_lock(lock, locked("one", version, digit))
    return Environment(lock, machine).name


def test_the_name_is_of_what_is_installed_and_of_nothing_else(tmp_path: Path) -> None:
    same = environment(tmp_path)
    assert environment(tmp_path) == same
    assert Environment(lock_of(tmp_path, "# a word\none\n"), "x86_64").name == same
    others = {
        environment(tmp_path, "1.1"),
        environment(tmp_path, digit="1"),
        environment(tmp_path, python="3.13"),
        environment(tmp_path, machine="arm64"),
    }
    assert len(others - {same}) == 4


def test_without_a_lock_there_is_no_name(tmp_path: Path) -> None:
    assert Environment(lock_of(tmp_path, "one\n"), "x86_64").name == ""
