"""How long a run takes: typical times added up along the critical path; and the progress of an installation."""

from pathlib import Path

import pytest

from awsprov.engine.estimate import Forecast, expected_seconds, forecast_down, format_duration
from awsprov.engine.plan import Action, Change, Plan
from awsprov.engine.resource import Resource
from awsprov.engine.stack import Stack
from awsprov.packaging.install_progress import InstallProgress
from awsprov.paths import cache_directory


class Gateway(Resource):
    """Something that takes long on AWS."""

    area, typical_seconds = "network", 100.0


class Libraries(Resource):
    """Something that takes long everywhere."""

    area, typical_seconds = "libraries", 60.0


# ---- typical times


def plan_of(action: Action, *resources: Resource) -> tuple[Plan, Stack]:
    return Plan(tuple(Change(r, action) for r in resources)), Stack(resources, (Gateway, Libraries), {})


@pytest.mark.parametrize(
    ("action", "local", "seconds"),
    [
        ("create", False, 100.0),
        ("create", True, 1.0),
        ("replace", False, 200.0),
        ("change", False, 3.0),
        ("keep", False, 0.0),
    ],
)
def test_a_change_takes_what_its_kind_typically_takes(action: Action, local: bool, seconds: float) -> None:
    assert expected_seconds(*plan_of(action, Gateway("nat")), local) == seconds


def test_libraries_take_as_long_on_the_local_cloud() -> None:
    assert expected_seconds(*plan_of("create", Libraries("libraries")), local=True) == 60.0


def test_how_long_deletions_take_is_unknown() -> None:
    vpc = Resource("vpc")
    nat = Gateway("nat", after=(vpc,))
    forecast = forecast_down([vpc, nat], Stack([vpc, nat], (), {}))
    assert forecast.remaining({}, ()) == (None, ())
    assert forecast.typical("nat") is None
    assert [r.name for r in forecast.graph] == ["nat", "vpc"]


def test_the_cache_directory_is_the_users_or_the_environments(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWSPROV_CACHE_DIR", str(tmp_path / "here"))
    assert cache_directory() == tmp_path / "here"
    monkeypatch.delenv("AWSPROV_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_directory().is_relative_to(tmp_path)
    assert "awsprov" in cache_directory().parts


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
    assert ladder(**WHOLE).remaining({}, ()) == (112.0, ("vpc", "nat", "function"))


def test_it_moves_when_what_was_on_it_is_done() -> None:
    assert ladder(**WHOLE).remaining({"disk": 10.0}, ("vpc", "nat")) == (90.0, ("disk", "function"))
    assert ladder(**WHOLE).remaining({}, tuple(WHOLE)) == (0.0, ())


def test_what_there_is_nothing_to_do_with_takes_no_time() -> None:
    assert ladder(function=10.0).remaining({}, ()) == (10.0, ("function",))


def test_what_is_overdue_never_promises_to_be_done_at_once() -> None:
    seconds, names = ladder(nat=100.0).remaining({"nat": 200.0}, ())
    assert names == ("nat",)
    assert seconds == pytest.approx(40.0)


def test_there_is_no_estimate_when_a_part_is_unknown() -> None:
    assert ladder(**{**WHOLE, "disk": None}).remaining({}, ()).seconds is None
    assert ladder(**{**WHOLE, "disk": None}).remaining({}, ("disk",)).seconds == 112.0


@pytest.mark.parametrize(
    ("seconds", "text"),
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
def test_durations_are_rounded_for_people(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


# ---- an installation


def test_an_installation_reports_its_package_of_how_many() -> None:
    installing = InstallProgress(3)
    texts = []
    for line in (
        "Looking in indexes: somewhere",
        "Collecting cloudpickle@ https://example.com/cloudpickle-3.1.3-py3-none-any.whl (from -r r.txt (line 1))",
        "  Downloading cloudpickle-3.1.3-py3-none-any.whl (22 kB)",
        "Processing /wheels/joblib-1.6.0-py3-none-any.whl (from -r .awsprov/requirements.txt (line 2))",
        "Collecting scikit-learn@ https://example.com/scikit_learn-1.9.1-cp312-cp312-manylinux.whl (from -r r.txt)",
        "Installing collected packages: scikit-learn, joblib, cloudpickle",
        "Successfully installed cloudpickle-3.1.3 joblib-1.6.0 scikit-learn-1.9.1",
        "compiling the packages",
        "start pack: similarity reads 1617 files",
        "built environment 764a94c1314b10cc: 6020 files",
        "copying 6020 files, 257 MB",
        "manifest 9714b689db52",
    ):
        installing.update(line)
        texts.append(installing.text)
    assert list(dict.fromkeys(texts)) == [
        "",
        "package 1 of 3: cloudpickle 3.1.3",
        "package 2 of 3: joblib 1.6.0",
        "package 3 of 3: scikit_learn 1.9.1",
        "unpacking 3 packages",
        "3 packages installed; removing files that are not needed",
        "3 packages installed; compiling",
        "3 packages compiled; making the start pack",
        "3 packages built",
        "3 packages built; copying them to the file system",
        "3 packages copied; publishing",
    ]


def test_one_package_is_no_packages() -> None:
    installing = InstallProgress(1)
    installing.update("compiling")
    assert installing.text == "1 package installed; compiling"
