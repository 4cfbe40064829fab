"""What `up` would do: a change for each resource, and the guard before data."""

from dataclasses import dataclass, field
from typing import Literal

from awsprov.engine.resource import Differences, Resource
from awsprov.errors import RefusedError

Action = Literal["create", "change", "replace", "delete", "keep"]


@dataclass(frozen=True)
class Change:
    """What is to be done with one resource, and why.

    Arguments:
        differences: the arguments that differ.
        because: the resource whose replacement forces this one's.
    """

    resource: Resource
    action: Action
    differences: Differences = field(default_factory=dict)
    because: str = ""


@dataclass(frozen=True)
class Plan:
    """What `up` would do, in the order of the stack."""

    changes: tuple[Change, ...]

    def of(self, *actions: Action) -> list[Change]:
        """The changes with one of these actions."""
        return [change for change in self.changes if change.action in actions]

    @property
    def empty(self) -> bool:
        """Whether everything is as it should be."""
        return len(self.of("keep")) == len(self.changes)

    @property
    def first(self) -> bool:
        """Whether nothing of the stack stands yet."""
        tangible = [change for change in self.changes if not change.resource.virtual]
        return all(change.action == "create" for change in tangible)


def guard_data(plan: Plan, allowed: bool) -> None:
    """Refuse to lose data, unless it was allowed.

    Raises:
        RefusedError: a file system would go.
    """
    lost = [change.resource.name for change in plan.of("replace", "delete") if change.resource.stateful]
    if lost and not allowed:
        raise RefusedError(
            f"This would destroy data: {', '.join(lost)}.",
            why="A file system cannot be changed in this way; it would be deleted and made anew, empty.",
            remedy="Take the change back, or run `awsprov up --allow-data-loss`.",
        )
