"""Commands to copy: messages contain them as `awsprov COMMAND`, and the options of the stack are added here only.

A hint without `--local` or `--stage` would act on another stack than the command that printed it.
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from typing import Any

_QUOTED = re.compile(r"`[^`\n]+`")
_COMMAND = re.compile(r"\bawsprov ((?:(?:local|libs|config) )?[a-z]+)(?=[ )`\"]|$)")
_STACKLESS = ("help", "init", "completion")  # commands that are about no stack
# Commands for stacks that exist: the stage that theirs is like is recorded with them.
_EXISTING = ("deploy", "down", "explain", "history", "invoke", "logs", "pause", "resume", "rollback", "ssh", "status")
_DIRECTORY_OPTIONS = ("--config", "--state-dir")  # what selects a local cloud, for `awsprov local`


def command_hint(command: str, options: Sequence[tuple[str, ...]]) -> str:
    """Return a command line to copy.

    Arguments:
        command: the command with its own arguments, as in `rollback 3`, quoted for a shell.
        options: the options that select the stack, each with its value.
    """
    return _COMMAND.sub(lambda found: _with_options(found, f"awsprov {command}", options), f"awsprov {command}", 1)


def complete(text: str, options: Sequence[tuple[str, ...]]) -> str:
    """Return a message whose commands in backticks have the options; those that they have already are not repeated."""

    def completed(quoted: "re.Match[str]") -> str:
        return _COMMAND.sub(lambda found: _with_options(found, quoted[0], options), quoted[0])

    return _QUOTED.sub(completed, text)


def complete_document(value: Any, options: Sequence[tuple[str, ...]]) -> Any:
    """Return a JSON document in which all strings are complete."""
    if isinstance(value, str):
        return complete(value, options)
    if isinstance(value, dict):
        return {key: complete_document(each, options) for key, each in value.items()}
    return [complete_document(each, options) for each in value] if isinstance(value, list | tuple) else value


def _with_options(found: "re.Match[str]", line: str, options: Sequence[tuple[str, ...]]) -> str:
    words = line.strip("`").split()
    if found[1].startswith(_STACKLESS) or "--help" in words:
        return found[0]
    missing = [shlex.join(option) for option in _fitting(found[1], options) if option[0] not in words]
    return " ".join([found[0], *missing])


def _fitting(command: str, options: Sequence[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Yield the options that a command has a use for."""
    for option in options:
        needless = option[0] == "--like" and command in _EXISTING
        if not needless and (not command.startswith("local ") or option[0] in _DIRECTORY_OPTIONS):
            yield option
