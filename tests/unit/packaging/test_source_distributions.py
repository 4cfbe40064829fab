"""Packages without a wheel: what their errors propose, and how they are locked without running their code here."""

from pathlib import Path
from typing import Any

import pytest

from awsprov.errors import AwsprovError
from awsprov.packaging.index_access import IndexAccess
from awsprov.packaging.install_target import InstallTarget
from awsprov.packaging.installation import installation_of
from awsprov.packaging.lockfile import Lock
from awsprov.packaging.source_distributions import metadata_of
from tests.unit.packaging.conftest import Serve
from tests.unit.packaging.package_index import source, wheel

TARGET = InstallTarget("3.12", "x86_64-manylinux_2_28")
ALLOWED = IndexAccess(frozenset({("INDEX_TOKEN", "127.0.0.1")}), {"INDEX_TOKEN": "hunter2"})


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AWSPROV_CACHE_DIR", str(tmp_path / "own-cache"))
    return tmp_path / "own-cache"


def lock_of(tmp_path: Path, requirements: str, **more: Any) -> Lock:
    (tmp_path / "requirements.txt").write_text(requirements)
    return Lock(tmp_path / "requirements.txt", tmp_path / "x.lock", TARGET, **more)


def test_a_source_distribution_is_locked_with_what_it_requires_and_not_run(tmp_path: Path, serve: Serve) -> None:
    index = serve("index")
    digest = source(index.wheels, "fast", "1.0", needs="one>=1")
    index.add("one", "1.0")
    lock = lock_of(tmp_path, f"-i {index.url()}\nfast\n", built=("fast",)).resolved(IndexAccess())
    fast, one = lock.packages
    assert (fast.pin, fast.is_source, one.version) == (f"fast==1.0 {digest}", True, "1.0")
    again = lock_of(tmp_path, lock.requirements.read_text(), built=("fast",), draft=lock.text)
    assert (again.state, again.packages) == ("fresh", lock.packages)
    assert lock_of(tmp_path, lock.requirements.read_text(), draft=lock.text).state == "stale"


def test_it_is_sent_to_the_builder_and_only_what_the_configuration_names(tmp_path: Path, serve: Serve) -> None:
    index = serve("index", credentials="joe:hunter2")
    source(index.wheels, "fast", "1.0")
    url = index.url("joe:${INDEX_TOKEN}")
    lock = lock_of(tmp_path, f"-i {url}\nfast\n", built=("fast",)).resolved(ALLOWED)
    sent = installation_of(lock, "sent", ALLOWED)
    assert [path.name for path in sent.sources] == ["fast-1.0.tar.gz"]
    assert (sent.requirements, sent.variables) == ("", {})
    assert "hunter2" not in lock.text
    index.wheels.joinpath("fast-1.0.tar.gz").unlink()
    assert installation_of(lock, "sent", ALLOWED).sources == sent.sources
    other = Lock(lock.requirements, lock.path, TARGET, draft=lock.text)
    with pytest.raises(AwsprovError, match=r"which `libraries\.build` does not name"):
        installation_of(other, "sent", ALLOWED)


def test_a_source_distribution_with_another_hash_is_not_sent(tmp_path: Path, serve: Serve, cache: Path) -> None:
    index = serve("index")
    source(index.wheels, "fast", "1.0")
    lock = lock_of(tmp_path, f"-i {index.url()}\nfast\n", built=("fast",)).resolved(IndexAccess())
    for path in cache.rglob("*.tar.gz"):
        path.unlink()
    source(index.wheels, "fast", "1.0", needs="two")
    with pytest.raises(AwsprovError, match="another hash"):
        installation_of(lock, "sent", IndexAccess())


def remedy(tmp_path: Path, requirements: str) -> str:
    with pytest.raises(AwsprovError) as failed:
        lock_of(tmp_path, requirements).resolved(IndexAccess())
    return failed.value.remedy


