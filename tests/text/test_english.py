"""The lists of English words, and how frequent words are."""

from __future__ import annotations

import pytest

from toolkit.text.english import all_words, frequencies, lists, phrases, words


@pytest.mark.parametrize("name", lists())
def test_a_list_says_nothing_twice_and_all_in_lower_case(name: str) -> None:
    entries = lists()[name]
    assert len(words(name)) == len(entries) > 0
    assert all(entry == entry.lower().strip() for entry in entries)
    assert [len(phrase) for phrase in phrases(name)] == sorted(map(len, entries), reverse=True)


def test_frequencies_are_shares_of_all_words() -> None:
    shares = frequencies()
    assert shares["the"] > shares["government"] > shares["kyrgyzstan"] > 1e-6
    assert 0.8 < sum(shares.values()) < 1.1


def test_all_words_are_distinct_and_go_beyond_the_frequent_ones() -> None:
    every = list(all_words())
    assert len(every) == len(set(every)) > 300_000
    assert set(frequencies()) < set(every)
    assert {"kyrgyzstan's", "modi", "naïve"} <= set(every)
