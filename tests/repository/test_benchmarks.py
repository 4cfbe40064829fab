"""The benchmarks' own parts: comparisons with thresholds, critical paths, and the file system with latency."""

import os
import shutil
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from awsprov.engine.resource import Resource
from benchmarks import latency, mounting
from benchmarks.comparison import Comparison
from benchmarks.critical_path import critical_path, deletion_graph
from benchmarks.local_project import Event, Span, event_in, seconds_by_resource, sequential_round_trips
from benchmarks.picture import draw
from tests.unit.fakes import Net


@pytest.mark.parametrize(
    ("value", "baseline", "faster", "passed"),
    [(2.0, 12.0, True, True), (2.1, 12.0, True, False), (12.0, 2.0, False, True), (12.1, 2.0, False, False)],
)
def test_a_ratio_is_within_its_threshold_or_not(value: float, baseline: float, faster: bool, passed: bool) -> None:
    assert Comparison("x", value, baseline, 6, faster=faster).passed is passed


@pytest.mark.parametrize(
    ("value", "faster", "worse"), [(1.2, True, False), (1.3, True, True), (1.19, False, False), (1.21, False, True)]
)
def test_a_fifth_worse_than_before_is_a_regression(value: float, faster: bool, worse: bool) -> None:
    assert Comparison("x", value, 1, 1, faster=faster).is_regression(1) is worse
    assert not Comparison("x", value, 1, 1, faster=faster).is_regression(None)


def test_none_of_something_is_a_ratio_too() -> None:
    none = Comparison("x", 0, 1, 0, faster=False, unit="calls")
    assert none.passed
    assert "ratio   0.00, at most 0: ok" in none.line(0.0)
    assert not Comparison("x", 1, 1, 0, faster=False).passed


def test_round_trips_are_the_longest_sequence_of_calls_after_one_another() -> None:
    side_by_side = [Span("a", 0, 2), Span("b", 1, 3), Span("c", 1.5, 2.5)]
    assert sequential_round_trips(side_by_side) == 1
    assert sequential_round_trips([*side_by_side, Span("d", 2.1, 4), Span("e", 4, 5)]) == 3
    assert sequential_round_trips([]) == 0


def test_the_critical_path_is_the_longest_and_not_the_one_of_most_steps() -> None:
    net, machine, code = Net("net"), Net("machine"), Net("code")
    graph: dict[Resource, tuple[Resource, ...]] = {net: (), machine: (net,), code: (machine,)}
    seconds: dict[Resource, float] = {net: 1.0, machine: 5.0, code: 0.0}
    path = critical_path(graph, seconds.__getitem__)
    assert path.seconds == 6
    assert str(path) == "net 1.0 s → machine 5.0 s"
    assert list(deletion_graph(graph)) == [code, machine, net]


def test_the_seconds_of_resources_are_read_from_the_progress() -> None:
    lines = ["  0.1s  vpc                      creating", "  1.5s  gateway-response DEFAULT_4XX creating", "Created."]
    lines += [
        "  4.1s  libraries                waiting    publishing",
        "  2.0s  vpc                      ready      vpc-1",
    ]
    events = [event for line in lines if (event := event_in(line))]
    assert Event(4.1, "libraries", "waiting", "publishing") in events
    assert seconds_by_resource(events) == {"vpc": pytest.approx(1.9)}


def test_the_picture_shows_each_result_and_whether_it_passed() -> None:
    drawn = draw(
        [("path", Comparison("up & down", 1.0, 1.0, 1.05, faster=False)), ("noop", Comparison("fast", 4.0, 4.2, 4.2))]
    )
    root = ElementTree.fromstring(drawn)  # noqa: S314 - our own
    assert "up & down" in "".join(root.itertext())
    assert [each.get("class") for each in root.iter("{http://www.w3.org/2000/svg}rect")] == ["passed", "failed"]
    assert "prefers-color-scheme: dark" in drawn


@pytest.mark.skipif(bool(mounting.available()), reason=mounting.available())
def test_the_file_system_with_latency_keeps_what_it_is_given(tmp_path: Path) -> None:
    content = os.urandom(3 << 20)
    (tmp_path / "backing").mkdir()
    with mounting.mounted(tmp_path / "backing", tmp_path / "mount") as mount:
        (mount / "a").mkdir()
        (mount / "a" / "file").write_bytes(content)
        (mount / "a" / "file").chmod(0o640)
        (mount / "a" / "link").symlink_to("file")
        (mount / "a").rename(mount / "b")
        assert (mount / "b" / "link").read_bytes() == content
        assert not (mount / "a").exists()
    with mounting.mounted(tmp_path / "backing", tmp_path / "mount") as mount:
        assert sorted(path.name for path in (mount / "b").iterdir()) == ["file", "link"]
        assert (mount / "b" / "file").read_bytes() == content
        assert (mount / "b" / "file").stat().st_mode & 0o777 == 0o640
        shutil.rmtree(mount / "b")
    assert list((tmp_path / "backing").iterdir()) == []
    assert not (tmp_path / "mount").is_mount()


@pytest.mark.skipif(bool(mounting.available()), reason=mounting.available())
def test_each_operation_takes_its_time(tmp_path: Path) -> None:
    (tmp_path / "backing").mkdir()
    with mounting.mounted(tmp_path / "backing", tmp_path / "mount") as mount:
        mount.stat()
        began = time.monotonic()
        assert not any((mount / f"no{n}").exists() for n in range(100))
        assert time.monotonic() - began >= 100 * latency.LOOK
        (mount / "large").write_bytes(bytes(3_000_000))
        assert time.monotonic() - began >= 100 * latency.LOOK + 3e6 / latency.RATE
