"""Client-side rate limits: a large stack waits before AWS's control planes would throttle it.

The limits are AWS's published quotas, per account and region. Other programs may use the same account: a call that is
throttled nevertheless is retried.
"""

import fnmatch
import threading
import time
from dataclasses import dataclass

_UNLIMITED = ("lambda:GetFunction", "lambda:Invoke")  # their own limits are far higher than what awsprov needs


@dataclass(frozen=True)
class RateLimit:
    """A token bucket that operations share.

    Arguments:
        operations: patterns of operations, as in `lambda:*`.
        seconds: the time in which one token is added.
        burst: the size of the bucket.
    """

    operations: tuple[str, ...]
    seconds: float
    burst: int

    def covers(self, operation: str) -> bool:
        """Return whether an operation takes a token."""
        return operation not in _UNLIMITED and any(fnmatch.fnmatchcase(operation, each) for each in self.operations)


# API Gateway: "API Gateway quotas for creating, deploying and managing a REST API". Lambda: 15 requests a second for
# its control plane but GetFunction and Invoke (developer guide, "Lambda quotas").
RATE_LIMITS = (
    RateLimit(("apigateway:CreateRestApi", "apigateway:ImportRestApi"), 3, 1),
    RateLimit(("apigateway:DeleteRestApi",), 30, 1),
    RateLimit(("apigateway:CreateDeployment",), 5, 1),
    RateLimit(("apigateway:CreateResource",), 0.2, 5),
    RateLimit(("apigateway:DeleteResource",), 0.2, 5),
    RateLimit(("apigateway:GetResources",), 0.4, 5),
    RateLimit(("apigateway:*", "apigatewayv2:*"), 0.1, 40),
    RateLimit(("lambda:*",), 1 / 15, 15),
)


class RateLimiter:
    """Takes tokens from the buckets of its limits; safe to use from several threads.

    Arguments:
        limits: the rate limits.
    """

    def __init__(self, limits: tuple[RateLimit, ...] = RATE_LIMITS) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._full_at: dict[RateLimit, float] = {}  # the time at which a bucket is full again without further calls

    def reserve(self, operation: str) -> float:
        """Take a token from each bucket that covers the operation; return the seconds until all have one."""
        with self._lock:
            now = time.monotonic()
            return max((self._take(limit, now) for limit in self._limits if limit.covers(operation)), default=0.0)

    def _take(self, limit: RateLimit, now: float) -> float:
        full_at = max(now, self._full_at.get(limit, now)) + limit.seconds
        self._full_at[limit] = full_at
        return max(0.0, full_at - now - limit.seconds * limit.burst)
