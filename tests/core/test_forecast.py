"""How long things take: learnt, kept, and added up along the critical path; and how far an installation is."""

import json
from pathlib import Path
from typing import Any

import pytest

from awsprov.engine.estimate import Forecast, span
from awsprov.engine.events import Event
from awsprov.engine.resource import Resource
from awsprov.engine.timings import KEPT, Durations, Learner
from awsprov.packaging.install_progress import Installing
from awsprov.paths import cache_directory


class Gateway(Resource):
    """Something that takes long on AWS."""

    area, typical_seconds = "network", 100.0


class Libraries(Resource):
    """Something that takes long everywhere."""

    area, typical_seconds = "libraries", 60.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "durations.json"


# ---- learning


def test_before_anything_was_learnt_aws_is_as_known_and_this_machine_is_quick(path: Path) -> None:
    gateway = Gateway("nat")
    assert Durations("aws", path).usual(gateway, "create") == 100.0
    assert Durations("local", path).usual(gateway, "create") == 1.0
    assert Durations("local", path).usual(Libraries("libraries"), "create") == 60.0  # installed for real
    assert Durations("aws", path).usual(gateway, "delete") is None


def test_what_was_learnt_is_kept_by_place_kind_and_deed(path: Path) -> None:
    durations = Durations("aws", path)
    for seconds in (80.0, 300.0, 90.0):
        durations.learn("Gateway", "create", seconds)
    durations.learn("Gateway", "delete", 40.0)
    durations.save()
    again = Durations("aws", path)
    assert again.usual(Gateway("other"), "create") == 90.0  # the median: one that was slow counts for little
    assert again.usual(Gateway("other"), "delete") == 40.0
    assert Durations("local", path).usual(Gateway("other"), "create") == 1.0


def test_the_latest_count(path: Path) -> None:
    durations = Durations("aws", path)
    for seconds in [1.0] * 20 + [50.0] * KEPT:
        durations.learn("Gateway", "create", seconds)
    assert durations.usual(Gateway("nat"), "create") == 50.0
    assert len(durations.seconds["aws Gateway create"]) == KEPT


