"""The lines of a requirements file, with pip's rules for encodings, comments, continuations and options."""

import argparse
import codecs
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import NoReturn
from urllib.parse import unquote, urlsplit

_COMMENT = re.compile(r"(^|\s+)#.*$")
_CODING = re.compile(rb"^#.*coding[:=]\s*([-\w.]+)")  # PEP 263
_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_HASH = re.compile(r"(sha256|sha384|sha512):([0-9a-f]+)")
_DIGITS = {"sha256": 64, "sha384": 96, "sha512": 128}
# The byte order marks of UTF-32 begin with those of UTF-16, so they come first.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Options of pip that cannot be followed, and what to do instead.
_REFUSED = {
    "--no-binary": "awsprov installs wheels: remove it, and name the package in `libraries.build` of config.yaml",
    "--config-settings": "awsprov installs wheels without options: remove the option",
    "--global-option": "awsprov installs wheels without options: remove the option",
    "--install-option": "awsprov installs wheels without options: remove the option",
    "--build-option": "awsprov installs wheels without options: remove the option",
}


def decode(raw: bytes) -> str:
    """Return the text of a requirements file, by its byte order mark or its coding line; UTF-8 without both.

    Raises:
        UnicodeDecodeError: it is not in this encoding.
        LookupError: the encoding is not known.
    """
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return raw.decode(encoding)
    for line in raw.split(b"\n")[:2]:
        if declared := _CODING.match(line):
            return raw.decode(declared[1].decode())
    return raw.decode()


def lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the logical lines without comments, each with the number of its first line; continued lines are joined."""
    pending, first = "", 0
    for number, raw in enumerate(text.splitlines(), start=1):
        first = first if pending else number
        is_comment = raw.lstrip().startswith("#")
        if raw.endswith("\\") and not is_comment:
            pending += raw[:-1]
            continue
        yield from _without_comment(first, pending + (f" {raw}" if is_comment else raw))
        pending = ""
    yield from _without_comment(first, pending)


def _without_comment(number: int, line: str) -> Iterator[tuple[int, str]]:
    if stripped := _COMMENT.sub("", line).strip():
        yield number, stripped


@dataclass(frozen=True)
class Line:
    """A logical line: a requirement with hashes, or options.

    Arguments:
        requirement: the requirement; empty for a line of options.
        hashes: its hashes, as `sha256:…`.
        index_url: the URL of the package index.
        extra_index_urls: URLs of further indexes.
        find_links: directories and pages with wheels.
        files: requirements files to include.
        constraints: constraints files to include.
        no_index: whether no index is used.
        pre: whether pre-releases are accepted.
        editable: the directory of a package, which is built like any other.
    """

    requirement: str = ""
    hashes: tuple[str, ...] = ()
    index_url: str = ""
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    no_index: bool = False
    pre: bool = False
    editable: str = ""

    @classmethod
    def parse(cls, text: str) -> "Line":
        """Parse a line.

        Raises:
            ValueError: it cannot be followed; the message says what to do instead.
        """
        words = text.split(" ")
        first = next((index for index, word in enumerate(words) if word.startswith("-")), len(words))
        requirement, options = " ".join(words[:first]).strip(), shlex.split(" ".join(words[first:]))
        found = _parser().parse_args(options)
        if requirement and any(value for name, value in vars(found).items() if name != "hash"):
            raise ValueError(f"{options[0].partition('=')[0]} must be on a line of its own")
        if found.hash and not requirement:
            raise ValueError("--hash must follow a requirement")
        for url in (*([found.index_url] if found.index_url else []), *found.extra_index_urls):
            check_url(url)
        return cls(
            requirement,
            tuple(map(_hash, found.hash)),
            found.index_url or "",
            tuple(found.extra_index_urls),
            tuple(found.find_links),
            tuple(found.files),
            tuple(found.constraints),
            found.no_index,
            found.pre,
            found.editable or "",
        )


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        name = message.rpartition(": ")[2].split(" ")[0].partition("=")[0]
        if message.startswith("unrecognized"):
            message = f"{name} is not supported; remove it, and list the packages instead"
        raise ValueError(message.removeprefix("argument "))


class _Refused(argparse.Action):
    def __call__(self, *_: object) -> NoReturn:
        raise ValueError(_REFUSED[self.option_strings[0]])


@cache
def _parser() -> _Parser:
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("--index-url", "-i", "--pypi-url")
    parser.add_argument("--editable", "-e")
    for dest, names in {
        "extra_index_urls": ("--extra-index-url",),
        "find_links": ("--find-links", "-f"),
        "files": ("--requirement", "-r"),
        "constraints": ("--constraint", "-c"),
        "hash": ("--hash",),
        # These change nothing: only wheels are used, and the certificates of all servers are verified.
        "ignored": ("--only-binary", "--trusted-host", "--use-feature"),
    }.items():
        parser.add_argument(*names, dest=dest, action="append", default=[])
    for name in ("--no-index", "--pre", "--prefer-binary", "--require-hashes"):
        parser.add_argument(name, action="store_true")
    for name in _REFUSED:
        short = {"--config-settings": ["-C", "--config-setting"]}.get(name, [])
        parser.add_argument(name, *short, action=_Refused)
    return parser


def _hash(text: str) -> str:
    found = _HASH.fullmatch(text)
    if not found or len(found[2]) != _DIGITS[found[1]]:
        raise ValueError("a hash must be sha256:, sha384: or sha512: and its hexadecimal digits")
    return text


def is_url(text: str) -> bool:
    """Return whether a string is a URL, and not a path."""
    return bool(_URL.match(text)) or text.startswith("file:")


def check_url(url: str) -> None:
    """Check the URL of an index or of a file.

    Raises:
        ValueError: it is not a URL of a known kind, or its host is not written out.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError as error:
        raise ValueError(f"not a valid URL: {error}") from error
    if parts.scheme not in ("http", "https", "file") or not url.isprintable() or " " in url:
        raise ValueError("a URL must begin with https://, http:// or file://")
    if parts.scheme != "file" and (not host or "$" in host):
        raise ValueError("the host of a URL must be written out")


def file_path(url: str) -> str:
    """Return the path of a `file:` URL."""
    return unquote(urlsplit(url).path)


def file_name(place: str) -> str:
    """Return the last part of a URL or of a path."""
    return PurePosixPath(unquote(urlsplit(place).path) if is_url(place) else place).name
