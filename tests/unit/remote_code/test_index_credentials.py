"""Credentials on the builder: for one installation, and neither in its output nor in what it installs."""

import json
from pathlib import Path

import pytest

from awsprov.remote_code.builder import build, pip_install, workspace
from tests.unit.packaging.package_index import PackageIndex, serving

SECRET = "hunter2-secret"
VARIABLES = {"AWSPROV_INDEX_0_USER": "joe", "AWSPROV_INDEX_0_PASSWORD": SECRET, "INDEX_TOKEN": "t0ken-secret"}


def requirement(index: PackageIndex) -> str:
    digest = index.add("one", "1.0")
    credentials = "${AWSPROV_INDEX_0_USER}:${AWSPROV_INDEX_0_PASSWORD}"
    host = f"{credentials}@127.0.0.1:{index.port}"
    return f"one @ http://{host}/${{INDEX_TOKEN}}/files/one-1.0-py3-none-any.whl {digest}\n"


def exit_status(home: Path, variables: dict[str, str]) -> int:
    """Install the requirements in a directory; return the exit status."""
    requirements = home / "requirements.txt"
    return pip_install.install(home / "site", requirements, requirements.read_text().splitlines(), variables)


def test_the_file_with_the_variables_is_deleted_when_it_was_read(tmp_path: Path) -> None:
    file = tmp_path / "variables.json"
    file.write_text(json.dumps(VARIABLES))
    assert build._take_variables(file) == VARIABLES
    assert not file.exists()
    assert build._take_variables(None) == {}


def test_pip_downloads_with_them_and_leaves_no_trace(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "cache"))
    with serving(tmp_path / "wheels", f"joe:{SECRET}", "/t0ken-secret") as index:
        (tmp_path / "requirements.txt").write_text(requirement(index))
        assert exit_status(tmp_path, VARIABLES) == 0
    assert (tmp_path / "site" / "one.py").is_file()
    shown = "".join(capfd.readouterr())
    installed = "".join(
        path.read_text() for path in (tmp_path / "site").rglob("*") if path.suffix != ".pyc" and path.is_file()
    )
    assert "${INDEX_TOKEN}" in shown
    for secret in (SECRET, "t0ken-secret"):
        assert secret not in shown + installed
    assert "direct_url.json" not in installed


def test_pip_fails_if_the_server_refuses_and_says_so_without_the_values(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with serving(tmp_path / "wheels", "joe:another", "/t0ken-secret") as index:
        (tmp_path / "requirements.txt").write_text(requirement(index))
        assert exit_status(tmp_path, VARIABLES) == workspace.PIP_FAILED
    shown = "".join(capfd.readouterr())
    assert SECRET not in shown
    assert "401" in shown or "credentials" in shown


def test_nothing_is_installed_for_an_empty_list(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("\n")
    assert exit_status(tmp_path, {}) == 0
    assert list((tmp_path / "site").iterdir()) == []