@pytest.mark.parametrize(("name", "twin"), [("psycopg2", "psycopg2-binary"), ("cx_oracle", "oracledb"), ("odd", "")])
def test_without_the_setting_the_error_names_it_and_the_package_with_wheels(
    tmp_path: Path, serve: Serve, name: str, twin: str
) -> None:
    index = serve("index")
    source(index.wheels, name, "1.0")
    text = remedy(tmp_path, f"-i {index.url()}\n{name}\n")
    assert twin in text
    assert f"build: [{name.replace('_', '-')}]" in text


def test_all_old_pins_without_a_wheel_are_named_with_the_first_version_that_has_one(
    tmp_path: Path, serve: Serve
) -> None:
    index = serve("index")
    for name in ("one", "two"):
        source(index.wheels, name, "1.0")
        for version in ("1.2", "1.3"):
            index.add(name, version)
    index.add("three", "1.0")
    source(index.wheels, "psycopg2", "2.9.3")
    text = remedy(tmp_path, f"-i {index.url()}\none==1.0\ntwo==1.0\nthree==1.0\npsycopg2==2.9.3\n")
    assert "one==1.2 or later, two==1.2 or later, psycopg2-binary in place of psycopg2." in text
    assert "build: [psycopg2]" in text


def test_the_builder_is_proposed_only_for_what_it_can_compile(tmp_path: Path, serve: Serve) -> None:
    index = serve("index")
    source(index.wheels, "sklearn", "0.0")
    assert remedy(tmp_path, f"-i {index.url()}\nsklearn\n") == "Require scikit-learn in place of sklearn."
    source(index.wheels, "old", "1.0")
    wheel(index.wheels, "old", "2.0", tag="cp312-cp312-manylinux2014_x86_64")
    text = remedy(tmp_path, f"-i {index.url()}\nold==1.0\n")
    assert text == "Require old==2.0 or later. What is required has no wheel for Python 3.12."


def test_what_has_wheels_for_another_python_only_has_nothing_to_compile(tmp_path: Path, serve: Serve) -> None:
    index = serve("index")
    wheel(index.wheels, "early", "1.0", tag="cp39-cp39-manylinux2014_x86_64")
    with pytest.raises(AwsprovError) as failed:
        lock_of(tmp_path, f"-i {index.url()}\nearly\n").resolved(IndexAccess())
    assert "`cp39`" in failed.value.why
    assert failed.value.remedy == "Require a version of early with a wheel for Python 3.12."


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("pandass", "pandas"),
        ("numpi", "numpy"),
        ("tensorflw", "tensorflow"),
        ("sklearn", "scikit-learn"),
        ("cv2", "opencv-python-headless"),
        ("yaml", "pyyaml"),
        ("PIL", "pillow"),
        ("acme-internal", ""),
    ],
)
def test_a_name_that_no_index_has_is_compared_with_well_known_ones(
    tmp_path: Path, serve: Serve, name: str, meant: str
) -> None:
    index = serve("index")
    index.wheels.mkdir(exist_ok=True)
    text = remedy(tmp_path, f"-i {index.url()}\n{name}\n")
    assert f"Did you mean {meant}?" in text if meant else "Did you mean" not in text
    assert "libraries: {indexes: {" in text


def test_the_requirements_of_setuptools_are_read_where_the_metadata_has_none(tmp_path: Path) -> None:
    text = "numpy>=1\nnot a requirement !\n\n[more]\nscipy\n"
    source(tmp_path, "fast", "1.0", files={"fast.egg-info/requires.txt": text})
    assert metadata_of(tmp_path / "fast-1.0.tar.gz").requires == ("numpy>=1",)


def test_what_is_no_archive_is_an_error(tmp_path: Path) -> None:
    for name in ("fast-1.0.tar.gz", "fast-1.0.zip"):
        (tmp_path / name).write_bytes(b"no archive")
        with pytest.raises(AwsprovError, match="not a valid source distribution"):
            metadata_of(tmp_path / name)
