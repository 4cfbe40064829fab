"""A diagram as text for others to draw: Mermaid, which GitHub shows, and DOT, which Graphviz reads."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from awsprov.diagram.model import CALLERS, INTERNET, Diagram, Place, Thing


class Group(NamedTuple):
    """A box with boxes in it."""

    key: str
    title: str
    inside: "list[Group | Thing]"


def mermaid(picture: Diagram) -> str:
    """The diagram as a Mermaid flowchart."""
    lines = ["flowchart TB", f'  {_key(CALLERS)}(["Callers"])', f'  {_key(INTERNET)}(["Internet"])']
    lines += _nested(_region(picture), 1, _mermaid_group, _mermaid_thing, "end")
    for line in picture.lines:
        about = f'|"{line.about}"|' if line.about else ""
        lines.append(f"  {_key(line.start)} -->{about} {_key(line.end)}")
    return "\n".join([*lines, "  classDef plan stroke-dasharray: 6 4", ""])


def dot(picture: Diagram) -> str:
    """The diagram as a graph for Graphviz."""
    lines = ["digraph stack {", "  compound=true; rankdir=TB; node [shape=box, fontname=Helvetica];"]
    lines += [
        f'  {_key(CALLERS)} [label="Callers", shape=oval];',
        f'  {_key(INTERNET)} [label="Internet", shape=oval];',
    ]
    lines += _nested(_region(picture), 1, _dot_group, _dot_thing, "}")
    places = {place.key: place for zone in picture.zones for place in (zone.public, zone.private)}
    for line in picture.lines:
        start = places[line.start].things[0].key if line.start in places else line.start
        told = [f'label="{line.about}"'] if line.about else []
        told += [f"ltail=cluster_{_key(line.start)}"] if line.start in places else []
        lines.append(f"  {_key(start)} -> {_key(line.end)} [{', '.join(told)}];")
    return "\n".join([*lines, "}", ""])


def _region(picture: Diagram) -> Group:
    """The boxes within boxes, from the outermost."""
    zones: list[Group | Thing] = [
        Group(f"zone {n}", zone.title, [_subnet(zone.public), _subnet(zone.private)])
        for n, zone in enumerate(picture.zones, start=1)
    ]
    vpc = Group(picture.vpc.key, " · ".join([picture.vpc.title, *picture.vpc.lines]), [picture.gateway, *zones])
    return Group("region", f"Region {picture.region}", [*picture.outside, vpc, picture.storage])


def _subnet(place: Place) -> Group:
    return Group(place.key, place.title, list(place.things))


def _nested(
    group: Group,
    depth: int,
    opens: Callable[[Group], str],
    drawn: Callable[[Thing], str],
    closes: str,
) -> Iterator[str]:
    """A group's lines, and those of all that is in it."""
    indent = "  " * depth
    yield f"{indent}{opens(group)}"
    for each in group.inside:
        if isinstance(each, Group):
            yield from _nested(each, depth + 1, opens, drawn, closes)
        else:
            yield f"{indent}  {drawn(each)}"
    yield f"{indent}{closes}"


def _mermaid_group(group: Group) -> str:
    return f'subgraph {_key(group.key)}["{group.title}"]'


def _mermaid_thing(thing: Thing) -> str:
    return f'{_key(thing.key)}["{"<br/>".join([thing.title, *thing.lines])}"]{"" if thing.made else ":::plan"}'


def _dot_group(group: Group) -> str:
    return f'subgraph cluster_{_key(group.key)} {{ label="{group.title}";'


def _dot_thing(thing: Thing) -> str:
    label, style = "\\n".join([thing.title, *thing.lines]), "" if thing.made else ", style=dashed"
    return f'{_key(thing.key)} [label="{label}"{style}];'


def _key(name: str) -> str:
    """A name that both languages take, and no word that they keep for themselves."""
    return "n_" + "".join(letter if letter.isalnum() else "_" for letter in name)
