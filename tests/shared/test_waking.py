"""Requests wake the delivery without waiting for the queue."""

import threading
import time

from titanobova.waking import Waker


def test_many_calls_of_a_moment_are_one() -> None:
    calls: list[float] = []
    waker = Waker(lambda: calls.append(time.monotonic()))

    for _ in range(100):
        waker.wake()
    waker.flush()

    assert 1 <= len(calls) <= 2


def test_whoever_wakes_does_not_wait() -> None:
    release, called = threading.Event(), threading.Event()

    def wait() -> None:
        called.set()
        release.wait(5)

    waker = Waker(wait)
    started = time.monotonic()
    waker.wake()
    assert time.monotonic() - started < 1

    assert called.wait(5)
    release.set()


def test_a_wish_during_the_call_is_another_call() -> None:
    calls: list[None] = []
    first, release = threading.Event(), threading.Event()

    def call() -> None:
        calls.append(None)
        first.set()
        release.wait(5)

    waker = Waker(call)
    waker.wake()
    assert first.wait(5)
    waker.wake()
    release.set()
    waker.flush()

    assert len(calls) == 2


def test_nothing_is_called_that_nobody_wanted() -> None:
    calls: list[None] = []

    Waker(lambda: calls.append(None)).flush()

    assert calls == []
