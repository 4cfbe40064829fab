"""The plan: a change for each resource, and the check that no data is lost."""

from dataclasses import dataclass, field
from typing import Literal

from awsprov.engine.resource import Differences, Resource
from awsprov.errors import RefusedError

Action = Literal["create", "change", "replace", "delete", "keep"]


@dataclass(frozen=True)
class Change:
    """The change of one resource.

    Arguments:
        resource: the resource.
        action: what is to be done with it.
        differences: the arguments that differ.
        because: the name of the resource whose replacement causes this one's.
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
        """Return the changes with one of these actions."""
        return [change for change in self.changes if change.action in actions]

    @property
    def empty(self) -> bool:
        """Whether the stack matches the configuration."""
        return len(self.of("keep")) == len(self.changes)

    @property
    def forced(self) -> tuple[str, ...]:
        """The names of the resources that are replaced for their own sake, not because of another."""
        return tuple(change.resource.name for change in self.of("replace") if not change.because)

    @property
    def first(self) -> bool:
        """Whether nothing of the stack exists yet."""
        tangible = [change for change in self.changes if not change.resource.virtual]
        return all(change.action == "create" for change in tangible)


def guard_data(plan: Plan, allowed: bool) -> None:
    """Refuse a plan that loses data.

    Arguments:
        plan: the plan.
        allowed: whether losing data is allowed.

    Raises:
        RefusedError: a file system would be deleted.
    """
    lost = [change.resource.name for change in plan.of("replace", "delete") if change.resource.stateful]
    if lost and not allowed:
        raise RefusedError(
            f"This would destroy data: {', '.join(lost)}.",
            why="A file system cannot be changed in this way; it would be deleted and created again, empty.",
            remedy="Undo the change, or run `awsprov up --allow-data-loss`.",
        )
