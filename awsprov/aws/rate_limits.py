"""How fast AWS lets its control planes be called, so that a large stack waits for its turn and is not refused.

The figures are AWS's published quotas, per account and region. Others may use the same account: what is throttled all
the same is repeated, as everywhere.
"""

import fnmatch
import threading
import time
from dataclasses import dataclass

_FREE = ("lambda:GetFunction", "lambda:Invoke")  # with limits of their own, which nobody here reaches


@dataclass(frozen=True)
class Rate:
    """A quota: `burst` calls at once, and one more each so many seconds.

    Arguments:
        operations: the calls that share it, as in `lambda:*`.
    """

    operations: tuple[str, ...]
    seconds: float
    burst: int

    def covers(self, operation: str) -> bool:
        """Whether a call counts."""
        return operation not in _FREE and any(fnmatch.fnmatchcase(operation, each) for each in self.operations)


# API Gateway: its page of quotas, "for creating, deploying and managing"; Lambda: 15 requests a second for all of its
# control plane but GetFunction and Invoke (developer guide, quotas).
RATES = (
    Rate(("apigateway:CreateRestApi", "apigateway:ImportRestApi"), 3, 1),
    Rate(("apigateway:DeleteRestApi",), 30, 1),
    Rate(("apigateway:CreateDeployment",), 5, 1),
    Rate(("apigateway:CreateResource",), 0.2, 5),
    Rate(("apigateway:DeleteResource",), 0.2, 5),
    Rate(("apigateway:GetResources",), 0.4, 5),
    Rate(("apigateway:*", "apigatewayv2:*"), 0.1, 40),
    Rate(("lambda:*",), 1 / 15, 15),
)


class Limiter:
    """Gives each call its turn.

    Arguments:
        rates: the quotas.
    """

    def __init__(self, rates: tuple[Rate, ...] = RATES) -> None:
        self._rates = rates
        self._lock = threading.Lock()
        self._full: dict[Rate, float] = {}  # when a quota is full again, were nobody to call from now on

    def turn(self, operation: str) -> float:
        """The seconds that a call has to wait for its turn, which is taken by asking."""
        with self._lock:
            now = time.monotonic()
            return max((self._take(rate, now) for rate in self._rates if rate.covers(operation)), default=0.0)

    def _take(self, rate: Rate, now: float) -> float:
        full = max(now, self._full.get(rate, now)) + rate.seconds
        self._full[rate] = full
        return max(0.0, full - now - rate.seconds * rate.burst)
