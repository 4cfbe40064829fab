"""The request document, and its validation.

A request is a JSON object. All texts are required and must not be empty, except where marked:

    {"requirement": {"title": ..., "description": ..., "keywords": ... (optional)},
     "offers": [{"id": ..., "title": ..., "description": ...}, ...],
     "language": "en" or "es" (optional: detected from the texts)}
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from similarity import STOP_WORDS, detect_language, has_words

MAX_OFFERS = 500
MAX_CHARACTERS = 20_000  # in one text

TYPE_NAMES = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}


class BadRequest(Exception):  # noqa: N818 - callers see this name in the response of Lambda
    """A request that cannot be processed because of a mistake of the caller.

    Arguments:
        problems: all problems found, each a sentence that names the field.
        status: the HTTP status: 400, 405 or 413.
    """

    def __init__(self, *problems: str, status: int = 400) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems
        self.status = status


@dataclass(frozen=True)
class Requirement:
    """The need that offers are compared with."""

    title: str
    description: str
    keywords: str | None = None

    @property
    def text(self) -> str:
        """Return the text that the model compares."""
        return f"{self.title}\n{self.description}\n{self.keywords or ''}"


@dataclass(frozen=True)
class Offer:
    """An offer to rank; `id` is chosen by the caller."""

    id: str
    title: str
    description: str

    @property
    def text(self) -> str:
        """Return the text that the model compares."""
        return f"{self.title}\n{self.description}"


@dataclass(frozen=True)
class Request:
    """A requirement, the offers to rank for it, and their language, `en` or `es`."""

    requirement: Requirement
    offers: list[Offer]
    language: str


def parse(document: Any) -> Request:
    """Validate a decoded JSON value and return it as a request.

    Raises:
        BadRequest: the value is not a valid request; lists all its problems.
    """
    if problems := list(_problems(document)):
        raise BadRequest(*problems)
    requirement = Requirement(**document["requirement"])
    offers = [Offer(**offer) for offer in document["offers"]]
    texts = [requirement.text, *(offer.text for offer in offers)]
    language = document.get("language") or detect_language("\n".join(texts))
    if not has_words(requirement.text, language):
        raise BadRequest("requirement: no words to compare, only stop words or punctuation")
    return Request(requirement, offers, language)


def _problems(document: Any) -> Iterator[str]:
    if not isinstance(document, dict):
        yield f"the request must be an object, not {_type_name(document)}"
        return
    yield from _unknown_keys("the request", document, ("requirement", "offers", "language"))
    yield from _object_problems("requirement", document.get("requirement"), ("title", "description"), ("keywords",))
    yield from _offers_problems(document.get("offers"))
    if document.get("language") not in (None, *STOP_WORDS):
        yield f"language: must be one of {', '.join(STOP_WORDS)}, or omitted"


def _offers_problems(offers: Any) -> Iterator[str]:
    if not isinstance(offers, list):
        yield "offers: missing" if offers is None else f"offers: must be a list, not {_type_name(offers)}"
    elif not offers:
        yield "offers: must not be empty"
    elif len(offers) > MAX_OFFERS:
        yield f"offers: {len(offers):,} offers, more than {MAX_OFFERS:,}"
    else:
        for index, offer in enumerate(offers):
            yield from _object_problems(f"offers[{index}]", offer, ("id", "title", "description"))
        yield from _duplicate_ids(offers)


def _duplicate_ids(offers: list[Any]) -> Iterator[str]:
    first: dict[str, int] = {}
    for index, offer in enumerate(offers):
        offer_id = offer.get("id") if isinstance(offer, dict) else None
        if isinstance(offer_id, str) and first.setdefault(offer_id, index) != index:
            yield f"offers[{index}].id: the same as offers[{first[offer_id]}].id"


def _object_problems(path: str, value: Any, required: Collection[str], optional: Collection[str] = ()) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: missing" if value is None else f"{path}: must be an object, not {_type_name(value)}"
        return
    yield from _unknown_keys(path, value, (*required, *optional))
    for name in required:
        yield from _text_problems(f"{path}.{name}", value.get(name))
    for name in optional:
        if value.get(name) not in (None, ""):
            yield from _text_problems(f"{path}.{name}", value[name])


def _text_problems(path: str, value: Any) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{path}: missing" if value is None else f"{path}: must be text, not {_type_name(value)}"
    elif not value.strip():
        yield f"{path}: must not be empty"
    elif len(value) > MAX_CHARACTERS:
        yield f"{path}: {len(value):,} characters, more than {MAX_CHARACTERS:,}"
    elif value != _printable(value):
        yield f"{path}: contains a lone surrogate"


def _unknown_keys(path: str, value: dict[str, Any], known: Collection[str]) -> Iterator[str]:
    if unknown := [_printable(name) for name in value if name not in known]:
        yield f"{path}: unknown {', '.join(unknown)} (known: {', '.join(known)})"


def _printable(text: str) -> str:
    """Return the text with `?` for lone surrogates: JSON escapes can contain them, and UTF-8 cannot."""
    return text.encode(errors="replace").decode()


def _type_name(value: Any) -> str:
    return TYPE_NAMES.get(type(value), "a number")
