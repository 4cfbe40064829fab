"""Where each thing of a diagram stands, and which way its lines go: zones side by side, internet above, EFS below."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from awsprov.diagram.model import CALLERS, INTERNET, Diagram, Line, Place

WIDE, HIGH, GAP, HEAD = 208, 78, 24, 30  # a thing's box, what is between boxes, and a box's title, in pixels
BETWEEN = 84  # two things in a subnet: room for what is written on the line
ROW = HEAD + HIGH + GAP  # a subnet
COLUMN = 2 * WIDE + BETWEEN + 2 * GAP  # a subnet's width
SIDE = WIDE + 2 * GAP  # the column of what needs no VPC
PILL = 34
_SLOTS = {"network": 0, "serving": 0, "compute": 1, "storage": 1}  # left or right in a subnet, by what it is


@dataclass(frozen=True)
class Box:
    """A rectangle, in pixels from the upper left corner."""

    x: float
    y: float
    wide: float
    high: float

    @property
    def middle(self) -> float:
        """Half way from left to right."""
        return self.x + self.wide / 2

    @property
    def centre(self) -> float:
        """Half way from top to bottom."""
        return self.y + self.high / 2

    @property
    def right(self) -> float:
        """The right edge."""
        return self.x + self.wide

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.y + self.high


Point = tuple[float, float]


class Drawn(NamedTuple):
    """A line with its corners, what is written on it, and where."""

    points: tuple[Point, ...]
    about: str
    at: Point


class Layout:
    """The places of a diagram's things."""

    def __init__(self, picture: Diagram) -> None:
        self.picture = picture
        zones = len(picture.zones)
        inner = zones * (COLUMN + 2 * GAP) + (zones + 1) * GAP
        x, y = GAP + SIDE, 176.0
        zone = HEAD + 2 * ROW + 3 * GAP
        self.vpc = Box(x, y, inner, HIGH / 2 + GAP + zone + GAP)
        self.boxes: dict[str, Box] = {
            picture.gateway.key: Box(self.vpc.middle - WIDE / 2, y - HIGH / 2, WIDE, HIGH),
            picture.storage.key: Box(x, self.vpc.bottom + 2 * GAP, inner, HIGH),
        }
        top = self.boxes[picture.gateway.key].bottom + GAP
        self.zones = [Box(x + GAP + n * (COLUMN + 3 * GAP), top, COLUMN + 2 * GAP, zone) for n in range(zones)]
        self._subnets()
        self._side()
        bottom = max(box.bottom for box in self.boxes.values()) + GAP
        self.region = Box(GAP / 2, 104, self.vpc.right + GAP, bottom - 104)
        self.whole = Box(0, 0, self.region.right + GAP / 2, bottom + GAP / 2)

    def _subnets(self) -> None:
        for zone, frame in zip(self.picture.zones, self.zones, strict=True):
            y = frame.y + HEAD
            for place in (zone.public, zone.private):
                self._subnet(place, Box(frame.x + GAP, y, COLUMN, ROW))
                y += ROW + 2 * GAP

    def _subnet(self, place: Place, frame: Box) -> None:
        self.boxes[place.key] = frame
        for thing in place.things:
            x = frame.x + GAP + _SLOTS[thing.hue] * (WIDE + BETWEEN)
            self.boxes[thing.key] = Box(x, frame.y + HEAD, WIDE, HIGH)

    def _side(self) -> None:
        """The API beside the public subnets, the functions beside the private ones, and the two ends above."""
        apis = [thing for thing in self.picture.outside if thing.hue == "api"]
        functions = [thing for thing in self.picture.outside if thing.hue != "api"]
        first = self.picture.zones[0]
        x, self._beside = 1.5 * GAP, self.boxes[first.private.key].y + HEAD
        for thing in apis:
            self.boxes[thing.key] = Box(x, self.boxes[first.public.key].y + HEAD, WIDE, HIGH)
        for n, thing in enumerate(functions):
            self.boxes[thing.key] = Box(x, self._beside + n * (HIGH + GAP), WIDE, HIGH)
        self.boxes[CALLERS] = Box(x, 56, WIDE, PILL)
        self.boxes[INTERNET] = Box(self.vpc.middle - WIDE / 2, 56, WIDE, PILL)

    def lines(self) -> Iterator[Drawn]:
        """The lines, each with its corners."""
        for line in self.picture.lines:
            points = self._corners(line)
            shared = line.start == self.picture.gateway.key  # its way is the NAT gateway's, too, until it goes down
            yield Drawn(points, line.about, _middle(*points[-2:]) if shared else _label(points))

    def _corners(self, line: Line) -> tuple[Point, ...]:
        start, end = self.boxes[line.start], self.boxes[line.end]
        above = self.boxes[self.picture.gateway.key].bottom
        if start.x < self.vpc.x <= end.x:
            return self._enter(start, end)
        if start.wide == COLUMN:  # a whole subnet, to its way out
            rise = start.y - GAP
            return (start.x + GAP / 2, start.y), (start.x + GAP / 2, rise), (end.middle, rise), (end.middle, end.bottom)
        if line.end == self.picture.gateway.key:
            turn, x = above + GAP / 3, end.middle - 2 * GAP
            leave = start.right - GAP
            return (leave, start.y), (leave, turn), (x, turn), (x, end.bottom)
        if line.start == self.picture.gateway.key and line.end != INTERNET:
            turn, x = above + 2 * GAP / 3, start.middle + 2 * GAP
            return (x, start.bottom), (x, turn), (end.middle, turn), (end.middle, end.y)
        if start.x == end.x and end.y > self._beside:  # round the functions before it
            left = start.x - GAP / 2
            return (start.x, start.centre), (left, start.centre), (left, end.centre), (end.x, end.centre)
        return _straight(start, end)

    def _enter(self, start: Box, end: Box) -> tuple[Point, ...]:
        """From a function into a subnet; into one further on, beneath what stands in those before it."""
        turn = self.vpc.x - GAP / 2
        if end.x < self.zones[0].right:
            return (start.right, start.centre), (turn, start.centre), (turn, end.centre), (end.x, end.centre)
        low = end.bottom + GAP / 2
        return (
            (start.right, start.centre),
            (turn, start.centre),
            (turn, low),
            (end.middle, low),
            (end.middle, end.bottom),
        )


def _straight(start: Box, end: Box) -> tuple[Point, ...]:
    """Sideways to what stands beside it, otherwise up or down."""
    if start.centre == end.centre:
        return (start.right, start.centre), (end.x, end.centre)
    if start.y > end.y:
        return (start.middle, start.y), (start.middle, end.bottom)
    return (start.middle, start.bottom), (start.middle, end.y)


def _middle(start: Point, end: Point) -> Point:
    return (start[0] + end[0]) / 2, (start[1] + end[1]) / 2


def _label(points: tuple[Point, ...]) -> Point:
    """On the longest piece, where fewest lines cross it: near its start when it goes down, near its end to the left."""
    (x, y), (to_x, to_y) = max(pairwise(points), key=lambda piece: math.dist(*piece))
    along = 0.28 if y != to_y else 0.5 if to_x > x else 0.72
    return x + (to_x - x) * along, y + (to_y - y) * along
