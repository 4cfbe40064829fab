"""How uv is run: in a directory of its own, with a new environment; and which results are accepted."""

import stat
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from awsprov.errors import AwsprovError
from awsprov.packaging.index_access import IndexAccess
from awsprov.packaging.install_target import InstallTarget
from awsprov.packaging.lockfile import Lock
from awsprov.packaging.uv_result import read_files
from awsprov.packaging.uv_settings import ignored_settings
from tests.unit.packaging.conftest import Serve
from tests.unit.packaging.package_index import wheel

TARGET = InstallTarget("3.12", "x86_64-manylinux_2_28")
ONE = "https://files.example.com/one-1.0-py3-none-any.whl"


def resolved(tmp_path: Path, requirements: str, **more: Any) -> Lock:
    (tmp_path / "requirements.txt").write_text(requirements)
    return Lock(tmp_path / "requirements.txt", tmp_path / "x.lock", TARGET, **more).resolved(IndexAccess())


def test_settings_of_uv_in_the_project_are_not_obeyed(
    tmp_path: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("1.0", "2.0"):
        wheel(wheels, "one", version)
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname="x"\nversion="0"\n[tool.uv]\noverride-dependencies=["one==1.0"]\n'
    )
    (tmp_path / "uv.toml").write_text('constraint-dependencies = ["one==1.0"]\n')
    monkeypatch.chdir(tmp_path)
    assert resolved(tmp_path, "one\n").pins == {"one": "2.0"}


def test_they_are_reported_with_the_lines_for_config_yaml(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.uv.sources]\nacme = {index = "corp"}\n'
        '[[tool.uv.index]]\nname = "corp"\nurl = "https://u:hunter2@corp.example/simple"\n'
    )
    (note,) = ignored_settings(tmp_path, tmp_path)
    assert "libraries:\n  indexes:\n    acme: https://corp.example/simple" in note
    assert "hunter2" not in note


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"[tool]\nuv = 1", b"tool = 1", b"[" * 10000, b"[tool.uv]\nindex = 1"]
)
def test_an_odd_pyproject_is_no_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pyproject.toml").write_bytes(content)
    ignored_settings(tmp_path)


