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
        start = 0  # what is before it is in events; cutting it off for each line would copy all the rest
        while start < len(self._rest):
            framed = self._rest.startswith(_MAGIC, start)
            end = self._frame(start, events) if framed else self._text(start, events)
            if end == start:
                break
            start = end
        self._rest = self._rest[start:]
        return events

    def flush(self) -> list[LogLine]:
        """Return the incomplete line at the end of an invocation, which is an event as well."""
        if not self._rest or self._rest.startswith(_MAGIC):
            return []
        rest, self._rest = self._rest, b""
        return [LogLine(epoch_ms(), rest.decode(errors="replace"))]

    def _frame(self, start: int, events: list[LogLine]) -> int:
        """Add the record at `start`; return its end, which is `start` if it is incomplete."""
        size = int.from_bytes(self._rest[start + 4 : start + 8], "big")
        text, end = start + _HEADER, start + _HEADER + size
        if len(self._rest) < end:
            return start
        timestamp = int.from_bytes(self._rest[start + 8 : text], "big") // 1000
        message = self._rest[text:end].decode(errors="replace")
        events.append(LogLine(timestamp, message if message.endswith("\n") else f"{message}\n"))
        return end

    def _text(self, start: int, events: list[LogLine]) -> int:
        """Add the line at `start`; return its end, which is `start` if it is incomplete."""
        longest = start + _LONGEST
        line = self._rest.find(b"\n", start, longest) + 1 or longest
        end = self._rest.find(_MAGIC, start, line)
        end = line if end < 0 else end
        if end > len(self._rest):
            return start
        events.append(LogLine(epoch_ms(), self._rest[start:end].decode(errors="replace")))
        return end
