"""What a caller may ask: the shape of a request, checked in full before any work is done.

A request is a JSON object. All texts are required and not empty, except where it says so:

    {"requirement": {"title": ..., "description": ..., "keywords": ... (optional)},
     "offers": [{"id": ..., "title": ..., "description": ...}, ...],
     "language": "en" or "es" (optional: found from the texts)}
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from similarity import STOP_WORDS, detect, has_words

MAX_OFFERS = 500
MAX_CHARACTERS = 20_000  # of one text

KINDS = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}


class BadRequest(Exception):  # noqa: N818 - the caller reads this name in Lambda's answer
    """The caller's mistake.

    Arguments:
        problems: every one that was found, each a sentence that names the field.
        status: the HTTP status that says it: 400, 405 or 413.
    """

    def __init__(self, *problems: str, status: int = 400) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems
        self.status = status


@dataclass(frozen=True)
class Requirement:
    """What somebody needs."""

    title: str
    description: str
    keywords: str | None = None

    @property
    def text(self) -> str:
        """All of it, as the model compares it."""
        return f"{self.title}\n{self.description}\n{self.keywords or ''}"


@dataclass(frozen=True)
class Offer:
    """What somebody offers; `id` is the caller's own name for it."""

    id: str
    title: str
    description: str

    @property
    def text(self) -> str:
        """All of it, as the model compares it."""
        return f"{self.title}\n{self.description}"


@dataclass(frozen=True)
class Request:
    """One requirement, the offers to rank for it, and the language they are written in."""

    requirement: Requirement
    offers: list[Offer]
    language: str


def parse(given: Any) -> Request:
    """The request that a decoded JSON value holds.

    Errors:
        BadRequest: with every problem of it.
    """
    if problems := list(_problems(given)):
        raise BadRequest(*problems)
    requirement = Requirement(**given["requirement"])
    offers = [Offer(**offer) for offer in given["offers"]]
    texts = [requirement.text, *(offer.text for offer in offers)]
    language = given.get("language") or detect("\n".join(texts))
    if not has_words(requirement.text, language):
        raise BadRequest("requirement: it holds nothing to compare by, only stop words or punctuation")
    return Request(requirement, offers, language)


def _problems(given: Any) -> Iterator[str]:
    if not isinstance(given, dict):
        yield f"the request must be an object, not {_kind(given)}"
        return
    yield from _unknown("the request", given, ("requirement", "offers", "language"))
    yield from _in_object("requirement", given.get("requirement"), ("title", "description"), ("keywords",))
    yield from _in_offers(given.get("offers"))
    if given.get("language") not in (None, *STOP_WORDS):
        yield f"language: must be one of {', '.join(STOP_WORDS)}, or left out"


def _in_offers(offers: Any) -> Iterator[str]:
    if not isinstance(offers, list):
        yield "offers: missing" if offers is None else f"offers: must be a list, not {_kind(offers)}"
    elif not offers:
        yield "offers: it is empty, and needs one at least"
    elif len(offers) > MAX_OFFERS:
        yield f"offers: there are {len(offers):,}, and at most {MAX_OFFERS:,} are ranked at a time"
    else:
        for place, offer in enumerate(offers):
            yield from _in_object(f"offers[{place}]", offer, ("id", "title", "description"))
        yield from _repeated(offers)


def _repeated(offers: list[Any]) -> Iterator[str]:
    first: dict[str, int] = {}
    for place, offer in enumerate(offers):
        name = offer.get("id") if isinstance(offer, dict) else None
        if isinstance(name, str) and first.setdefault(name, place) != place:
            yield f"offers[{place}].id: the same as that of offers[{first[name]}]"


def _in_object(path: str, value: Any, required: Collection[str], optional: Collection[str] = ()) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: missing" if value is None else f"{path}: must be an object, not {_kind(value)}"
        return
    yield from _unknown(path, value, (*required, *optional))
    for name in required:
        yield from _in_text(f"{path}.{name}", value.get(name))
    for name in optional:
        if value.get(name) not in (None, ""):
            yield from _in_text(f"{path}.{name}", value[name])


def _in_text(path: str, value: Any) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{path}: missing" if value is None else f"{path}: must be text, not {_kind(value)}"
    elif not value.strip():
        yield f"{path}: it is empty"
    elif len(value) > MAX_CHARACTERS:
        yield f"{path}: it has {len(value):,} characters, and at most {MAX_CHARACTERS:,} are read"
    elif value != _printable(value):
        yield f"{path}: it holds half of a character (a lone surrogate)"


def _unknown(path: str, value: dict[str, Any], known: Collection[str]) -> Iterator[str]:
    if strange := [_printable(name) for name in value if name not in known]:
        yield f"{path}: unknown {', '.join(strange)} (known: {', '.join(known)})"


def _printable(text: str) -> str:
    """The text as UTF-8 can carry it: JSON's escapes can write halves of characters, which no answer could repeat."""
    return text.encode(errors="replace").decode()


def _kind(value: Any) -> str:
    return KINDS.get(type(value), "a number")
