"""Text for streams that cannot encode every character, such as those of a terminal that is set to Latin-1 or ASCII."""

import codecs
import sys
from typing import TextIO

_HANDLER = "awsprov.replace"  # the name of the error handler, see `codecs.register_error`
# What awsprov itself prints, in ASCII. Other characters become escape sequences, such as \xf1.
_ASCII = {
    "…": "...", "→": "->", "✓": "+", "✗": "x", "·": "-", "─": "-", "│": "|", "├": "|", "└": "`", "◆": "*",
    "\N{REPLACEMENT CHARACTER}": "?",
}  # fmt: skip


def encodable(text: str, stream: TextIO | None) -> str:
    """Return text with replacements for the characters that a stream cannot encode."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text if text.isascii() else text.encode(encoding, _HANDLER).decode(encoding)


def replace_unencodable() -> None:
    """Let stdout and stderr write replacements, too: text that other modules write must not fail there."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_HANDLER)


def _replacement(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found = error.object[error.start : error.end]
    return "".join(_ASCII.get(c) or c.encode("ascii", "backslashreplace").decode() for c in found), error.end


codecs.register_error(_HANDLER, _replacement)
