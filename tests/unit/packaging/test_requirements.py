"""requirements.txt: names and versions get through, places on this machine and options do not."""

from pathlib import Path

import pytest

from awsprov.packaging.requirements import lines, problems

GOOD = [
    "numpy",
    "numpy>=2",
    "numpy ==2.1.* ; python_version >= '3.12'",
    "scikit-learn[tests]>=1.5,<2",
    "numpy  # the newest",
    "numpy\t# the newest, after a tab",
    "Django~=5.0",
    "--index-url https://example.com/simple",
    "-i https://example.com/simple",
    "--extra-index-url=https://example.com/simple",
    "--pre",
    "--prefer-binary",
    "numpy==2.0.0 --hash=sha256:" + "a" * 64,
    "numpy==2.0.0 \\\n    --hash=sha256:" + "a" * 64,
    "# only a comment",
    "",
]

HOSTILE = [
    "-r other.txt",
    "--requirement=/etc/passwd",
    "-c constraints.txt",
    "-e .",
    "--editable=git+https://example.com/x",
    "-f /tmp",
    "--no-binary :all:",
    "--global-option=--help",
    "--install-option=--prefix=/",
    "--config-settings=x=y",
    "--target=/",
    "--pre --editable .",
    "./local",
    "../outside",
    "/etc/passwd",
    "~/package",
    "package.whl",
    "file:///etc/passwd",
    "numpy @ file:///etc/passwd",
    "numpy @ https://example.com/numpy.whl",
    "git+https://example.com/x.git",
    "git+ssh://git@example.com/x.git#egg=x",
    "https://example.com/x.tar.gz",
    "numpy; rm -rf /",
    "numpy && true",
    "$(touch /tmp/x)",
    "`touch /tmp/x`",
    "numpy | sh",
    "numpy>=2 scipy",
    "numpy>>2",
    "numpy == ",
    "num\u0000py",
    "# a comment \\\n-r other.txt",
    "numpy \\\n# between\n-r other.txt",
    "numpy\\\n-r other.txt",
    "numpy # comment \\\n-r other.txt",
    "numpy\x0c-r other.txt",
    "numpy\u2028-r other.txt",
    "numpy --config-settings=x=y",
    "numpy --global-option=--help",
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "requirements.txt"


def problems_in(file: Path, text: str) -> list[str]:
    file.write_bytes(text.encode())
    return problems(file)


@pytest.mark.parametrize("line", GOOD)
def test_what_pip_installs_from_an_index_gets_through(file: Path, line: str) -> None:
    assert problems_in(file, f"{line}\n") == []


@pytest.mark.parametrize("line", HOSTILE)
def test_what_is_anything_else_does_not(file: Path, line: str) -> None:
    found = problems_in(file, f"scipy\n\n{line}\n")
    assert found
    assert found[0].startswith(("requirements.txt:3: ", "requirements.txt:4: ", "requirements.txt:5: "))


def test_all_problems_are_reported_with_their_lines(file: Path) -> None:
    assert [each.split(": ")[0] for each in problems_in(file, "-e .\nnumpy\n./x\n")] == [
        "requirements.txt:1",
        "requirements.txt:3",
    ]


@pytest.mark.parametrize("raw", [b"\xff\xfen\x00", b"numpy \xe4"])
def test_a_file_that_is_not_text_is_an_error(file: Path, raw: bytes) -> None:
    file.write_bytes(raw)
    assert "cannot be read" in problems(file)[0]


def test_a_missing_file_is_an_error(file: Path) -> None:
    assert "cannot be read" in problems(file)[0]


def test_lines_are_joined_and_numbered_by_their_first() -> None:
    assert lines("# head\nnumpy \\\n  >=2\n\nscipy # why\n") == [(2, "numpy    >=2"), (5, "scipy")]


def test_a_line_that_is_continued_by_nothing_counts() -> None:
    assert lines("numpy \\") == [(1, "numpy")]
