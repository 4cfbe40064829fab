"""The benches' own parts: a ratio is held to its bar, and the file system with latency is one, and has it."""

import os
import shutil
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from awsprov.engine.resource import Resource
from benchmarks import latency
from benchmarks.bars import Bar
from benchmarks.chains import longest, turned
from benchmarks.clouds import Span, depth
from benchmarks.picture import draw
from tests.unit.fakes import Net


@pytest.mark.parametrize(
    ("ours", "reference", "faster", "held"),
    [(2.0, 12.0, True, True), (2.1, 12.0, True, False), (12.0, 2.0, False, True), (12.1, 2.0, False, False)],
)
def test_a_bar_is_held_or_not(ours: float, reference: float, faster: bool, held: bool) -> None:
    assert Bar("x", ours, reference, 6, faster=faster).held is held


@pytest.mark.parametrize(
    ("ours", "faster", "worse"), [(1.2, True, False), (1.3, True, True), (1.19, False, False), (1.21, False, True)]
)
def test_a_fifth_worse_than_before_is_a_regression(ours: float, faster: bool, worse: bool) -> None:
    assert Bar("x", ours, 1, 1, faster=faster).worse(1) is worse
    assert not Bar("x", ours, 1, 1, faster=faster).worse(None)


def test_none_of_something_is_a_ratio_too() -> None:
    bar = Bar("x", 0, 1, 0, faster=False, unit="calls")
    assert bar.held
    assert "ratio   0.00, at most 0: ok" in bar.line(0.0)
    assert not Bar("x", 1, 1, 0, faster=False).held


def test_depth_is_the_longest_row_of_calls_after_one_another() -> None:
    side_by_side = [Span("a", 0, 2), Span("b", 1, 3), Span("c", 1.5, 2.5)]
    assert depth(side_by_side) == 1
    assert depth([*side_by_side, Span("d", 2.1, 4), Span("e", 4, 5)]) == 3
    assert depth([]) == 0


def test_the_longest_chain_is_the_dearest_and_not_the_one_of_most_links() -> None:
    net, machine, code = Net("net"), Net("machine"), Net("code")
    graph: dict[Resource, tuple[Resource, ...]] = {net: (), machine: (net,), code: (machine,)}
    seconds: dict[Resource, float] = {net: 1.0, machine: 5.0, code: 0.0}
    chain = longest(graph, seconds.__getitem__)
    assert chain.seconds == 6
    assert str(chain) == "net 1.0 s → machine 5.0 s"
    assert list(turned(graph)) == [code, machine, net]


def test_the_picture_shows_each_bar_and_whether_it_is_held() -> None:
    drawn = draw([("path", Bar("up & down", 1.0, 1.0, 1.05, faster=False)), ("noop", Bar("fast", 4.0, 4.2, 4.2))])
    root = ElementTree.fromstring(drawn)  # noqa: S314 - our own
    assert "up & down" in "".join(root.itertext())
    assert [each.get("class") for each in root.iter("{http://www.w3.org/2000/svg}rect")] == ["held", "missed"]
    assert "prefers-color-scheme: dark" in drawn


@pytest.mark.skipif(bool(latency.available()), reason=latency.available())
def test_the_file_system_with_latency_keeps_what_it_is_given(tmp_path: Path) -> None:
    content = os.urandom(3 << 20)
    (tmp_path / "backing").mkdir()
    with latency.mounted(tmp_path / "backing", tmp_path / "mount") as mount:
        (mount / "a").mkdir()
        (mount / "a" / "file").write_bytes(content)
        (mount / "a" / "file").chmod(0o640)
        (mount / "a" / "link").symlink_to("file")
        (mount / "a").rename(mount / "b")
        assert (mount / "b" / "link").read_bytes() == content
        assert not (mount / "a").exists()
    with latency.mounted(tmp_path / "backing", tmp_path / "mount") as mount:
        assert sorted(path.name for path in (mount / "b").iterdir()) == ["file", "link"]
        assert (mount / "b" / "file").read_bytes() == content
        assert (mount / "b" / "file").stat().st_mode & 0o777 == 0o640
        shutil.rmtree(mount / "b")
    assert list((tmp_path / "backing").iterdir()) == []
    assert not (tmp_path / "mount").is_mount()


@pytest.mark.skipif(bool(latency.available()), reason=latency.available())
def test_each_operation_takes_its_time(tmp_path: Path) -> None:
    (tmp_path / "backing").mkdir()
    with latency.mounted(tmp_path / "backing", tmp_path / "mount") as mount:
        mount.stat()
        began = time.monotonic()
        assert not any((mount / f"no{n}").exists() for n in range(100))
        assert time.monotonic() - began >= 100 * latency.LOOK
        (mount / "large").write_bytes(bytes(3_000_000))
        assert time.monotonic() - began >= 100 * latency.LOOK + 3e6 / latency.RATE
