"""What leaves a function while its connections are recorded: calls to AWS, lookups of names, connections.

The recording of a function begins with new workers. It is open, so that all connections are possible as otherwise, or
closed: then only the AWS services that a stack without a NAT gateway reaches answer.
"""

import ipaddress
import json
import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

# Everything answers; only what the network of the stack reaches answers, to all code; likewise, to Python code.
Mode = Literal["open", "namespace", "audit-events"]
_NO_ANSWER = 60.0  # seconds until a call without an answer ends; botocore's connect_timeout
_HERE = "localhost"


class ConnectionRecord:
    """Lookups and connections, counted. Several threads may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lookups: Counter[str] = Counter()
        self._connections: Counter[tuple[str, str, int]] = Counter()

    def looked_up(self, name: str) -> None:
        """Count the lookup of a name. That of an address, or of this machine, is none."""
        name = name.rstrip(".").lower()
        if name and not _is_here(name) and not _is_address(name):
            with self._lock:
                self._lookups[name] += 1

    def connected(self, protocol: str, host: str, port: int) -> None:
        """Count a connection to a host, which is a name or an address; one to this machine is not counted."""
        if not _is_here(host):
            with self._lock:
                self._connections[protocol, host, port] += 1

    @classmethod
    def of_events(cls, events: bytes) -> "ConnectionRecord":
        """Return the record of audit events, one in each line."""
        record = cls()
        for kind, *details in map(json.loads, events.splitlines()):
            if kind == "lookup":
                record.looked_up(*details)
            elif kind in ("tcp", "udp"):
                record.connected(kind, *details)
        return record

    def document(self) -> dict[str, Any]:
        """Return the record as JSON."""
        with self._lock:
            return {
                "lookups": [{"name": name, "count": count} for name, count in sorted(self._lookups.items())],
                "connections": [
                    {"protocol": protocol, "host": host, "port": port, "count": count}
                    for (protocol, host, port), count in sorted(self._connections.items())
                ],
            }


@dataclass(frozen=True)
class EgressRecording:
    """The recording of one function.

    Arguments:
        region: of the function.
        mode: what answers.
        services: that answer in this region, in a closed one.
        variables: that replace those of the function; None removes one.
        until: on the monotonic clock. If awsprov is killed, the function soon runs as otherwise again.
        network: what left, by what the kernel sent.
        calls: to AWS, by service and region.
        unanswered: those of them that were not answered.
        events: a file to which the workers add their audit events.
        over: set at its end.
    """

    region: str
    mode: Mode
    services: frozenset[str]
    variables: Mapping[str, str | None] = field(repr=False)
    until: float
    network: ConnectionRecord = field(default_factory=ConnectionRecord)
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    unanswered: Counter[tuple[str, str]] = field(default_factory=Counter)
    events: Any = field(default_factory=tempfile.TemporaryFile)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def is_closed(self) -> bool:
        """Whether the workers run in a network of their own."""
        return self.mode == "namespace"

    @property
    def active(self) -> bool:
        """Whether it continues."""
        return not self.over.is_set() and time.monotonic() < self.until

    def applied(self, variables: Mapping[str, str]) -> dict[str, str]:
        """Return the variables of a function with those of the recording."""
        changed = {**variables, **self.variables}
        return {name: value for name, value in changed.items() if value is not None}

    def answers(self, service: str, region: str) -> bool:
        """Count a call to AWS. Return whether it is answered; if not, wait as long as its client does."""
        self.calls[service, region] += 1
        if self.mode == "open" or (service in self.services and region == self.region):
            return True
        self.unanswered[service, region] += 1
        self.over.wait(min(_NO_ANSWER, max(self.until - time.monotonic(), 0)))
        return False

    def read_events(self) -> bytes:
        """Return the audit events of all workers so far, one in each line."""
        descriptor = self.events.fileno()
        return os.pread(descriptor, os.fstat(descriptor).st_size, 0)


def _is_here(host: str) -> bool:
    if host == _HERE or host.endswith(f".{_HERE}"):
        return True
    return _is_address(host) and (ipaddress.ip_address(host).is_loopback or ipaddress.ip_address(host).is_unspecified)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
