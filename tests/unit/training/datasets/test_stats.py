"""Counts of bounded size say what counting everything says, within their stated error."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from training.datasets.repeats import SeenTexts
from training.datasets.sketches import FrequentTexts, Histogram
from training.datasets.stats import measure_conversations
from training.finetune.records import Conversation, Pair, Turn


def test_quantiles_are_exact_for_short_texts():
    histogram = Histogram()
    for length in range(1, 1001):
        histogram.add(length)
    assert (histogram.get_quantile(0.5), histogram.get_quantile(0.9), histogram.longest) == (500, 900, 1000)
    assert (histogram.count, histogram.sum) == (1000, 500_500)
    assert Histogram().get_quantile(0.5) == 0


@pytest.mark.parametrize("value", [1023, 1024, 5001, 123_457, 10**9 + 7])
def test_quantiles_of_long_texts_are_a_little_too_low(value):
    histogram = Histogram()
    histogram.add(value)
    assert value * 0.998 <= histogram.get_quantile(0.5) <= value


def test_frequent_texts_keep_their_counts_within_the_stated_error():
    draw = random.Random(5)
    texts = [f"자주 {int(draw.expovariate(0.3))}" if draw.random() < 0.4 else f"한 번 {n}" for n in range(20_000)]
    frequent = FrequentTexts(capacity=100)
    for text in texts:
        frequent.add(text)
    exact = Counter(texts)
    assert 0 < frequent.error <= len(texts) / 100
    assert len(frequent.list_most_frequent(10**6)) <= 201
    for text, count in frequent.list_most_frequent(5):
        assert exact[text] - frequent.error <= count <= exact[text]
    assert frequent.list_most_frequent(1)[0][0] == exact.most_common(1)[0][0]


def test_few_texts_are_counted_exactly():
    frequent = FrequentTexts(capacity=2)
    for text in "가나가가":
        frequent.add(text)
    assert (frequent.list_most_frequent(9), frequent.error) == ([("가", 3), ("나", 1)], 0)


def test_a_text_is_new_once():
    with SeenTexts() as seen:
        assert [seen.add(name) for name in ("a", "b", "a", "\ud800", "b")] == [True, True, False, True, False]


def test_everything_of_a_file_is_counted():
    pairs = (Pair("나 다", "x", agreement=0.75), Pair("나 다", "y"))
    turns = (Turn("bot", "안녕"), Turn("user", "ab 가"), Turn("bot", "나 다 라", pairs))
    stats = measure_conversations([Conversation("1", "mary", turns)])
    assert (stats.conversations, stats.turns.sum, stats.replies, stats.greetings) == (1, 3, 1, 1)
    assert stats.pairs_by_agreement == {0.75: 1, 1.0: 1}
    assert stats.openings.list_most_frequent(9) == [("나 다", 1)]
    assert stats.characters_of_bot.longest == 5
    assert stats.hangul_share == 6 / 8  # 안녕 가 나다라 of 안녕 ab 가 나다라
