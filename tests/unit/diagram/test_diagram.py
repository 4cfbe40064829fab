"""The diagram of a stack: its nodes, their layout, and that each format is valid."""

import re
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest

from awsprov.config.loader import load
from awsprov.diagram.layout import Layout
from awsprov.diagram.model import diagram, resource_states
from awsprov.diagram.nodes import CALLERS, INTERNET, Diagram
from awsprov.diagram.svg import png, svg
from awsprov.diagram.text import dot, mermaid
from awsprov.resources.network.gateways import NatGateway
from awsprov.resources.network.subnets import Zones
from awsprov.stack.declaration import declare_stack
from tests.unit.conftest import PLAIN, Project
from tests.unit.moto_cloud import on_moto

MANY = (
    PLAIN
    + """\
  two: {source: src, handler: app.handler, routes: [GET /two]}
  three: {source: src, handler: app.handler, permissions: [s3:GetObject on a/*, sqs:SendMessage on b]}
  four: {source: src, handler: app.handler, role: "arn:aws:iam::123456789012:role/app"}
network: {nat: per-zone, zones: 3}
api: {type: http, auth: none}
"""
)


def picture(project: Project, text: str = PLAIN, *, exists: bool = False, paused: bool = False) -> Diagram:
    project.write(text)
    config = load(project.config).model_copy(update={"paused": paused})
    stack = declare_stack(config, "203.0.113.7/32")
    for n, r in enumerate(stack):
        r.id = f"{r.type.lower()}-{n:017x}" if exists else ""
    stack.of(Zones)[0].id = "us-east-1a,us-east-1b,us-east-1c" if exists else ""
    return diagram(stack, config, {"builder": "stopped"} if exists else {})


def nodes(drawn: Diagram) -> dict[str, str]:
    inside = [t for zone in drawn.zones for subnet in zone.subnets for t in subnet.nodes]
    gateway = [drawn.gateway] if drawn.gateway else []
    return {t.key: t.title for t in (*drawn.outside, *gateway, drawn.storage, *inside)}


# ---- what is in it


def test_everything_of_weight_is_in_its_zone_and_subnet(project: Project) -> None:
    drawn = picture(project)
    first, second = drawn.zones
    assert [t.key for t in first.subnets[0].nodes] == ["nat-gateway-1", "builder"]
    assert [t.key for t in first.private.nodes] == ["private-subnet-1-interface", "mount-target-1"]
    assert second.subnets[0].nodes == ()
    assert [t.key for t in second.private.nodes] == ["private-subnet-2-interface", "mount-target-2"]
    assert [t.title for t in drawn.outside] == ["API Gateway, REST", "Lambda predict"]


def test_lines_begin_and_end_at_what_is_drawn(project: Project) -> None:
    drawn = picture(project, MANY)
    subnets = {subnet.key for zone in drawn.zones for subnet in zone.subnets}
    ends = {end for line in drawn.edges for end in (line.start, line.end)}
    assert ends <= {*nodes(drawn), *subnets, CALLERS, INTERNET}


def test_a_function_without_a_route_is_not_called_by_the_api(project: Project) -> None:
    called = {line.end for line in picture(project, MANY).edges if line.start == "http-api"}
    assert called == {"predict", "two"}


def test_a_shared_way_out_is_led_to_from_every_private_subnet(project: Project) -> None:
    ways = [(line.start, line.end) for line in picture(project).edges if line.end.startswith("nat")]
    assert ways == [("private-subnet-1", "nat-gateway-1"), ("private-subnet-2", "nat-gateway-1")]
    ways = [(line.start, line.end) for line in picture(project, MANY).edges if line.end.startswith("nat")]
    assert ways == [(f"private-subnet-{n}", f"nat-gateway-{n}") for n in (1, 2, 3)]


def test_a_paused_stack_has_no_way_out_and_reports_that(project: Project) -> None:
    drawn = picture(project, paused=True)
    assert drawn.title == "demo (paused)"
    assert "nat-gateway-1" not in nodes(drawn)
    assert svg(drawn)


def test_without_routes_there_is_no_api(project: Project) -> None:
    drawn = picture(project, PLAIN.replace("    routes: [POST /predict]\n", ""))
    assert [t.title for t in drawn.outside] == ["Lambda predict"]
    assert "Callers" not in svg(drawn)


def test_existing_resources_have_their_id_and_state_and_a_solid_line(project: Project) -> None:
    drawn = picture(project, exists=True)
    builder = drawn.zones[0].subnets[0].nodes[1]
    assert builder.title == "EC2 builder · stopped"
    assert builder.lines[-1].startswith("builder-0")
    assert drawn.zones[0].title == "Availability zone us-east-1a"
    assert ' plan"' not in svg(drawn)
    assert ' plan"' in svg(picture(project))


# ---- layout


@pytest.mark.parametrize("text", [PLAIN, MANY, PLAIN + "network: {nat: none, zones: 1}\n"])
def test_no_two_shapes_overlap_and_all_are_within(project: Project, text: str) -> None:
    drawn = picture(project, text)
    layout = Layout(drawn)
    boxes = [layout.boxes[key] for key in nodes(drawn)]
    for a, b in combinations(boxes, 2):
        assert a.right <= b.x or b.right <= a.x or a.bottom <= b.y or b.bottom <= a.y
    for box in boxes:
        assert layout.region.x <= box.x
        assert box.right <= layout.region.right
        assert box.bottom <= layout.region.bottom


