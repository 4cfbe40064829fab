"""What a worker writes, cut into log events: lines that were printed, and whole records from the logging module.

Both arrive over one pipe, so that their order is the program's. awslambdaric frames its records (a type, a length, a
time in microseconds), which keeps a traceback one event; anything between frames is text, one event a line.
"""

from awsprov.local.logs import LogLine, epoch_ms

_HEAD = 16
_MAGIC = b"\xa5\x5a\x00"  # the types differ in their last byte; no text holds this, for it is not UTF-8
_LONGEST = 256 * 1024  # CloudWatch Logs takes no longer event; a longer line is cut in pieces


class Output:
    """The parser of one worker's pipe."""

    def __init__(self) -> None:
        self._left = b""

    def feed(self, data: bytes) -> list[LogLine]:
        """The events that are complete with this data."""
        self._left += data
        events: list[LogLine] = []
        while self._left:
            taken = self._frame(events) if self._left.startswith(_MAGIC) else self._text(events)
            if not taken:
                break
            self._left = self._left[taken:]
        return events

    def flush(self) -> list[LogLine]:
        """What is left at the end of an invocation: a line without an end is an event all the same."""
        if not self._left or self._left.startswith(_MAGIC):
            return []
        left, self._left = self._left, b""
        return [LogLine(epoch_ms(), left.decode(errors="replace"))]

    def _frame(self, events: list[LogLine]) -> int:
        size = int.from_bytes(self._left[4:8], "big")
        if len(self._left) < _HEAD + size:
            return 0
        timestamp = int.from_bytes(self._left[8:_HEAD], "big") // 1000
        message = self._left[_HEAD : _HEAD + size].decode(errors="replace")
        events.append(LogLine(timestamp, message if message.endswith("\n") else f"{message}\n"))
        return _HEAD + size

    def _text(self, events: list[LogLine]) -> int:
        stops = [self._left.find(b"\n") + 1, self._left.find(_MAGIC)]
        ends = [stop for stop in stops if stop > 0]
        if not ends and len(self._left) < _LONGEST:
            return 0
        end = min([*ends, _LONGEST])
        events.append(LogLine(epoch_ms(), self._left[:end].decode(errors="replace")))
        return end
