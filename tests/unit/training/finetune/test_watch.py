"""When a preference run is called collapsed."""

from training.finetune.watch import WINDOW, WINDOWS, CollapseWatch

STEPS = WINDOW * WINDOWS


def follow(gains: list[float], margins: list[float]) -> bool:
    watch = CollapseWatch()
    return any(
        watch.has_collapsed(chosen_gain=gain, margin=margin) for gain, margin in zip(gains, margins, strict=True)
    )


def test_better_answers_that_fall_while_the_margin_grows_are_a_collapse() -> None:
    assert follow([-0.05 * step for step in range(STEPS)], [0.1 * step for step in range(STEPS)])


def test_a_shallow_fall_is_not() -> None:
    assert not follow([-0.005 * step for step in range(STEPS)], [0.1 * step for step in range(STEPS)])


def test_better_answers_that_rise_are_not() -> None:
    assert not follow([0.05 * step for step in range(STEPS)], [0.1 * step for step in range(STEPS)])


def test_nothing_is_said_before_there_is_enough_to_see() -> None:
    assert not follow([-1.0 * step for step in range(STEPS - 1)], [float(step) for step in range(STEPS - 1)])
