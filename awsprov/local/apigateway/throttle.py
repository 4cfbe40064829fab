"""API Gateway's limits: token buckets for rates, counters for quotas. Kept in memory; a restart begins anew."""

import threading
import time
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass
class _Bucket:
    tokens: float
    filled: float


class Throttle:
    """All rates and quotas of one cloud, by whatever identifies them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: dict[Hashable, _Bucket] = {}
        self._used: dict[Hashable, tuple[str, int]] = {}

    def allow(self, key: Hashable, rate: float | None, burst: float | None) -> bool:
        """Take one token; no limits, no bucket. A burst without a rate is as good as none, and the reverse."""
        if rate is None or burst is None or rate < 0 or burst < 0:
            return True
        moment = time.monotonic()
        with self._lock:
            bucket = self._buckets.setdefault(key, _Bucket(burst, moment))
            bucket.tokens = min(burst, bucket.tokens + (moment - bucket.filled) * rate)
            bucket.filled = moment
            if bucket.tokens < 1:
                return False
            bucket.tokens -= 1
            return True

    def count(self, key: Hashable, limit: int, period: str) -> bool:
        """Count one request of a quota's current DAY, WEEK or MONTH; False when none is left."""
        current = _period(period)
        with self._lock:
            since, used = self._used.get(key, (current, 0))
            used = used if since == current else 0
            if used >= limit:
                return False
            self._used[key] = (current, used + 1)
            return True


def _period(period: str) -> str:
    today = datetime.now(UTC).date()
    if period == "MONTH":
        return f"{today:%Y-%m}"
    if period == "WEEK":
        return str(today - timedelta(days=today.isoweekday() % 7))
    return str(today)
