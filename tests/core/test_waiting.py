"""Waiting: how often is asked, how late an end is noticed, and one question for all who wait."""

import threading
import time

import pytest

from awsprov.aws.polling import Shared, meanwhile, pause


class Clock:
    """Time that passes by being slept."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.37
        monkeypatch.setattr(time, "monotonic", lambda: self.now)

    def noticed(self, ends: float, typical_seconds: float = 0.0) -> tuple[float, int]:
        """When an end is noticed, and after how many questions."""
        began, asked = self.now, 1
        while self.now - began < ends:
            self.now += pause(self.now - began, 0.1, 5.0, typical_seconds)
            asked += 1
        return self.now - began, asked


@pytest.mark.parametrize("ends", [0.05, 0.9, 4.0, 17.0, 85.0, 240.0])
def test_an_end_is_noticed_soon_and_without_asking_all_the_time(monkeypatch: pytest.MonkeyPatch, ends: float) -> None:
    at, asked = Clock(monkeypatch).noticed(ends)
    assert at - ends <= max(0.125, 0.057 * ends)
    assert asked <= 70 + ends


@pytest.mark.parametrize("ends", [75.0, 85.0, 93.0, 110.0])
def test_near_the_usual_end_it_is_noticed_at_once(monkeypatch: pytest.MonkeyPatch, ends: float) -> None:
    at, _ = Clock(monkeypatch).noticed(ends, typical_seconds=90.0)
    assert at - ends <= 1.0


def test_two_who_wait_ask_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    early = clock.now + pause(20.0, 0.1, 5.0, 0.0)
    clock.now += 0.21
    assert clock.now + pause(19.79, 0.1, 5.0, 0.0) == pytest.approx(early)


def test_one_question_serves_all_who_ask_at_once_and_nobody_who_asks_later() -> None:
    shared, asked, together = Shared(), [], threading.Barrier(5)

    def fetch() -> int:
        asked.append(1)
        time.sleep(0.1)
        return len(asked)

    def wait() -> None:
        together.wait()
        shared.ask("x", fetch)

    threads = [threading.Thread(target=wait) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) <= 2  # a thread that started late asks anew, for all who did
    before = len(asked)
    time.sleep(0.03)
    assert shared.ask("x", fetch) == before + 1


def test_what_is_fetched_meanwhile_is_waited_for_when_it_is_wanted() -> None:
    go = threading.Event()
    answer = meanwhile(lambda: go.wait(10))
    assert not answer.done()
    go.set()
    assert answer.result(10) is True


def test_who_wants_the_answer_gets_the_error() -> None:
    def fail() -> None:
        raise LookupError("nobody")

    with pytest.raises(LookupError, match="nobody"):
        meanwhile(fail).result(10)
