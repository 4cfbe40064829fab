"""The section `functions.NAME.smoke` of config.yaml."""

import json
import os
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationInfo, field_validator

from awsprov.config.fields import ExistingFile, Section, is_unchecked


class ExpectConfig(Section):
    """What the response to a smoke request must be; default: no error, and no status of 400 or more."""

    status: int | None = Field(default=None, ge=100, le=599)
    """The HTTP status of the response."""
    contains: list[str] = Field(default_factory=list)
    """A string, or a list of strings, that the response must contain."""

    @field_validator("contains", mode="before")
    @classmethod
    def _listed(cls, contains: Any) -> Any:
        return [contains] if isinstance(contains, str) else contains


def _check_json(path: Path) -> None:
    try:
        json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name} is not JSON: {error}") from error


class SmokeConfig(Section):
    """A request that a new version must answer before it goes live: `request` or `file`."""

    request: Any = None
    """The request, as JSON."""
    file: ExistingFile | None = None
    """A file with the request as JSON, instead of `request`."""
    expect: ExpectConfig = ExpectConfig()
    """What the response must be."""

    @field_validator("file")
    @classmethod
    def _json(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        if path and info.data.get("request") is not None:
            raise ValueError("replaces `request`: give only one of them")
        if path and not is_unchecked(info):
            _check_json(path)
        return path

    @property
    def payload(self) -> bytes:
        """The body of the request."""
        return self.file.read_bytes() if self.file else json.dumps(self.request or {}).encode()

    @property
    def argument(self) -> str:
        """The request as `awsprov invoke` takes it: JSON, or `@` and the path of its file from where awsprov runs."""
        if self.file:
            return f"@{os.path.relpath(self.file)}"
        return self.payload.decode().replace("`", r"\u0060")  # a backtick would end the command in a message
