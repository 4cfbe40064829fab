"""Packages of Amazon Linux that an instance installs: only if this machine has what they contain."""

import sys
from pathlib import Path

import pytest

from awsprov.local.ec2 import system_packages


def test_a_package_is_there_if_this_machine_has_its_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "pg_config" in system_packages.problem("libpq-devel")
    (tmp_path / "pg_config").touch(0o755)
    assert system_packages.problem("libpq-devel") == ""


def test_on_macos_building_is_refused_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "does not fit a function" in system_packages.problem("gcc")
