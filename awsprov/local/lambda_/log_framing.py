"""A worker's output, split into log events: printed lines, and whole records of the logging module.

Both arrive over one pipe, so they stay in the program's order. awslambdaric frames its records (type, length, time in
microseconds), which keeps a traceback in one event. Everything between frames is text, one event per line.
"""

from awsprov.local.logs import LogLine, epoch_ms

_HEADER = 16  # bytes: type, length, time
_MAGIC = b"\xa5\x5a\x00"  # the first bytes of every type; invalid in UTF-8, so no text contains them
_LONGEST = 256 * 1024  # bytes of an event in CloudWatch Logs; a longer line is split


class LogParser:
    """The parser of one worker's output."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[LogLine]:
        """Return the events that are complete with this data."""
        self._rest += data
        events: list[LogLine] = []
        while self._rest:
            length = self._frame(events) if self._rest.startswith(_MAGIC) else self._text(events)
            if not length:
                break
            self._rest = self._rest[length:]
        return events

    def flush(self) -> list[LogLine]:
        """Return the incomplete line at the end of an invocation, which is an event as well."""
        if not self._rest or self._rest.startswith(_MAGIC):
            return []
        rest, self._rest = self._rest, b""
        return [LogLine(epoch_ms(), rest.decode(errors="replace"))]

    def _frame(self, events: list[LogLine]) -> int:
        size = int.from_bytes(self._rest[4:8], "big")
        if len(self._rest) < _HEADER + size:
            return 0
        timestamp = int.from_bytes(self._rest[8:_HEADER], "big") // 1000
        message = self._rest[_HEADER : _HEADER + size].decode(errors="replace")
        events.append(LogLine(timestamp, message if message.endswith("\n") else f"{message}\n"))
        return _HEADER + size

    def _text(self, events: list[LogLine]) -> int:
        stops = [self._rest.find(b"\n") + 1, self._rest.find(_MAGIC)]
        ends = [stop for stop in stops if stop > 0]
        if not ends and len(self._rest) < _LONGEST:
            return 0
        end = min([*ends, _LONGEST])
        events.append(LogLine(epoch_ms(), self._rest[:end].decode(errors="replace")))
        return end
