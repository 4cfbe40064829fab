"""Makes text from another machine safe to print on a terminal."""

import re

# ANSI escape sequences (ECMA-48) and control characters except tab and newline.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# Unicode marks that change the writing direction, and with it the order in which text is shown.
_BIDI = re.compile(r"[\u202a-\u202e\u2066-\u2069]")


def strip_control_sequences(text: str) -> str:
    """Return text without escape sequences, control characters and writing-direction marks."""
    return _BIDI.sub("", _ESCAPES.sub("", text))
