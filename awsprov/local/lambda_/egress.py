"""Recordings of what leaves a function, as the cloud's own API starts and ends them. `awsprov egress` uses it."""

import time
from collections import Counter
from typing import Any, get_args

from awsprov.local.iam import role_sessions
from awsprov.local.lambda_ import registry
from awsprov.local.lambda_.closed_network import reason_forbidden
from awsprov.local.lambda_.egress_recording import ConnectionRecord, EgressRecording, Mode
from awsprov.local.lambda_.socket_libraries import socket_libraries

__all__ = ["answers", "document", "end", "reason_forbidden", "start"]


def start(function: str, mode: Mode, services: list[str], variables: dict[str, str | None], seconds: float) -> None:
    """Begin a recording of a function, with new workers.

    Arguments:
        function: its ARN.
        mode: what answers.
        services: that answer in the function's region, unless the mode is `open`.
        variables: that replace its variables; None removes one.
        seconds: after which the recording ends by itself.

    Raises:
        ValueError: there is no such mode.
    """
    if mode not in get_args(Mode):
        raise ValueError(f"Unknown mode {mode!r}. Known modes: {', '.join(get_args(Mode))}.")
    end(function)
    region = function.split(":")[3]
    until = time.monotonic() + seconds
    invocations = registry.invocations()
    invocations.recordings[function] = EgressRecording(region, mode, frozenset(services), variables, until)
    invocations.pool.retire(lambda config: config.function_arn == function)


def end(function: str) -> None:
    """End the recording of a function, by its ARN, and its workers."""
    recording = registry.invocations().recordings.pop(function, None)
    if recording:
        recording.over.set()
        registry.invocations().pool.retire(lambda config: config.function_arn == function)
        recording.events.close()


def document(function: str) -> dict[str, Any]:
    """Return what left a function so far.

    Raises:
        ValueError: there is no recording of it.
    """
    recording = registry.invocations().recording(function)
    if recording is None:
        raise ValueError(f"There is no recording of {function}.")
    events = recording.read_events()
    return {
        "calls": _calls(recording.calls),
        "unanswered": _calls(recording.unanswered),
        "audited": ConnectionRecord.of_events(events).document(),
        "sent": recording.network.document(),
        "libraries": socket_libraries(registry.invocations().pool.pids(function), events),
    }


def answers(access_key: str, service: str, region: str) -> bool:
    """Return whether a call to AWS by a function is answered; by other callers, every call is.

    Arguments:
        access_key: the ID of the key that signed it.
        service: of the signature's scope.
        region: likewise.
    """
    session = role_sessions.find(access_key)
    recording = registry.invocations().recording(session.function) if session else None
    return recording is None or recording.answers(service, region)


def _calls(counted: Counter[tuple[str, str]]) -> list[dict[str, Any]]:
    return [{"service": service, "region": region, "count": n} for (service, region), n in sorted(counted.items())]
