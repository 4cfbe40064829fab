"""The errors of the builder: there is none, or no SSH session could be opened."""

from collections.abc import Iterable

from awsprov.errors import AwsprovError, NoStackError


def no_builder() -> NoStackError:
    """Return the error for work that needs a builder while there is none."""
    return NoStackError(
        "There is no builder.",
        why="With `builder.when_idle: terminate` it exists only until the libraries are published.",
        remedy="`awsprov up` creates one for new libraries. `builder.when_idle: stop` keeps it.",
    )


def no_session(facts: Iterable[str]) -> AwsprovError:
    """Return the error for a session that cannot be opened, with what was checked."""
    return AwsprovError(
        "Could not open an SSH session with the builder.",
        why="; ".join(facts) + ".",
        remedy="If this machine's address has changed, `awsprov up` opens the port to the new one.",
    )
