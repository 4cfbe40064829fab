"""Polling: how often a probe is called, how late its success is noticed; and calls in the background."""

import threading
import time

import pytest

from awsprov.aws.background import in_background
from awsprov.aws.polling import MAXIMUM_DELAY, wait_until
from awsprov.errors import TimedOutError


class Clock(threading.Event):
    """A stop event that is never set, and time that passes only by waiting for it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.now, self.delays = 1000.0, list[float]()
        monkeypatch.setattr(time, "monotonic", lambda: self.now)

    def wait(self, timeout: float | None = None) -> bool:
        """Let time pass."""
        assert timeout is not None
        self.delays.append(timeout)
        self.now += timeout
        return False


@pytest.mark.parametrize("seconds", [0.05, 0.9, 4.0, 17.0, 85.0, 240.0])
def test_success_is_noticed_soon_without_polling_all_the_time(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    clock = Clock(monkeypatch)
    ready_at = clock.now + seconds
    assert wait_until(lambda: clock.now >= ready_at, 600, "it", clock)
    assert clock.now - ready_at <= min(max(0.3, seconds), MAXIMUM_DELAY + 0.1)
    assert len(clock.delays) <= 10 + seconds / MAXIMUM_DELAY


def test_delays_grow_up_to_the_maximum(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    with pytest.raises(TimedOutError, match="Timed out after 100 s waiting for the moon"):
        wait_until(lambda: False, 100, "the moon", clock, initial_delay=0.1, maximum_delay=5.0)
    assert 0.1 <= clock.delays[0] <= 0.2
    assert clock.delays[:10:3] == sorted(clock.delays[:10:3])
    assert 5.0 <= clock.delays[-1] <= 5.1


def test_the_result_of_a_background_call_is_waited_for_when_it_is_read() -> None:
    go = threading.Event()
    future = in_background(lambda: go.wait(10))
    assert not future.done()
    go.set()
    assert future.result(10) is True


def test_an_error_of_a_background_call_is_raised_by_its_result() -> None:
    def fail() -> None:
        raise LookupError("nothing found")

    with pytest.raises(LookupError, match="nothing found"):
        in_background(fail).result(10)
