"""The layout of a diagram: zones side by side, the internet above, EFS below."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from awsprov.diagram.nodes import CALLERS, INTERNET, Diagram, Edge, SubnetBox

WIDTH, HEIGHT, GAP, TITLE = 208, 78, 24, 30  # pixels: a node, the space between boxes, the title of a box
HEAD, LINE = 33, 15  # of a node: the height of its title, and of each further line
NODE_GAP = 84  # between two nodes of a subnet: space for the label of an edge
ROW = TITLE + HEIGHT + GAP  # height of a subnet
COLUMN = 2 * WIDTH + NODE_GAP + 2 * GAP  # width of a subnet
SIDE = WIDTH + 2 * GAP  # width of the column outside of the VPC
PILL = 34  # height of "Callers" and "Internet"
_SLOTS = {"network": 0, "serving": 0, "compute": 1, "storage": 1}  # left or right in a subnet, by category


@dataclass(frozen=True)
class Box:
    """A rectangle, in pixels from the upper left corner of the diagram."""

    x: float
    y: float
    width: float
    height: float

    @property
    def center_x(self) -> float:
        """The x of its middle."""
        return self.x + self.width / 2

    @property
    def center_y(self) -> float:
        """The y of its middle."""
        return self.y + self.height / 2

    @property
    def right(self) -> float:
        """The x of its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The y of its lower edge."""
        return self.y + self.height


Point = tuple[float, float]


class EdgePath(NamedTuple):
    """The path of an edge: its points, its label and where that is."""

    points: tuple[Point, ...]
    label: str
    at: Point


class Layout:
    """The boxes of a diagram's nodes and the paths of its edges."""

    def __init__(self, picture: Diagram) -> None:
        self.picture = picture
        zones = len(picture.zones)
        inner = zones * (COLUMN + 2 * GAP) + (zones + 1) * GAP
        x, y = GAP + SIDE, 176.0
        zone = TITLE + 2 * ROW + 3 * GAP
        self.vpc = Box(x, y, inner, HEIGHT / 2 + GAP + zone + GAP)
        self.boxes: dict[str, Box] = {
            picture.storage.key: Box(x, self.vpc.bottom + 2 * GAP, inner, HEIGHT),
        }
        self.gateway = Box(self.vpc.center_x - WIDTH / 2, y - HEIGHT / 2, WIDTH, HEIGHT)
        self._edge_of_vpc()
        top = self.gateway.bottom + GAP
        self.zones = [Box(x + GAP + n * (COLUMN + 3 * GAP), top, COLUMN + 2 * GAP, zone) for n in range(zones)]
        self._subnets()
        self._side()
        bottom = max(box.bottom for box in self.boxes.values()) + GAP
        self.region = Box(GAP / 2, 104, self.vpc.right + GAP, bottom - 104)
        self.whole = Box(0, 0, self.region.right + GAP / 2, bottom + GAP / 2)

    def _edge_of_vpc(self) -> None:
        """Put the internet gateway on the upper edge of the VPC, the gateway endpoints right and left of it."""
        if self.picture.gateway:
            self.boxes[self.picture.gateway.key] = self.gateway
        for node, side in zip(self.picture.endpoints, (1, -1), strict=False):
            self.boxes[node.key] = Box(self.gateway.x + side * (WIDTH + GAP), self.gateway.y, WIDTH, HEIGHT)

    def _subnets(self) -> None:
        for zone, frame in zip(self.picture.zones, self.zones, strict=True):
            y = frame.y + TITLE
            for subnet in (zone.public, zone.private):
                if subnet:
                    self._subnet(subnet, Box(frame.x + GAP, y, COLUMN, ROW))
                y += ROW + 2 * GAP

    def _subnet(self, subnet: SubnetBox, frame: Box) -> None:
        self.boxes[subnet.key] = frame
        for node in subnet.nodes:
            x = frame.x + GAP + _SLOTS[node.category] * (WIDTH + NODE_GAP)
            self.boxes[node.key] = Box(x, frame.y + TITLE, WIDTH, HEIGHT)

    def _side(self) -> None:
        """Put the API beside the public subnets, the functions beside the private ones, and the two ends above."""
        apis = [node for node in self.picture.outside if node.category == "api"]
        functions = [node for node in self.picture.outside if node.category != "api"]
        x, upper = 1.5 * GAP, self.zones[0].y + 2 * TITLE
        self._beside = upper + ROW + 2 * GAP
        for node in apis:
            self.boxes[node.key] = Box(x, upper, WIDTH, HEIGHT)
        y = self._beside
        for node in functions:
            self.boxes[node.key] = Box(x, y, WIDTH, max(HEIGHT, HEAD + LINE * len(node.lines)))
            y = self.boxes[node.key].bottom + GAP
        self.boxes[CALLERS] = Box(x, 56, WIDTH, PILL)
        self.boxes[INTERNET] = Box(self.vpc.center_x - WIDTH / 2, 56, WIDTH, PILL)

    def edge_paths(self) -> Iterator[EdgePath]:
        """Yield the path of each edge."""
        for edge in self.picture.edges:
            points = self._corners(edge)
            # Paths from the internet gateway overlap, except for their last part.
            shared = self.picture.gateway is not None and edge.start == self.picture.gateway.key
            yield EdgePath(points, edge.label, _middle(*points[-2:]) if shared else _label(points))

    def _corners(self, edge: Edge) -> tuple[Point, ...]:
        start, end = self.boxes[edge.start], self.boxes[edge.end]
        above = self.gateway.bottom
        gateway = self.picture.gateway.key if self.picture.gateway else ""
        if start.x < self.vpc.x <= end.x:
            return self._enter(start, end)
        if start.width == COLUMN:  # from a subnet to its NAT gateway
            rise = start.y - GAP
            left = start.x + GAP / 2
            return (left, start.y), (left, rise), (end.center_x, rise), (end.center_x, end.bottom)
        if edge.end == gateway:
            bend, x = above + GAP / 3, end.center_x - 2 * GAP
            leave = start.right - GAP
            return (leave, start.y), (leave, bend), (x, bend), (x, end.bottom)
        if edge.start == gateway and edge.end != INTERNET:
            bend, x = above + 2 * GAP / 3, start.center_x + 2 * GAP
            return (x, start.bottom), (x, bend), (end.center_x, bend), (end.center_x, end.y)
        if start.x == end.x and end.y > self._beside:  # around the functions above it
            left = start.x - GAP / 2
            return (start.x, start.center_y), (left, start.center_y), (left, end.center_y), (end.x, end.center_y)
        return _straight(start, end)

    def _enter(self, start: Box, end: Box) -> tuple[Point, ...]:
        """Return the path from a function into a subnet; one that is further away is reached from below."""
        bend = self.vpc.x - GAP / 2
        if end.x < self.zones[0].right:
            return (start.right, start.center_y), (bend, start.center_y), (bend, end.center_y), (end.x, end.center_y)
        low = end.bottom + GAP / 2
        return (
            (start.right, start.center_y),
            (bend, start.center_y),
            (bend, low),
            (end.center_x, low),
            (end.center_x, end.bottom),
        )


def _straight(start: Box, end: Box) -> tuple[Point, ...]:
    """Return a straight path: sideways to a box in the same row, otherwise up or down."""
    if start.center_y == end.center_y:
        return (start.right, start.center_y), (end.x, end.center_y)
    if start.y > end.y:
        return (start.center_x, start.y), (start.center_x, end.bottom)
    return (start.center_x, start.bottom), (start.center_x, end.y)


def _middle(start: Point, end: Point) -> Point:
    return (start[0] + end[0]) / 2, (start[1] + end[1]) / 2


def _label(points: tuple[Point, ...]) -> Point:
    """Return the position of the label, on the longest segment, where the fewest edges cross it."""
    (x, y), (to_x, to_y) = max(pairwise(points), key=lambda piece: math.dist(*piece))
    along = 0.28 if y != to_y else 0.5 if to_x > x else 0.72
    return x + (to_x - x) * along, y + (to_y - y) * along
