"""What a reader can choose stories by, without a script: the style sheet hides the others.

Stories carry classes (``l3`` is the third language), and options the same as values.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from toolkit.digest.wording import day

# How the keys of each trait begin.
_LETTERS = {"language": "l", "source": "s", "section": "c", "day": "d"}
# Sources that can be chosen; beyond so many, those of one story only cannot.
_MANY_SOURCES = 40


@dataclass(frozen=True, slots=True)
class Traits:
    """What a story is chosen by."""

    languages: tuple[str, ...]
    sources: tuple[str, ...]
    section: str
    continues: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that can be chosen, and the number of stories that have it."""

    key: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Filter:
    """A trait and the values that it can have; ``name`` is that of the trait."""

    name: str
    choices: tuple[Choice, ...]


def arrange_filters(
    stories: Sequence[Traits], before: dt.date | None
) -> tuple[tuple[Filter, ...], list[str]]:
    """Return the filters of a page that have at least two choices, and the classes of each of its
    stories."""
    since = f"New since {day(before)}" if before else "New"
    columns: dict[str, list[tuple[str, ...]]] = {
        "language": [story.languages for story in stories],
        "source": [story.sources for story in stories],
        "section": [(story.section,) for story in stories],
        "day": [("Continuing" if story.continues else since,) for story in stories],
    }
    filters, keys = [], [""] * len(stories)
    for name, values in columns.items():
        choices = {choice.name: choice for choice in _choices(name, values)}
        if len(choices) < 2:
            continue
        filters.append(Filter(name, tuple(choices.values())))
        for number, own in enumerate(values):
            keys[number] += "".join(f" {choices[v].key}" for v in own if v in choices)
    return tuple(filters), keys


def _choices(name: str, values: Iterable[Sequence[str]]) -> Iterator[Choice]:
    counts = Counter(value for own in values for value in own)
    least = 2 if name == "source" and len(counts) > _MANY_SOURCES else 1
    for number, (value, count) in enumerate(counts.most_common()):
        if count >= least:
            yield Choice(f"{_LETTERS[name]}{number}", value, count)


def rules(filters: Iterable[Filter]) -> str:
    """Return the style sheet's rules by which the stories that a choice leaves out are hidden.
    They are made of numbers alone, so that no text from outside is in them."""
    return "".join(
        f':root:has(option[value="{choice.key}"]:checked) .item:not(.{choice.key}),\n'
        f':root:has(option[value="{choice.key}"]:checked) .section:not(:has(.{choice.key}))'
        " { display: none; }\n"
        for choices in filters
        for choice in choices.choices
    )
