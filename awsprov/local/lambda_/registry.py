"""What lives in this process for its cloud's functions: workers and queued events. None of it is ever pickled."""

from awsprov.local.cloud import Cloud
from awsprov.local.lambda_.events import EventQueue
from awsprov.local.lambda_.invocations import Invocations


class _Living:
    invocations: Invocations | None = None
    events: EventQueue | None = None


def start(cloud: Cloud) -> None:
    """Begin to take invocations for this cloud."""
    _Living.invocations = Invocations(cloud)
    _Living.events = EventQueue(cloud, _Living.invocations)


def stop() -> None:
    """End all workers, and forget the events that are still queued."""
    if _Living.events:
        _Living.events.close()
    if _Living.invocations:
        _Living.invocations.close()
    _Living.events = _Living.invocations = None


def invocations() -> Invocations:
    """The invocations of this process's cloud."""
    if _Living.invocations is None:
        raise RuntimeError("functions.install() has not been called")
    return _Living.invocations


def events() -> EventQueue:
    """Its queued events."""
    if _Living.events is None:
        raise RuntimeError("functions.install() has not been called")
    return _Living.events
