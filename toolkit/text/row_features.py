"""What is to be known of a paragraph of a page before saying whether it is the article's.

Nothing here knows a site or a language: which words are function words is found on the page.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from toolkit.text import boilerplate
from toolkit.text.layout import Row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    # A feature of all paragraphs of a page.
    Column = NDArray[np.float64]

# Words of a paragraph that shows where the article is.
_SOLID_WORDS = 14
# How many of the commonest words of a page's prose are its function words.
_FUNCTION_WORDS = 40
# The price of a paragraph that is no prose, in words, when the densest run of prose is sought.
_GAP = 9.0
_MOST_WORDS = 60
# Words of a paragraph that speaks of accounts; a longer one may be parts of a page run together.
_MOST_ACCOUNT_WORDS = 40
_WORD = re.compile(r"[^\W\d_]+")
_ADDRESS = re.compile(r"\w[.@]\w+\.\w|://|\bwww\.|@\w")
_FORM = re.compile(r"_{4}|\(BUTTON\)|\( ?\) |\[ \] ")
_BAR = re.compile("[|›»•·→>/]")
_PAUSE = re.compile("[,;،、，]")
_QUOTE = re.compile('["“”„«»「」]')
_DECAYS = (0.5, 0.8, 0.94)
_STEPS = ((-1, "previous"), (1, "next"), (-2, "previous but one"), (2, "next but one"))
_NEIGHBOURS = ("prose", "length", "list", "links", "phrase", "ends", "repeated", "date", "solid")


def features(page: Sequence[Row]) -> dict[str, Column]:
    """Return what is known of the paragraphs of ``page``, their neighbours and the page: by the
    name of each feature its value for every paragraph."""
    import numpy as np

    if not page:
        return {}
    words = [tokens(row.line.text) for row in page]
    own = [_own(row, found) for row, found in zip(page, words, strict=True)]
    _say_what_is_common(page, words, own)
    values = np.array([list(row.values()) for row in own], float).T
    known: dict[str, Column] = dict(zip(own[0], values, strict=True))
    _place(page, known)
    _smooth(known)
    _add_neighbours(known)
    return known


def tokens(text: str) -> list[str]:
    """Return the words in small letters; characters where words are not spaced."""
    found: list[str] = []
    spaced = not boilerplate.count_unspaced(text)
    for word in _WORD.findall(text.lower()):
        found += [word] if spaced or not boilerplate.is_unspaced(word[0]) else word
    return found


def _own(row: Row, words: Sequence[str]) -> dict[str, float]:
    line, text = row.line, row.line.text
    count = line.words
    letters = sum(map(str.isalpha, text)) or 1
    spaced = text.split()
    reason = line.reason
    solid = line.prose and count >= _SOLID_WORDS and row.links < 0.4
    return {
        "bias": 1.0,
        "length": math.log1p(min(count, 150)),
        "1 word": float(count <= 1),
        "2 or 3 words": float(1 < count <= 3),
        "4 to 6 words": float(3 < count <= 6),
        "over 15 words": float(count > 15),
        "over 30 words": float(count > 30),
        "prose": float(line.prose),
        "solid": float(solid),
        "ends": float(line.ends_sentence or line.asks),
        "asks": float(line.asks),
        "colon": float(line.announces),
        "pauses": min(1.0, len(_PAUSE.findall(text)) / 4),
        "stops": min(1.0, len(boilerplate.STOP.findall(text)) / 4),
        "quoted": float(line.quoted),
        "quotes": float(_QUOTE.search(text) is not None),
        "capital words": sum(w[0].isupper() for w in spaced) / len(spaced) if spaced else 0.0,
        "all capitals": float(sum(map(str.isupper, text)) / letters > 0.7),
        "begins small": float(text[0].islower()),
        "digits": sum(map(str.isdigit, text)) / len(text),
        "bars": min(1.0, len(_BAR.findall(text)) / 3),
        "address": float(_ADDRESS.search(text) is not None),
        "copyright": float("©" in text or "ⓒ" in text),
        "consent": float(boilerplate.asks_consent(line.folded)),
        "account": float(
            count <= _MOST_ACCOUNT_WORDS and boilerplate.speaks_of_accounts(line.folded)
        ),
        "form": float(_FORM.search(text) is not None),
        "list": float(line.list_item),
        "heading": float(row.heading),
        "links": row.links,
        "all links": float(row.links > 0.8),
        "phrase": float(reason is not None and not line.date),
        "no words": float(not words),
        "date": float(line.date),
        "after blank": float(row.after_blank),
        "part": float(row.joint is not None),
    }


def _say_what_is_common(
    page: Sequence[Row], words: Sequence[list[str]], own: list[dict[str, float]]
) -> None:
    """Add what compares each paragraph with the whole page."""
    seen = Counter(row.line.key for row in page)
    common: Counter[str] = Counter()
    scripts: Counter[str] = Counter()
    indents: Counter[int] = Counter()
    for row, found, mine in zip(page, words, own, strict=True):
        if mine["solid"]:
            common.update(found)
            indents[row.indent] += len(found)
            for script in row.line.scripts:
                scripts[script] += len(found)
    function = {word for word, _ in common.most_common(_FUNCTION_WORDS)}
    # Japanese sentences have several scripts, as often as each other.
    main = {script for script, n in scripts.items() if n == max(scripts.values())}
    margin = indents.most_common(1)[0][0] if indents else 0
    linked = max((row.links for row in page), default=0.0) > 0
    for at, (row, found, mine) in enumerate(zip(page, words, own, strict=True)):
        mine["function words"] = sum(w in function for w in found) / len(found) if found else 0.0
        mine["known words"] = sum(w in common for w in found) / len(found) if found else 0.0
        mine["other script"] = float(
            bool(main) and bool(found) and main.isdisjoint(row.line.scripts)
        )
        mine["repeated"] = float(min(2, seen[row.line.key] - 1))
        mine["at the margin"] = float(row.indent == margin)
        mine["indented"] = max(-1.0, min(1.0, (row.indent - margin) / 8))
        mine["no links"] = float(linked and not row.links)
        below = page[at + 1] if at + 1 < len(page) else None
        mine["before blank"] = float(below is None or below.after_blank)


def _place(page: Sequence[Row], known: dict[str, Column]) -> None:
    """Add where each paragraph stands, and in or how far from the densest run of prose it is."""
    import numpy as np

    gain = [
        min(_MOST_WORDS, row.line.words) * (1 - row.links) if row.line.prose else -_GAP
        for row in page
    ]
    first, last = densest(gain)
    total = sum(g for g in gain if g > 0) or 1.0
    share = sum(g for g in gain[first : last + 1] if g > 0) / total
    prose = known["prose"]
    at = np.arange(len(page))
    known["place"] = at / len(page)
    known["in densest"] = ((first <= at) & (at <= last)).astype(float)
    known["in densest, prose"] = known["in densest"] * prose
    known["before densest"] = np.log1p(np.maximum(0, first - at)) / 3
    known["after densest"] = np.log1p(np.maximum(0, at - last)) / 3
    known["all prose"] = np.full(len(page), prose.mean())
    known["few lines"] = np.full(len(page), 1 / (1 + len(page) / 20))
    known["densest share"] = np.full(len(page), share)


def densest(gain: Sequence[float]) -> tuple[int, int]:
    """Return the first and last position of the run whose sum is greatest."""
    best, found, total, start = -math.inf, (0, 0), 0.0, 0
    for at, value in enumerate(gain):
        if total <= 0:
            total, start = 0.0, at
        total += value
        if total > best:
            best, found = total, (start, at)
    return found


def _smooth(known: dict[str, Column]) -> None:
    """Add how much solid prose, links, lists and consent there is near each paragraph."""
    import numpy as np

    for name in ("solid", "short", "consent", "phrase", "links"):
        values = (known["length"] < 2).astype(float) if name == "short" else known[name]
        for decay in _DECAYS if name in ("solid", "short") else (0.8,):
            before, after = _decayed(values, decay), _decayed(values[::-1], decay)[::-1]
            known[f"{name} before {decay}"] = before
            known[f"{name} after {decay}"] = after
            known[f"{name} around {decay}"] = np.minimum(before, after)


def _decayed(values: Column, decay: float) -> Column:
    """Return for each paragraph the sum of those before it, each worth less with every step."""
    import numpy as np

    total = accumulate(values[:-1].tolist(), lambda t, v: (t + v) * decay, initial=0.0)
    return np.array(list(total)) * ((1 - decay) / decay)


def _add_neighbours(known: dict[str, Column]) -> None:
    """Add what is known of the paragraphs before and after each, and features in combination."""
    import numpy as np

    for step, name in _STEPS:
        for key in _NEIGHBOURS:
            known[f"{name}: {key}"] = _shifted(known[key], step)
        known[f"{name}: none"] = 1 - _shifted(known["bias"], step)
    short = (known["length"] < 2.4) & (known["ends"] == 0)
    known["heading of prose"] = np.where(short, known["next: solid"], 0.0)
    known["between solid"] = known["previous: solid"] * known["next: solid"]
    known["list after colon"] = known["list"] * _shifted(known["colon"], -1)
    known["prose, solid around"] = known["prose"] * known["solid around 0.8"]
    known["prose, links"] = known["prose"] * known["links"]
    known["ends, all prose"] = known["ends"] * known["all prose"]


def _shifted(values: Column, step: int) -> Column:
    """Return for each paragraph the value of the one so many steps on; 0 where there is none."""
    import numpy as np

    found = np.zeros(len(values))
    if step < 0:
        found[-step:] = values[:step]
    else:
        found[:-step] = values[step:]
    return found


def _stems(text: str) -> list[str]:
    """Return the beginnings of the words, which endings leave as they are in most languages."""
    return [w[: _HANGUL_STEM if "가" <= w[0] <= "힣" else _STEM] for w in tokens(text)]


# Letters of a word that is compared without its endings.
_STEM, _HANGUL_STEM = 5, 2
# Features of a paragraph that also tell a headline.
_OF_TITLES = (
    *("bias", "length", "prose", "ends", "asks", "colon", "all capitals", "begins small"),
    *("digits", "bars", "list", "heading", "links", "date", "phrase", "repeated", "after blank"),
    *("before blank", "function words", "known words", "indented", "at the margin"),
    *("capital words", "quotes", "quoted", "address", "next: date", "next: solid", "next: prose"),
    *("previous: date", "previous: phrase", "next: phrase", "previous: list", "next: list"),
    *("next: length", "previous: length", "next but one: solid", "next but one: date"),
    *("solid after 0.8", "solid before 0.8", "solid after 0.5", "short before 0.8"),
    *("short after 0.8", "in densest", "other script", "part", "account", "consent"),
)
_BELOW_FIRST, _LEAD, _MOST_TITLE_WORDS = 3, 4, 40
# Lines between the names of the pages above a page and its headline, at most.
_BREADCRUMB_ABOVE = 8
# Signs that open a quotation, and so a headline.
_QUOTES = "\"'“”„‘’«»‹›「『¿¡("
# Characters of a line that may be found within another by more than chance.
_LEAST_WITHIN = 12


def _ends_another(page: Sequence[Row], at: int) -> bool:
    """Return whether a line a little above ends with the whole of this one, as the names of the
    pages above a page do ("Home News Rain in Porto")."""
    key = page[at].line.key
    before = (row.line.key for row in page[max(0, at - _BREADCRUMB_ABOVE) : at])
    return len(key) >= _LEAST_WITHIN and any(k.endswith(key) and k != key for k in before)


def title_features(
    page: Sequence[Row], known: dict[str, Column], scores: Sequence[float], limit: float
) -> dict[int, dict[str, float]]:
    """Return what is known of each paragraph that may be the headline, by its position."""
    kept = [at for at, score in enumerate(scores) if score > limit]
    solid = [at for at in kept if known["solid"][at]]
    # A notice may stand above, in prose.
    dense = [at for at in solid if known["in densest"][at]]
    first = (dense or solid or kept or [0])[0]
    words = {at: set(_stems(page[at].line.text)) for at in kept}
    body = Counter(word for found in words.values() for word in found)
    lead = set().union(*(words[at] for at in solid[:_LEAD]))
    above = "\n".join(row.line.key for row in page[: first + 1])
    function = {word for word, n in body.most_common(_FUNCTION_WORDS) if n > 1}
    found = {}
    columns = {name: known[name][: first + _BELOW_FIRST + 1].tolist() for name in _OF_TITLES}
    for at, row in enumerate(page[: first + _BELOW_FIRST + 1]):
        if not 1 <= row.line.words <= _MOST_TITLE_WORDS or known["no words"][at]:
            continue
        if row.line.reason == "breadcrumb":
            continue
        own = _stems(row.line.text)
        content = [word for word in own if word not in function]
        mine = {name: values[at] for name, values in columns.items()}
        share = sum(word in body for word in content) / max(1, len(content))
        key = row.line.key
        mine |= {
            "4 words": float(row.line.words >= 4),
            "6 words": float(row.line.words >= 6),
            "over 25 words": float(row.line.words > 25),
            "words of the body": share,
            "words of the body, 4 words": share * float(row.line.words >= 4),
            "words of the lead": sum(word in lead for word in own) / max(1, len(own)),
            "within another": float(len(key) >= _LEAST_WITHIN and above.count(key) > 1),
            "ends another": float(_ends_another(page, at)),
            "begins with a sign": float(not row.line.text.lstrip(_QUOTES)[:1].isalnum()),
            "above": float(at < first),
            "first": float(at == first),
            "far above": math.log1p(max(0, first - at)),
            "below": math.log1p(max(0, at - first)),
            "score": max(-5.0, min(5.0, scores[at])),
            "kept": 1 / (1 + math.exp(-max(-30.0, min(30.0, scores[at])))),
        }
        found[at] = mine
    return found
