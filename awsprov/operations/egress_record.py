"""What left a function of the local cloud during some requests: calls to AWS, connections and look-ups."""

import re
from dataclasses import dataclass
from typing import Any

# As in awsprov/local/lambda_/aws_hosts.py; compiled code reaches these hosts without the local cloud.
_AWS_HOST = re.compile(r"(.*\.)?(amazonaws\.com(\.cn)?|api\.aws)")


@dataclass(frozen=True, order=True)
class AwsCalls:
    """Calls of a function to a service of AWS.

    Arguments:
        service: as in the scope of their signature.
        region: likewise.
        count: how many.
    """

    service: str
    region: str
    count: int

    def __str__(self) -> str:
        return f"{self.service} in {self.region}"


@dataclass(frozen=True, order=True)
class Connections:
    """Connections of a function to a host, or packets to it by UDP.

    Arguments:
        host: the name that was looked up, or the address.
        port: the port.
        protocol: `tcp` or `udp`.
        count: how many.
        compiled: whether no Python code made them, so that only the network saw them.
    """

    host: str
    port: int
    protocol: str
    count: int
    compiled: bool = False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" + (" (UDP)" if self.protocol == "udp" else "")

    @property
    def of_aws(self) -> bool:
        """Whether the host is one of AWS's."""
        return bool(_AWS_HOST.fullmatch(self.host))


@dataclass(frozen=True)
class EgressRecord:
    """What left a function during the requests of one run.

    Arguments:
        calls: to AWS.
        unanswered: those of them that got no answer.
        connections: to hosts.
        lookups: names that were looked up.
        libraries: compiled ones that open connections by themselves.
    """

    calls: tuple[AwsCalls, ...] = ()
    unanswered: tuple[AwsCalls, ...] = ()
    connections: tuple[Connections, ...] = ()
    lookups: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()

    @classmethod
    def parse(cls, document: dict[str, Any]) -> "EgressRecord":
        """Return the record that the local cloud describes: what Python code did, and what the network saw."""
        audited, sent = document["audited"], document["sent"]
        by_python = {_destination(each) for each in audited["connections"]}
        only_sent = [each for each in sent["connections"] if _destination(each) not in by_python]
        found = [Connections(**each) for each in audited["connections"]]
        found += [Connections(**each, compiled=True) for each in only_sent]
        return cls(
            tuple(AwsCalls(**each) for each in document["calls"]),
            tuple(AwsCalls(**each) for each in document["unanswered"]),
            tuple(sorted(found)),
            tuple(sorted({each["name"] for each in (*audited["lookups"], *sent["lookups"])})),
            tuple(document["libraries"]),
        )

    def joined(self, other: "EgressRecord") -> "EgressRecord":
        """Return this record with what only another one has."""
        services = {(each.service, each.region) for each in self.calls}
        hosts = {(each.host, each.port, each.protocol) for each in self.connections}
        calls = [each for each in other.calls if (each.service, each.region) not in services]
        connections = [each for each in other.connections if (each.host, each.port, each.protocol) not in hosts]
        return EgressRecord(
            tuple(sorted([*self.calls, *calls])),
            other.unanswered,
            tuple(sorted([*self.connections, *connections])),
            tuple(sorted({*self.lookups, *other.lookups})),
            tuple(sorted({*self.libraries, *other.libraries})),
        )

    @property
    def only_looked_up(self) -> list[str]:
        """The names that were looked up, and not connected to."""
        return [name for name in self.lookups if all(name != each.host for each in self.connections)]


def _destination(connection: dict[str, Any]) -> tuple[str, str, int]:
    return connection["protocol"], connection["host"], connection["port"]
