"""The libraries' lock file, before a command that installs from it: created when missing, refused when stale."""

from awsprov.cli.output import note
from awsprov.cli.settings import Settings
from awsprov.packaging.lockfile import Lock, differences
from awsprov.project.project import Project


def lock_libraries(settings: Settings, project: Project, relock: bool) -> None:
    """Resolve the requirements when that is necessary.

    Arguments:
        relock: whether a stale lock file is resolved again.

    Raises:
        RefusedError: the lock file is stale.
    """
    lock = project.config.environment.lock
    if lock.needs_resolving(settings.command_hint("lock"), relock=relock):
        resolve(settings, lock)


def resolve(settings: Settings, lock: Lock, *, upgrade: bool = False) -> list[str]:
    """Resolve the requirements, say so, and return what differs from the last lock file."""
    before = lock.pins
    note(settings, f"Locking {lock.requirements.name} for {lock.target} …")
    lock.resolve(upgrade=upgrade)
    after = lock.pins
    note(settings, f"  {len(after)} package{'' if len(after) == 1 else 's'} in {lock.path}")
    return differences(before, after)
