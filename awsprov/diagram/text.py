"""Writes a diagram as Mermaid, which GitHub renders, or as DOT for Graphviz."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from awsprov.diagram.nodes import CALLERS, INTERNET, Diagram, Node, SubnetBox


class Subgraph(NamedTuple):
    """A box with nodes and other boxes in it."""

    key: str
    title: str
    inside: "list[Subgraph | Node]"


def mermaid(picture: Diagram) -> str:
    """Return the diagram as a Mermaid flowchart."""
    lines = ["flowchart TB", f'  {_key(CALLERS)}(["Callers"])', f'  {_key(INTERNET)}(["Internet"])']
    lines += _nested(_region(picture), 1, _mermaid_subgraph, _mermaid_node, "end")
    for line in picture.edges:
        label = f'|"{line.label}"|' if line.label else ""
        lines.append(f"  {_key(line.start)} -->{label} {_key(line.end)}")
    return "\n".join([*lines, "  classDef plan stroke-dasharray: 6 4", ""])


def dot(picture: Diagram) -> str:
    """Return the diagram as a DOT graph."""
    lines = ["digraph stack {", "  compound=true; rankdir=TB; node [shape=box, fontname=Helvetica];"]
    lines += [
        f'  {_key(CALLERS)} [label="Callers", shape=oval];',
        f'  {_key(INTERNET)} [label="Internet", shape=oval];',
    ]
    lines += _nested(_region(picture), 1, _dot_subgraph, _dot_node, "}")
    subnets = {subnet.key: subnet for zone in picture.zones for subnet in zone.subnets}
    for line in picture.edges:
        start = subnets[line.start].nodes[0].key if line.start in subnets else line.start
        attributes = [f'label="{line.label}"'] if line.label else []
        attributes += [f"ltail=cluster_{_key(line.start)}"] if line.start in subnets else []
        lines.append(f"  {_key(start)} -> {_key(line.end)} [{', '.join(attributes)}];")
    return "\n".join([*lines, "}", ""])


def _region(picture: Diagram) -> Subgraph:
    """Return the outermost box, with all others in it."""
    zones: list[Subgraph | Node] = [
        Subgraph(f"zone {n}", zone.title, [_subnet(subnet) for subnet in zone.subnets])
        for n, zone in enumerate(picture.zones, start=1)
    ]
    vpc = Subgraph(
        picture.vpc.key,
        " · ".join([picture.vpc.title, *picture.vpc.lines]),
        [*([picture.gateway] if picture.gateway else []), *picture.endpoints, *zones],
    )
    return Subgraph("region", f"Region {picture.region}", [*picture.outside, vpc, picture.storage])


def _subnet(subnet: SubnetBox) -> Subgraph:
    return Subgraph(subnet.key, subnet.title, list(subnet.nodes))


def _nested(
    subgraph: Subgraph,
    depth: int,
    opens: Callable[[Subgraph], str],
    drawn: Callable[[Node], str],
    closes: str,
) -> Iterator[str]:
    """Yield the lines of a subgraph and of everything in it."""
    indent = "  " * depth
    yield f"{indent}{opens(subgraph)}"
    for each in subgraph.inside:
        if isinstance(each, Subgraph):
            yield from _nested(each, depth + 1, opens, drawn, closes)
        else:
            yield f"{indent}  {drawn(each)}"
    yield f"{indent}{closes}"


def _mermaid_subgraph(subgraph: Subgraph) -> str:
    return f'subgraph {_key(subgraph.key)}["{subgraph.title}"]'


def _mermaid_node(node: Node) -> str:
    return f'{_key(node.key)}["{"<br/>".join([node.title, *node.lines])}"]{"" if node.exists else ":::plan"}'


def _dot_subgraph(subgraph: Subgraph) -> str:
    return f'subgraph cluster_{_key(subgraph.key)} {{ label="{subgraph.title}";'


def _dot_node(node: Node) -> str:
    label, style = "\\n".join([node.title, *node.lines]), "" if node.exists else ", style=dashed"
    return f'{_key(node.key)} [label="{label}"{style}];'


def _key(name: str) -> str:
    """Return a name that is valid in both languages and no reserved word."""
    return "n_" + "".join(letter if letter.isalnum() else "_" for letter in name)
