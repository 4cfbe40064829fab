"""Makes text from another machine, or from a file, safe to print on a terminal."""

import re

# ANSI escape sequences (ECMA-48) and control characters (C0, DEL, C1) except tab and newline.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# Characters that change the writing direction, and with it the order in which text is shown (Unicode's Bidi_Control),
# and Unicode's own line breaks.
_INVISIBLE = re.compile(r"[\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")  # file names that are not UTF-8 contain them; no stream can encode them


def strip_control_sequences(text: str) -> str:
    """Return text without escape sequences, control characters and writing-direction marks."""
    return _SURROGATES.sub("\ufffd", _INVISIBLE.sub("", _ESCAPES.sub("", text)))