@pytest.mark.parametrize("text", [PLAIN, MANY])
def test_lines_go_straight_and_through_nothing(project: Project, text: str) -> None:
    drawn = picture(project, text)
    layout = Layout(drawn)
    boxes = [layout.boxes[key] for key in nodes(drawn)]
    for line in layout.edge_paths():
        for (x, y), (to_x, to_y) in zip(line.points, line.points[1:], strict=False):
            assert x == to_x or y == to_y
            left, right, top, bottom = min(x, to_x), max(x, to_x), min(y, to_y), max(y, to_y)
            beside = [b for b in boxes if left < b.right and b.x < right]
            assert not [b for b in beside if top < b.bottom and b.y < bottom]


# ---- its forms


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_svg_is_xml_whose_classes_all_have_colours(project: Project, theme: str) -> None:
    document = svg(picture(project, MANY), theme)
    root = ElementTree.fromstring(document)  # noqa: S314 - our own document
    used = {name for each in root.iter() for name in each.get("class", "").split()}
    style = re.findall(r"\.([a-z]+)", next(each.text or "" for each in root.iter() if each.tag.endswith("style")))
    assert used - {"frame"} <= set(style)
    assert ("prefers-color-scheme: dark" in document) is (theme == "auto")


def test_what_a_name_says_is_escaped(project: Project) -> None:
    assert 'aria-label="Architecture of demo' in svg(picture(project))
    document = svg(picture(project, PLAIN.replace("POST /predict", "'GET /items/{id}'")))
    assert "GET /items/{id}" in document
    assert "Functions&#x27; interface" in document


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_png_is_twice_the_size_and_of_the_theme(project: Project, theme: str) -> None:
    drawn = picture(project)
    image = png(drawn, theme)
    assert image.startswith(b"\x89PNG")
    wide, high = (int.from_bytes(image[at : at + 4], "big") for at in (16, 20))
    whole = Layout(drawn).whole
    assert [wide, high] == pytest.approx([2 * whole.width, 2 * whole.height], abs=2)
    assert image != png(drawn, "dark" if theme == "light" else "light")


@pytest.mark.parametrize("text", [PLAIN, MANY])
def test_mermaid_opens_and_closes_each_box_and_names_what_it_links(project: Project, text: str) -> None:
    lines = mermaid(picture(project, text)).splitlines()
    assert lines[0] == "flowchart TB"
    opened = [line for line in lines if line.strip().startswith("subgraph ")]
    assert len(opened) == sum(line.strip() == "end" for line in lines)
    known = set(re.findall(r"\b(n_\w+)[\[(]", "\n".join(lines)))
    for line in lines:
        if "-->" in line:
            assert {line.split()[0], line.split()[-1]} <= known


@pytest.mark.parametrize("text", [PLAIN, MANY])
def test_dot_opens_and_closes_each_box_and_names_what_it_links(project: Project, text: str) -> None:
    document = dot(picture(project, text))
    assert document.count("{") - document.count("{id}") == document.count("}") - document.count("{id}")
    known = set(re.findall(r"^ +(n_\w+) \[label", document, re.MULTILINE))
    for start, end in re.findall(r"(n_\w+) -> (n_\w+)", document):
        assert {start, end} <= known


# ---- an existing stack


def test_the_payload_of_a_function_is_shown(project: Project) -> None:
    assert "payload" not in svg(picture(project, PLAIN))
    assert "29 s, payload: body" in svg(picture(project, f"{PLAIN}    payload: body\n"))


def test_what_a_function_may_do_and_its_existing_role_are_shown(project: Project) -> None:
    drawn = picture(project, MANY, exists=True)
    of_function = {node.key: node.lines for node in drawn.outside}
    assert not any(line.startswith(("may ", "existing role")) for line in of_function["two"])
    assert of_function["three"][1:3] == ("may s3:GetObject on a/*", "may sqs:SendMessage on b")
    assert "existing role app" in of_function["four"]
    text = svg(drawn)
    assert "may sqs:SendMessage on b" in text
    assert of_function["three"][-1] in text  # the id is not cut off
    boxes = Layout(drawn).boxes
    assert boxes["three"].height > boxes["two"].height


def test_states_are_those_that_aws_reports(tmp_path: Path) -> None:
    with on_moto(tmp_path / "moto") as moto:
        engine = moto.engine()
        engine.up()
        states = resource_states(engine.stack, moto.aws())
        assert states["nat-gateway-1"] == states["file-system"] == states["mount-target-1"] == "available"
        assert states["builder"] in ("stopping", "stopped")
        assert states["predict"] == "active"
        drawn = diagram(engine.stack, load(moto.root / "config.yaml"), states)
        nat = engine.stack.of(NatGateway)[0]
        assert f"NAT gateway · available · {states[nat.address.name]} · {nat.id}" in svg(drawn)
