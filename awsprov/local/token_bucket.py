"""The token bucket of API Gateway's throttling, of its control plane and of its stages alike."""

import time


class TokenBucket:
    """A full bucket of tokens. Each request takes one token; the bucket is refilled at a constant rate.

    Arguments:
        burst: the capacity, in tokens.
    """

    def __init__(self, burst: float) -> None:
        self._tokens, self._updated = burst, time.monotonic()

    def take(self, rate: float, burst: float) -> bool:
        """Take one token and return True, or return False if there is none.

        Arguments:
            rate: the tokens added per second.
            burst: the capacity. It may change, like the rate, while the bucket is in use.
        """
        now = time.monotonic()
        self._tokens = min(burst, self._tokens + (now - self._updated) * rate)
        self._updated = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