def test_uv_gets_only_the_variables_that_are_named(
    tmp_path: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "uv"
    report = f'env > {tmp_path}/environment; pwd > {tmp_path}/directory; echo "$@" > {tmp_path}/arguments'
    program.write_text(f"#!/bin/sh\n{report}\nexit 1\n")
    program.chmod(stat.S_IRWXU)
    monkeypatch.setattr("uv.find_uv_bin", lambda: str(program))
    for name in (
        "AWS_SECRET_ACCESS_KEY",
        "GITHUB_TOKEN",
        "UV_INDEX_URL",
        "UV_EXTRA_INDEX_URL",
        "PIP_INDEX_URL",
        "VIRTUAL_ENV",
    ):
        monkeypatch.setenv(name, "hunter2")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    with pytest.raises(AwsprovError):
        resolved(tmp_path, "one\n")
    passed = (tmp_path / "environment").read_text()
    assert "hunter2" not in passed
    assert "HTTPS_PROXY=http://proxy.example:3128" in passed
    assert not Path((tmp_path / "directory").read_text().strip()).exists()
    assert str(tmp_path / "requirements.txt") not in (tmp_path / "arguments").read_text()


SHA256 = f"{{sha256 = '{'0' * 64}'}}"


def locked_by_uv(name: str, version: str, url: str = ONE, hashes: str = SHA256) -> str:
    return f"name = '{name}'\nversion = '{version}'\nwheels = [{{url = '{url}', hashes = {hashes}}}]"


@pytest.mark.parametrize(
    "package",
    [
        "name = 'one'\nversion = '1.0'",
        locked_by_uv("two", "1.0"),
        locked_by_uv("one", "2.0"),
        locked_by_uv("one", "1.0", hashes="{md5 = '00'}"),
        locked_by_uv("one", "1.0", hashes="1"),
        locked_by_uv("one", "1.0", "ftp://example.com/one-1.0-py3-none-any.whl"),
        locked_by_uv("one", "1.0", "https://example.com/one-1.0.tar.gz"),
        "name = 'one'\nvcs = {type = 'git', url = 'https://example.com'}",
        "name = 1",
        "name = 'one'\nversion = '1.0'\nwheels = 'all'",
    ],
)
def test_anything_but_a_wheel_with_a_hash_is_refused(
    tmp_path: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    program, result = tmp_path / "uv", f"[[packages]]\n{package}"
    program.write_text(
        f"#!{sys.executable}\nopen('pylock.toml', 'w').write({result!r})\nopen('requirements.txt', 'w')\n"
    )
    program.chmod(stat.S_IRWXU)
    monkeypatch.setattr("uv.find_uv_bin", lambda: str(program))
    with pytest.raises(AwsprovError, match="uv returned something"):
        resolved(tmp_path, "one\n")


@pytest.mark.parametrize("text", ["", "packages = 1", "packages = [1]", "[[packages]]", "{", "packages = [[[[" * 500])
def test_a_result_that_is_no_lock_has_no_packages(text: str) -> None:
    with suppress(AwsprovError):
        assert read_files(text) == {}


def test_the_most_specific_wheel_for_the_target_is_locked(tmp_path: Path, wheels: Path) -> None:
    best = ""
    for tag in ("py3-none-any", "cp312-abi3-manylinux_2_17_x86_64", "cp312-cp312-manylinux2014_x86_64",
                "cp312-cp312-manylinux_2_28_x86_64", "cp312-cp312-manylinux_2_38_x86_64"):  # fmt: skip
        found = wheel(wheels, "quick", "1.0", tag=tag)
        best = found if "2_28" in tag else best
    assert [each.pin for each in resolved(tmp_path, "quick\n").packages] == [f"quick==1.0 {best}"]


# ---- several indexes


def test_the_best_version_of_all_indexes_is_chosen_and_the_others_are_named(tmp_path: Path, serve: Serve) -> None:
    public, extra = serve("public"), serve("extra")
    public.add("idna", "3.0")
    extra.add("idna", "2.0")
    extra.add("corp", "1.0", needs="idna")
    lock = resolved(tmp_path, f"-i {public.url()}\n--extra-index-url {extra.url()}\ncorp\n")
    assert lock.pins == {"corp": "1.0", "idna": "3.0"}
    corp, idna = lock.packages
    assert (corp.index, corp.others) == (extra.url(), ())
    assert (idna.index, idna.others) == (public.url(), (extra.url(),))
    assert len(lock.ambiguous) == 1
    assert Lock(lock.requirements, lock.path, lock.target, draft=lock.text).packages == lock.packages


def test_a_bound_package_is_looked_up_at_its_index_only_and_so_are_its_dependencies(
    tmp_path: Path, serve: Serve
) -> None:
    public, private = serve("public"), serve("private")
    public.add("idna", "3.0")
    public.add("acme_a", "9.0")
    public.add("acme_b", "9.0")
    private.add("acme_a", "1.0", needs="acme-b")
    private.add("acme_b", "1.0", needs="idna")
    private.add("idna", "9.0")
    lock = resolved(tmp_path, f"-i {public.url()}\nacme-a\n", indexes={"acme-*": private.url()})
    assert lock.pins == {"acme-a": "1.0", "acme-b": "1.0", "idna": "3.0"}
    assert public.names == {"idna"}
    assert private.names == {"acme-a", "acme-b"}


def test_a_package_that_others_need_is_bound_too(tmp_path: Path, serve: Serve) -> None:
    public, cpu = serve("public"), serve("cpu")
    public.add("model", "1.0", needs="torch")
    public.add("torch", "2.0")
    cpu.add("torch", "1.0")
    lock = resolved(tmp_path, f"-i {public.url()}\nmodel\n", indexes={"torch": cpu.url()})
    assert lock.pins == {"model": "1.0", "torch": "1.0"}


def test_a_changed_index_or_date_makes_the_lock_stale(tmp_path: Path, serve: Serve) -> None:
    index = serve("public")
    index.add("one", "1.0")
    lock = resolved(tmp_path, f"-i {index.url()}\none\n")
    again = partial(Lock, lock.requirements, lock.path, lock.target, draft=lock.text)
    assert again().state == "fresh"
    assert again(indexes={"one": index.url()}).state == "stale"
    assert again(as_of="2024-06-30").state == "stale"


def test_a_direct_url_is_locked_with_its_hash(tmp_path: Path, serve: Serve) -> None:
    index = serve("public")
    digest = index.add("one", "1.0")
    url = f"http://127.0.0.1:{index.port}/files/one-1.0-py3-none-any.whl"
    (package,) = resolved(tmp_path, f"--no-index\none @ {url}\n").packages
    assert (package.pin, package.file) == (f"one==1.0 {digest}", url)


def test_nothing_is_needed_where_nothing_is_required(tmp_path: Path, wheels: Path) -> None:
    lock = resolved(tmp_path, "pywin32==306 ; sys_platform == 'win32'\n")
    assert lock.packages == []
    assert lock.state == "fresh"


def test_a_version_that_is_kept_gets_the_hash_of_the_index_that_it_now_comes_from(tmp_path: Path, serve: Serve) -> None:
    one, other = serve("one"), serve("other")
    one.add("idna", "1.0")
    other.add("idna", "1.0", needs="more")
    digest = other.add("idna", "1.0", needs="extra")
    other.add("extra", "1.0")
    other.add("idna", "2.0")
    before = resolved(tmp_path, f"-i {one.url()}\nidna\n")
    (tmp_path / "requirements.txt").write_text(f"-i {other.url()}\nidna\n")
    after = Lock(before.requirements, before.path, before.target, draft=before.text).resolved(IndexAccess())
    assert after.pins == {"extra": "1.0", "idna": "1.0"}
    assert after.packages[1].pin == f"idna==1.0 {digest}"


def test_indexes_of_the_user_s_own_settings_are_not_mixed(tmp_path: Path, serve: Serve, uv_settings: Path) -> None:
    public, private = serve("public"), serve("private")
    public.add("acme", "9.0")
    private.add("acme", "1.0")
    uv_settings.write_text(f'[[index]]\nurl = "{private.url()}"\n[[index]]\nurl = "{public.url()}"\ndefault = true\n')
    assert resolved(tmp_path, "acme\n").pins == {"acme": "1.0"}
    assert "acme" not in public.names


@pytest.mark.parametrize(
    "requirements",
    ["one==2.0\n", "one==1.0\none==2.0\n", "missing\n", "one[more]==3\n", "one; python_version < '3'\none==9\n"],
)
def test_an_error_names_the_file_of_the_user_and_no_name_of_awsprov_s_own(
    tmp_path: Path, wheels: Path, requirements: str
) -> None:
    wheel(wheels, "one", "1.0", tag="py3-none-any")
    with pytest.raises(AwsprovError) as caught:
        resolved(tmp_path, requirements)
    text = f"{caught.value.what} {caught.value.why}"
    assert "requirements.txt" in caught.value.why
    assert "awsprov" not in text.replace(str(tmp_path), "")
    assert "your project" not in text
    assert "pyproject" not in text
