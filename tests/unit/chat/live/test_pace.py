"""How many frames a socket may send in ten seconds, and when it is closed."""

from __future__ import annotations

from chat.live.pace import PATIENCE, WINDOW_SECONDS, FramePace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def count_many(pace: FramePace, times: int) -> int:
    return [pace.count() for _ in range(times)][-1]


def test_the_allowed_number_passes_and_the_next_is_too_fast():
    pace = FramePace(3, Clock())
    assert not pace.is_too_fast(count_many(pace, 3))
    assert pace.is_too_fast(pace.count())


def test_three_times_the_allowed_number_is_borne_and_one_more_is_a_flood():
    pace = FramePace(3, Clock())
    assert not pace.is_flood(count_many(pace, 3 * PATIENCE))
    assert pace.is_flood(pace.count())


def test_a_frame_leaves_the_window_exactly_when_it_is_over():
    clock = Clock()
    pace = FramePace(3, clock)
    count_many(pace, 3)
    clock.now += WINDOW_SECONDS - 0.01
    assert pace.count() == 4
    clock.now += 0.01
    assert pace.count() == 2  # the fourth frame and this one


def test_frames_at_the_allowed_rate_are_never_too_fast():
    clock = Clock()
    pace = FramePace(10, clock)
    for _ in range(50):
        assert not pace.is_too_fast(pace.count())
        clock.now += WINDOW_SECONDS / 10