@pytest.mark.parametrize(
    "spoilt",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"schema": 99, "seconds": {"aws Gateway create": [5]}}',
        b'{"schema": 1}',
        b'{"schema": 1, "seconds": []}',
        b'{"schema": 1, "seconds": {"aws Gateway create": "soon"}}',
        b'{"schema": 1, "seconds": {"aws Gateway create": ["a", null, -3, 1e99, NaN, true]}}',
    ],
)
def test_a_spoilt_file_is_as_none(path: Path, spoilt: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(spoilt)
    durations = Durations("aws", path)
    assert durations.usual(Gateway("nat"), "create") == 100.0
    durations.learn("Gateway", "create", 7.0)
    durations.save()
    assert Durations("aws", path).usual(Gateway("nat"), "create") == 7.0


def test_a_directory_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    durations = Durations("aws", tmp_path / "file" / "durations.json")
    durations.learn("Gateway", "create", 7.0)
    durations.save()


def test_the_cache_is_the_user_s_or_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWSPROV_CACHE_DIR", str(tmp_path / "here"))
    assert cache_directory() == tmp_path / "here"
    monkeypatch.delenv("AWSPROV_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_directory().is_relative_to(tmp_path)
    assert "awsprov" in cache_directory().parts


def test_events_teach(path: Path) -> None:
    durations, heard = Durations("aws", path), list[Event]()
    learner = Learner(heard.append, durations, {"nat": "Gateway", "broken": "Gateway"})
    told: list[tuple[str, Any, float]] = [("nat", "deleting", 5.0), ("nat", "deleted", 25.0), ("nat", "creating", 30.0)]
    told += [
        ("broken", "creating", 30.0),
        ("nat", "waiting", 40.0),
        ("broken", "failed", 50.0),
        ("nat", "ready", 110.0),
    ]
    told += [("nat", "ready", 500.0), ("stranger", "creating", 1.0), ("stranger", "ready", 2.0)]
    for name, step, at in told:
        learner(Event(name, step, at=at))
    assert durations.seconds == {"aws Gateway create": [80.0], "aws Gateway delete": [20.0]}
    assert len(heard) == len(told)


# ---- the critical path


def ladder(**takes: float | None) -> Forecast:
    """vpc before nat and disk; both before function."""
    vpc = Resource("vpc")
    nat, disk = Resource("nat", after=(vpc,)), Resource("disk", after=(vpc,))
    function = Resource("function", after=(nat, disk))
    graph = {r: r.needs for r in (vpc, nat, disk, function)}
    return Forecast(graph, {r: takes[r.name] for r in graph if r.name in takes})


WHOLE = {"vpc": 2.0, "nat": 100.0, "disk": 90.0, "function": 10.0}


def test_the_critical_path_is_the_longest_way() -> None:
    assert ladder(**WHOLE).left({}, ()) == (112.0, ("vpc", "nat", "function"))


def test_it_moves_when_what_was_on_it_is_done() -> None:
    assert ladder(**WHOLE).left({"disk": 10.0}, ("vpc", "nat")) == (90.0, ("disk", "function"))
    assert ladder(**WHOLE).left({}, tuple(WHOLE)) == (0.0, ())


def test_what_there_is_nothing_to_do_with_takes_no_time() -> None:
    assert ladder(function=10.0).left({}, ()) == (10.0, ("function",))


def test_what_is_overdue_never_promises_to_be_done_at_once() -> None:
    seconds, names = ladder(nat=100.0).left({"nat": 200.0}, ())
    assert names == ("nat",)
    assert seconds == pytest.approx(40.0)


def test_nothing_is_said_of_the_whole_when_a_part_is_not_known() -> None:
    assert ladder(**{**WHOLE, "disk": None}).left({}, ()).seconds is None
    assert ladder(**{**WHOLE, "disk": None}).left({}, ("disk",)).seconds == 112.0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "5 s"),
        (12, "10 s"),
        (58, "1 min"),
        (61, "1 min"),
        (100, "1 min 40 s"),
        (285, "4 min 45 s"),
        (400, "7 min"),
    ],
)
def test_spans_are_told_as_people_tell_them(seconds: float, words: str) -> None:
    assert span(seconds) == words


# ---- an installation


def test_an_installation_tells_its_package_of_how_many() -> None:
    installing = Installing(3)
    told = []
    for line in (
        "Looking in indexes: somewhere",
        "Collecting cloudpickle==3.1.3 (from -r .awsprov/requirements.txt (line 1))",
        "  Downloading cloudpickle-3.1.3-py3-none-any.whl (22 kB)",
        "Processing /wheels/joblib-1.6.0-py3-none-any.whl (from -r .awsprov/requirements.txt (line 2))",
        "Collecting scikit-learn==1.9.1 (from -r .awsprov/requirements.txt (line 3))",
        "Installing collected packages: scikit-learn, joblib, cloudpickle",
        "Successfully installed cloudpickle-3.1.3 joblib-1.6.0 scikit-learn-1.9.1",
        "compiling, and copying the packages",
        "copying the bytecode",
        "start pack: similarity reads 1617 files",
        "manifest 9714b689db52",
    ):
        installing.hear(line)
        told.append(installing.text)
    assert list(dict.fromkeys(told)) == [
        "",
        "package 1 of 3: cloudpickle 3.1.3",
        "package 2 of 3: joblib 1.6.0",
        "package 3 of 3: scikit-learn 1.9.1",
        "unpacking 3 packages",
        "3 packages installed; leaving out what nothing imports",
        "3 packages installed; compiling and copying",
        "3 packages copied; copying their bytecode",
        "3 packages copied; making the start pack",
        "3 packages copied; publishing",
    ]


def test_one_package_is_no_packages() -> None:
    installing = Installing(1)
    installing.hear("compiling")
    assert installing.text == "1 package installed; compiling and copying"


def test_a_file_is_written_for_people_too(path: Path) -> None:
    durations = Durations("aws", path)
    durations.learn("Gateway", "create", 1.234)
    durations.save()
    assert json.loads(path.read_text()) == {"schema": 1, "seconds": {"aws Gateway create": [1.23]}}
