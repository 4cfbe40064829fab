"""requirements.txt: read as pip reads it; what would have to be built, and options for that, are refused."""

from pathlib import Path

import pytest

from awsprov.packaging.requirement_lines import lines
from awsprov.packaging.requirements import MAX_FILES, read_requirements

SHA = "sha256:" + "a" * 64
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
    "-ihttps://example.com/simple",
    "--index-url https://example.com/simple --extra-index-url=https://example.com/more",
    "--extra-index-url=https://${USER}:${TOKEN}@example.com/simple",
    "--find-links wheels",
    "--pre",
    "--no-index",
    "--prefer-binary",
    "--require-hashes",
    "--only-binary=:all:",
    "--trusted-host example.com",
    f"numpy==2.0.0 --hash={SHA}",
    f"numpy==2.0.0 --hash {SHA}",
    f"numpy==2.0.0 --hash '{SHA}'",
    f"numpy==2.0.0 \\\n    --hash={SHA} \\\n    --hash {SHA}",
    "numpy==2.0.0 --hash=sha512:" + "a" * 128,
    "numpy \\\n  >=2 ; python_version >= '3.8'",
    "numpy @ https://example.com/numpy-2.0-py3-none-any.whl",
    "https://example.com/numpy-2.0-py3-none-any.whl",
    "./wheels/numpy-2.0-py3-none-any.whl",
    "# only a comment",
    "# a comment \\\n",
    "",
]

HOSTILE = [
    "-r other.txt",
    "-r https://example.com/requirements.txt",
    "--requirement=/proc/self/environ",
    "-r /dev/zero",
    "-c constraints.txt",
    "-e .",
    "--editable=git+https://example.com/x",
    "--no-binary :all:",
    "--global-option=--help",
    "--install-option=--prefix=/",
    "--config-settings=x=y",
    "--target=/",
    "--pre --editable .",
    "./local",
    "../outside",
    "/etc/passwd",
    "package.whl",
    "file:///etc/passwd",
    "numpy @ file:///etc/passwd",
    "git+https://example.com/x.git",
    "git+ssh://git@example.com/x.git#egg=x",
    "numpy @ git+https://example.com/x.git",
    "https://example.com/x.tar.gz",
    "--index-url ftp://example.com/simple",
    "--index-url https://${HOST}/simple",
    "--index-url https://example.com:port/simple",
    f"--hash={SHA}",
    "numpy --hash=md5:" + "a" * 32,
    "numpy --hash=sha256:aaaa",
    "numpy --pre",
    "numpy; rm -rf /",
    "numpy && true",
    "$(touch /tmp/x)",
    "`touch /tmp/x`",
    "${NAME}",
    "numpy | sh",
    "numpy>=2 scipy",
    "numpy>>2",
    "~numpy>=2",
    "-e ~no-such-user/package",
    "-r ~no-such-user/requirements.txt",
    "numpy == ",
    "num\u0000py",
    "numpy 'unbalanced --pre",
    "numpy \\\n# between\n-r other.txt",
    "numpy\\\n-r other.txt",
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
    return read_requirements(file, file.parent).problems


@pytest.mark.parametrize("line", GOOD)
def test_what_pip_installs_as_wheels_is_accepted(file: Path, line: str) -> None:
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


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-8-sig"])
def test_a_byte_order_mark_decides_the_encoding(file: Path, encoding: str) -> None:
    mark = "\ufeff" if encoding.endswith("-le") else ""
    file.write_bytes(f"{mark}numpy>=2\n".encode(encoding))
    assert read_requirements(file).packages == ["numpy>=2"]


def test_a_coding_line_decides_the_encoding(file: Path) -> None:
    file.write_bytes("# coding: latin-1\nnumpy  # ñandú\n".encode("latin-1"))
    assert read_requirements(file).packages == ["numpy"]


@pytest.mark.parametrize("raw", [b"\xff\xfen\x00\x00", b"numpy \xe4", b"# coding: nothing\nnumpy"])
def test_a_file_that_is_not_text_is_an_error(file: Path, raw: bytes) -> None:
    file.write_bytes(raw)
    assert "cannot be read" in read_requirements(file).problems[0]


def test_a_missing_file_is_an_error(file: Path) -> None:
    assert "cannot be read" in read_requirements(file).problems[0]


def test_files_are_included_relative_to_the_one_that_includes_them(file: Path) -> None:
    (file.parent / "more").mkdir()
    (file.parent / "more" / "base.txt").write_text("-c limits.txt\nscipy\n-r ../requirements.txt\n")
    (file.parent / "more" / "limits.txt").write_text(f"numpy<3 --hash={SHA}\n")
    assert problems_in(file, "-r more/base.txt\nnumpy\n") == []
    found = read_requirements(file)
    assert found.packages == ["scipy", "numpy"]
    assert found.constraints == ["numpy<3"]
    assert found.hashes == {"numpy": {SHA}}
    assert [each.name for each in found.files] == ["requirements.txt", "base.txt", "limits.txt"]


def test_the_number_of_included_files_is_limited(file: Path) -> None:
    for number in range(MAX_FILES + 5):
        (file.parent / f"{number}.txt").write_text(f"-r {number + 1}.txt\nnumpy\n")
    assert any("more than" in each for each in problems_in(file, "-r 0.txt\n"))


def test_lines_of_files_outside_of_the_project_are_not_quoted(file: Path) -> None:
    (file.parent / "project").mkdir()
    (file.parent / "secret").write_text("key = hunter2\n")
    inside = file.parent / "project" / "requirements.txt"
    inside.write_text("-r ../secret\n!!\n")
    found = read_requirements(inside, inside.parent).problems
    assert "hunter2" not in str(found)
    assert "!!" in str(found)


def test_lines_are_joined_and_numbered_by_their_first() -> None:
    text = "# head\nnumpy \\\n  >=2\n\nscipy # why\n"
    assert list(lines(text)) == [(2, "numpy   >=2"), (5, "scipy")]


def test_a_line_that_is_continued_by_nothing_counts() -> None:
    assert list(lines("numpy \\")) == [(1, "numpy")]


def test_paths_of_wheels_do_not_depend_on_the_place_of_the_project(tmp_path: Path) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "requirements.txt").write_text("--find-links wheels\nnumpy\n")
    one, other = (read_requirements(tmp_path / name / "requirements.txt").inputs for name in ("here", "there"))
    assert one == other
