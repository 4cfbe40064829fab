"""`up` and `down` against the longest chain of what they wait for, and against one worker."""

import re
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from awsprov.config.loader import load
from awsprov.engine.resource import Resource
from awsprov.stack.declaration import declare_stack
from benchmarks.bars import Bar
from benchmarks.chains import INTERFACES, MAKING, TAKING_AWAY, Chain, lasting, longest, turned
from benchmarks.clouds import Bench, Run, bench

PACE = 0.5  # of AWS's usual durations, for `up`; `down` is short enough for all of them
_INTERFACES = 20.0  # seconds until Lambda's network interfaces are gone; on AWS some minutes, and at times many
_NOTHING: Mapping[str, float] = MappingProxyType({})
_EVENT = re.compile(r" *([\d.]+)s  (.{24}) (\w+)")


class Ended(NamedTuple):
    """A command that ended: its run, and the seconds that each resource took of it."""

    run: Run
    took: Mapping[str, float]


def measure() -> list[Bar]:
    """Measure at a share of AWS's usual durations."""
    with bench(pace=1.0) as here:
        usual = here.cloud.admin_request("GET", "durations")
        usual = {name: PACE * seconds for name, seconds in usual.items()}
        bars = [*_alone(here, usual), *_critical(here, usual)]
        _tell_of_interfaces(here, usual)
        return bars


def _alone(here: Bench, usual: Mapping[str, float]) -> list[Bar]:
    """One worker, at a tenth of the durations; and all of them."""
    tenth = {name: seconds / 10 for name, seconds in usual.items()}
    _set(here, tenth)
    one = here.run("up", "--yes", module=("benchmarks.one_worker",)).seconds
    here.run("down", "--yes")
    many = here.run("up", "--yes").seconds
    here.run("down", "--yes")
    return [Bar("up, against the same with one worker", many, one, 1.2)]


def _critical(here: Bench, usual: Mapping[str, float]) -> list[Bar]:
    """Against the graph's own longest chain."""
    _set(here, usual)
    up = _ended(here.run("up", "--yes"))
    made = _chain(here, lasting(usual, MAKING), up.took)
    whole = {name: seconds / PACE for name, seconds in usual.items()}
    _set(here, whole)
    down = _ended(here.run("down", "--yes"))
    gone = _chain(here, lasting(whole, TAKING_AWAY), backwards=True)
    _tell("up", made, up.run.seconds)
    _tell("down", gone, down.run.seconds)
    return [
        Bar("up, against its longest chain and the installation", up.run.seconds, made.seconds, 1.05, faster=False),
        Bar("down, against its longest chain, without interfaces", down.run.seconds, gone.seconds, 1.05, faster=False),
    ]


def _tell_of_interfaces(here: Bench, usual: Mapping[str, float]) -> None:
    """What is left out above, by itself: a group and a subnet stay until the interfaces in them are gone."""
    _set(here, dict.fromkeys(usual, 0.0))
    here.run("up", "--yes")
    here.cloud.admin_request("POST", "durations", **{INTERFACES: _INTERFACES})
    seconds = here.run("down", "--yes").seconds
    print(
        f"down: {seconds:.1f} s where Lambda's interfaces take {_INTERFACES:.0f} s and all else nothing",
        file=sys.stderr,
    )


def _set(here: Bench, durations: Mapping[str, float]) -> None:
    here.cloud.admin_request("POST", "durations", **{**durations, INTERFACES: 0.0})


def _ended(run: Run) -> Ended:
    began: dict[str, float] = {}
    took: dict[str, float] = {}
    for second, name, step in _EVENT.findall(run.output):
        if step in ("creating", "deleting"):
            began[name.strip()] = float(second)
        elif step in ("ready", "deleted") and name.strip() in began:
            took[name.strip()] = float(second) - began[name.strip()]
    return Ended(run, took)


def _chain(
    here: Bench, seconds: Callable[[Resource], float], took: Mapping[str, float] = _NOTHING, *, backwards: bool = False
) -> Chain:
    stack = declare_stack(load(here.project.config), "203.0.113.7/32")
    graph = turned(stack.graph()) if backwards else stack.graph()
    return longest(
        graph, lambda resource: took.get(resource.name, 0.0) if resource.area == "libraries" else seconds(resource)
    )


def _tell(command: str, chain: Chain, seconds: float) -> None:
    print(f"{command}: {seconds:.1f} s; its longest chain takes {chain.seconds:.1f} s: {chain}", file=sys.stderr)
