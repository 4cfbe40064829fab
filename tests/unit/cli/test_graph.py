"""graph without an account: formats, files, and the error for a format that is not available."""

import sys
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Call

pytestmark = pytest.mark.usefixtures("project")


def test_mermaid_is_what_is_printed(awsprov: Call) -> None:
    result = awsprov("graph")
    assert result.code == 0
    assert result.out.startswith("flowchart TB\n")
    assert result.err == "awsprov graph …\n"


@pytest.mark.parametrize(
    ("file", "begins"), [("a.svg", b"<svg "), ("a.png", b"\x89PNG"), ("a.mmd", b"flowchart"), ("a.dot", b"digraph")]
)
def test_a_file_s_ending_says_its_format(awsprov: Call, project: Path, file: str, begins: bytes) -> None:
    result = awsprov("graph", "-o", file)
    assert (result.code, result.out, result.err) == (0, "", f"awsprov graph …\nWrote {file}.\n")
    assert (project / file).read_bytes().startswith(begins)


def test_an_ending_that_means_nothing_is_an_error(awsprov: Call, project: Path) -> None:
    result = awsprov("graph", "-o", "a.pdf")
    assert result.code == 2
    assert "svg, png, mermaid, dot" in result.err
    assert not (project / "a.pdf").exists()


def test_the_picture_in_the_documentation_is_what_the_demo_s_configuration_gives(awsprov: Call) -> None:
    root = Path(__file__).parents[3]
    result = awsprov("graph", "--config", str(root / "config.yaml"), "--state-dir", "none", "--format", "svg")
    assert result.out == (root / "docs" / "architecture.svg").read_text()


def test_without_the_extra_png_says_what_to_install(awsprov: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    result = awsprov("graph", "-o", "a.png")
    assert result.code == 2
    assert "pip install 'awsprov[png]'" in result.err
