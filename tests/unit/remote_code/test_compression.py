"""The compression of the start pack: with zstd if the builder can have it, with zlib otherwise."""

import hashlib
import io
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import resources
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from awsprov.remote_code.builder import compression, pack_file, tree, workspace
from awsprov.remote_code.builder.compression import Compression
from awsprov.resources.compute.builder_session import programs
from tests.unit.remote_code.builder_programs import Builder
from tests.unit.remote_code.packed_environment import COMPLETE, HANDLER, add_pack, cut, index, python, spoil

needs_package = pytest.mark.skipif(sys.version_info >= (3, 14), reason="Python has zstd")
INDEX = "https://packages.acme.example/simple"


@dataclass
class Pip:
    """Stands for pip on the builder, and for the wheel, which has the package of this environment.

    Attributes:
        fails: whether the index cannot be reached, or has no such package.
        content: the content of the extension module, if it is another one.
        runs: the commands.
    """

    home: Path
    fails: bool = False
    content: bytes | None = None
    runs: list[list[str]] = field(default_factory=list)

    @property
    def wheel(self) -> bytes:
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w") as archive:
            name = f"_zstd{EXTENSION_SUFFIXES[0]}"
            package = Path(str(pytest.importorskip("backports.zstd").__file__)).parent
            member = zipfile.ZipInfo(f"backports/zstd/{name}")  # with a fixed time
            archive.writestr(member, (package / name).read_bytes() if self.content is None else self.content)
        return written.getvalue()

    @property
    def pins(self) -> str:
        digest = hashlib.sha256(self.wheel).hexdigest()
        return f"backports.zstd==1.0 --hash=sha256:{digest}"

    def run(self, command: list[str], **_: object) -> "subprocess.CompletedProcess[str]":
        self.runs.append(command)
        if not self.fails:
            directory = Path(next(word.removeprefix("--dest=") for word in command if word.startswith("--dest=")))
            (directory / f"zstd-1.0-cp3{sys.version_info.minor}-any.whl").write_bytes(self.wheel)
        return subprocess.CompletedProcess(command, int(self.fails))

    def best(self, index: str = INDEX) -> Compression:
        """Return the compression of one build, whose packages are from an index."""
        self.home.mkdir(exist_ok=True)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(subprocess, "run", self.run)
            patch.setattr(compression, "_pins", lambda: self.pins)
            return compression.best(self.home, index)


@pytest.fixture
def pip(tmp_path: Path) -> Pip:
    return Pip(tmp_path / "builder-home")


@pytest.fixture
def zstd(pip: Pip) -> Compression:
    """Return zstd as a builder has it."""
    found = pip.best()
    assert found.name == compression.ZSTD
    return found


# ---- the builder


@needs_package
def test_the_wheel_is_downloaded_by_hash_once_for_all_builds(pip: Pip) -> None:
    assert [pip.best().name for _ in range(2)] == [compression.ZSTD] * 2
    (command,) = pip.runs
    assert {"--require-hashes", "--no-deps", "--only-binary=:all:", f"--index-url={INDEX}"} <= set(command)


@needs_package
def test_a_wheel_that_was_changed_on_the_builder_is_downloaded_again(pip: Pip) -> None:
    pip.best()
    (wheel,) = (pip.home / "zstd").glob("*.whl")
    wheel.write_bytes(b"changed")
    assert pip.best().name == compression.ZSTD
    assert len(pip.runs) == 2


@needs_package
def test_no_index_is_asked_if_the_packages_are_from_none(pip: Pip, capsys: pytest.CaptureFixture[str]) -> None:
    assert pip.best(index="").name == compression.ZLIB
    assert not pip.runs
    assert "compressed with zlib" in capsys.readouterr().out


@needs_package
@pytest.mark.parametrize(("fails", "content"), [(True, None), (False, b"for another platform")])
def test_zlib_is_used_if_zstd_is_not_available(
    pip: Pip, capsys: pytest.CaptureFixture[str], fails: bool, content: bytes | None
) -> None:
    pip.fails, pip.content = fails, content
    assert pip.best().name == compression.ZLIB
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_the_wheels_of_all_pythons_and_platforms_are_pinned_by_hash() -> None:
    text = resources.files(compression.__package__ or "").joinpath("zstd.txt").read_text()
    pin, *hashes = "".join(line for line in text.splitlines() if not line.startswith("#")).split("\\")
    assert re.fullmatch(r"backports\.zstd==[\d.]+ ", pin)
    assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64} ?", each) for each in hashes)
    pythons, platforms = ("3.11", "3.12", "3.13"), ("Linux x86_64", "Linux aarch64", "macOS x86_64", "macOS arm64")
    assert len(set(hashes)) == len(pythons) * len(platforms)


def test_the_builder_gets_the_pins() -> None:
    assert "builder/zstd.txt" in zipfile.ZipFile(io.BytesIO(programs())).namelist()


def test_libs_why_decompresses_what_the_builder_compressed(zstd: Compression) -> None:
    decompress = compression.decompressor(zstd.name, zstd.extension)
    assert decompress(zstd.compress(b"content" * 1000)) == b"content" * 1000


# ---- the function


@pytest.fixture
def packed(site: Path, builder: Builder, zstd: Compression, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an environment with a start pack that is compressed with zstd."""
    monkeypatch.setenv("PATH", str(builder.commands), prepend=os.pathsep)
    add_pack(site, HANDLER, None, zstd)
    return site


def test_the_handler_s_process_does_not_load_zstd(packed: Path, tmp_path: Path) -> None:
    assert index(packed)["compression"] == compression.ZSTD
    code = f"import demo, sys\n{COMPLETE}print(demo.DATA, '_zstd' in sys.modules)"
    assert python(packed, code, tmp_path) == "read False"
    assert not list((tmp_path / "awsprov" / packed.name).rglob("*zstd*"))


def damage_extension(site: Path) -> None:
    """Replace the extension module, or what is there without one."""
    path = site / workspace.PACK
    path.write_bytes(bytes(1000) + path.read_bytes()[1000:])


@pytest.mark.parametrize("damage", [cut, spoil, damage_extension])
def test_links_are_used_if_a_start_pack_with_zstd_is_damaged(
    packed: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    damage(packed)
    output = python(packed, "import demo; print(demo.DATA)", tmp_path).splitlines()  # of both processes
    assert "read" in output
    assert any(line.startswith("awsprov: incomplete start pack, importing the rest from") for line in output)
    assert not (tmp_path / "awsprov" / packed.name / workspace.INDEX).exists()


def test_blocks_are_compressed_again_if_the_earlier_ones_are_in_another_way(
    packed: Path, tmp_path: Path, zstd: Compression
) -> None:
    entries = tree.describe_all(packed, 1)
    published = {name: tree.published(entry) for name, entry in entries.items()}
    (tmp_path / "again").mkdir()
    earlier, files = pack_file.Blocks(packed, published), {"demo/used.py": entries["demo/used.py"]}
    pack_file.write(packed, files, set(entries), tmp_path / "again", earlier=earlier)
    assert earlier.compression == zstd.name
    assert index(tmp_path / "again")["compression"] == compression.ZLIB
