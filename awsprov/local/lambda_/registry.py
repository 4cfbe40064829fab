"""The workers and queued events of this process's cloud. They are never pickled, unlike moto's objects."""

from awsprov.local.cloud import Cloud
from awsprov.local.event_loop import EventLoop
from awsprov.local.lambda_.events import EventQueue
from awsprov.local.lambda_.invocations import Invocations


class _Registry:
    invocations: Invocations | None = None
    events: EventQueue | None = None


def start(cloud: Cloud, loop: EventLoop) -> None:
    """Accept invocations for this cloud, which run on the loop."""
    _Registry.invocations = Invocations(cloud, loop)
    _Registry.events = EventQueue(cloud, _Registry.invocations)


def stop() -> None:
    """End all workers and drop the events that are still queued."""
    if _Registry.events:
        _Registry.events.close()
    if _Registry.invocations:
        _Registry.invocations.close()
    _Registry.events = _Registry.invocations = None


def invocations() -> Invocations:
    """Return the invocations of this process's cloud."""
    if _Registry.invocations is None:
        raise RuntimeError("lambda_.install() has not been called")
    return _Registry.invocations


def events() -> EventQueue:
    """Return the event queue of this process's cloud."""
    if _Registry.events is None:
        raise RuntimeError("lambda_.install() has not been called")
    return _Registry.events
