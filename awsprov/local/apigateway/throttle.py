"""The throttling and the quotas of API Gateway. They are kept in memory, so a restart resets them."""

import threading
from collections.abc import Hashable
from datetime import UTC, datetime, timedelta

from awsprov.local.token_bucket import TokenBucket


class Throttle:
    """The token buckets and the quota counters of one local cloud, each by a key of the caller's choice."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: dict[Hashable, TokenBucket] = {}
        self._used: dict[Hashable, tuple[str, int]] = {}

    def allow(self, key: Hashable, rate: float | None, burst: float | None) -> bool:
        """Return whether one more request is within the rate limit, and count it.

        Arguments:
            rate: requests per second. Without a rate or without a burst there is no limit.
            burst: the requests that may come at once.
        """
        if rate is None or burst is None or rate < 0 or burst < 0:
            return True
        with self._lock:
            return self._buckets.setdefault(key, TokenBucket(burst)).take(rate, burst)

    def count(self, key: Hashable, limit: int, period: str) -> bool:
        """Return whether one more request is within the quota of the current period, and count it.

        Arguments:
            period: `DAY`, `WEEK` or `MONTH`.
        """
        current = _start_of_period(period)
        with self._lock:
            start, used = self._used.get(key, (current, 0))
            used = used if start == current else 0
            if used >= limit:
                return False
            self._used[key] = (current, used + 1)
            return True


def _start_of_period(period: str) -> str:
    today = datetime.now(UTC).date()
    if period == "MONTH":
        return f"{today:%Y-%m}"
    if period == "WEEK":
        return str(today - timedelta(days=today.isoweekday() % 7))
    return str(today)
