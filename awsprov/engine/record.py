"""The record of a resource in the state of a stack."""

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field

Time = Annotated[float, Field(ge=0, lt=2**37)]  # seconds since the epoch, until 6325: `datetime` ends in 9999


@dataclass(frozen=True)
class Record:
    """The record of one resource.

    Arguments:
        type: the name of its class.
        id: its id; empty while its creation is only intended.
        token: the idempotency token that it was created with.
        needs: the names of the resources that it needs.
        inputs: its arguments.
        added: what was added to it beside its arguments, and is removed again when it is no longer declared: by what it
            is, such as `policies`.
        at: when it was created, or was about to be, in seconds since the epoch.
    """

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")  # what is not known would be lost when it is written

    type: str
    id: str = ""
    token: str = ""
    needs: list[str] = field(default_factory=list)
    inputs: dict[str, Any] = field(default_factory=dict)
    at: Time = 0.0
    added: dict[str, list[str]] = field(default_factory=dict)
