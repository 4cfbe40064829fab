"""What AWS does and moto leaves out: tables for a person who knows AWS, and the small engine that applies them."""

from typing import Any

from awsprov.local.cloud import Cloud
from awsprov.local.operations import Answer, Call
from awsprov.local.physics.timeline import Timeline


class Physics:
    """Asked before and told after each call. Its memory is saved with the cloud."""

    def __init__(self, cloud: Cloud, memory: dict[str, Any]) -> None:
        self.cloud, self.memory = cloud, memory
        self.timeline = Timeline(cloud, memory)
        self.quotas: dict[str, int] = memory.setdefault("quotas", {})

    def advance(self) -> None:
        """Let happen what is due by now."""
        self.timeline.advance()

    def before(self, call: Call) -> Answer | None:
        """Refuse what AWS would refuse; answer what was answered before under the same token; else None."""

    def after(self, call: Call, given: Answer) -> None:
        """Take note of what a call that changed something did."""
