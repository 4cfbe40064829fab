"""The lock before a command that installs from it: made when it is missing, refused when it is stale."""

from awsprov.cli.session import Session, say
from awsprov.errors import RefusedError
from awsprov.packaging.lockfile import Lock, differences


def locked_libraries(session: Session, relock: bool) -> None:
    """Return when the lock is of these requirements.

    Arguments:
        relock: whether a stale lock is made anew.

    Raises:
        RefusedError: it is stale.
    """
    lock = session.config.environment.lock
    state = lock.state
    if state == "stale" and not relock:
        again = " --local" if session.settings.local else ""
        raise RefusedError(
            f"{lock.path.name} is stale.",
            why=f"It was made from other requirements than those in {lock.requirements}, or not for {lock.target}.",
            remedy=f"Run `awsprov lock{again}` and look at what changes; or the same command with --relock.",
        )
    if state != "fresh" or relock:
        resolve(session, lock)


def resolve(session: Session, lock: Lock, *, upgrade: bool = False) -> list[str]:
    """Make the lock anew and say so; returns what differs from the last one."""
    was = lock.pins
    say(session.settings, f"Locking {lock.requirements.name} for {lock.target} …")
    lock.resolve(upgrade=upgrade)
    now = lock.pins
    say(session.settings, f"  {len(now)} package{'' if len(now) == 1 else 's'} in {lock.path}")
    return differences(was, now)
