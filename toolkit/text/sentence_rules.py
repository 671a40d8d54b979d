"""What depends on the language in segmentation, read from its JSON file.

There is one file for each ISO 639-3 code in ``abbreviations/``, ``und.json`` for all, and
``cldr.json``, made by ``tools/build_abbreviations.py``, with the names of days and months by code:

    never         abbreviations that do not end a sentence ("Dr", "e.g")
    may_end       abbreviations that do before one of ``starters`` ("Inc", "p.m"), or, without
                  these, before whatever is no small letter
    months        short names of months, which bind to a day or year after them ("févr")
    month_stems   the first three letters of months
    days          short names of weekdays, which bind to a date after them ("mar. 23 nov.")
    with_number   abbreviations that bind to a number after them ("No", "p")
    after_number  units that end a sentence before a capital letter ("г" in "2019 г.")
    degrees       abbreviations that end a sentence before any capital letter ("Ph.D")
    openings      words after which there is no sentence up to a time of day ("At" 5 a.m.)
    initials      names of letters, for languages that spell initials out ("એમ")
    word_initials those of ``initials`` that are words too ("آئی"): initials beside another only
    said          verbs that carry on a sentence after a quotation ("!" बोले), in scripts of one case
    starters      words that open a sentence more often than they continue a name
    ordinals      true where "3." means "third"
    stops         marks that end a sentence in this language only (Greek ";")
    colon         true where the full stop is another mark, and "." then a colon (Armenian)
    finals        last syllables of sentences, where the mark alone tells too little (Tibetan)
    after_space   openings of sentences where none is marked (Thai, Lao)

An entry in lower case also matches its capitalised form; one with a capital is matched as it is.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

# Unicode's Sentence_Terminal characters, less those with other everyday uses (. ! ? and shads).
_FULL_STOPS = "।॥۔؟؞܀܁܂߹።፧፨။។៕᙮᠃᠉᱾᱿꓿꘎꘏꛳꛷꡶꡷꣎꣏꤯꧈꧉꩝꩞꩟꫰꫱꯫᪨᪩᪪᪫᭚᭛᭞᭟᰻᰼։。！？｡．‼‽⁇⁈⁉⸮"
_SOFT_STOPS = ".!?…‥"
SHADS = "།༎༏༐༑༔"
_CLOSERS = "\"'`”’»›«“)]}」』）】》〉〕］｝*_"

_FOOTNOTE = r"[ \u00a0]?\[\d{1,3}(?:[,–-] ?\d{1,3})*\]"
_SPACED_DOTS = r"\.(?:[ \u00a0]\.){2,}"
_SPACED_RUN = rf"[!?][ \u00a0]?(?:\.{{2,}}|…|{_SPACED_DOTS})|{_SPACED_DOTS}|[!?](?:[ \u00a0][!?])+"


@dataclass(frozen=True, slots=True)
class Rules:
    """What depends on the language, ready to look things up in."""

    stop: re.Pattern[str]
    never: frozenset[str]
    may_end: frozenset[str]
    with_number: frozenset[str]
    months: frozenset[str]
    month_stems: frozenset[str]
    days: frozenset[str]
    said: frozenset[str]
    degrees: frozenset[str]
    openings: frozenset[str]
    after_number: frozenset[str]
    initials: frozenset[str]
    word_initials: frozenset[str]
    starters: frozenset[str]
    finals: frozenset[str]
    ordinals: bool
    colon: re.Pattern[str] | None
    after_space: re.Pattern[str] | None


@lru_cache(maxsize=256)
def load_rules(code: str) -> Rules:
    """Return what segmentation needs to know of a language, by its ISO 639-3 ``code``."""
    folder = resources.files("toolkit.text") / "abbreviations"
    found: dict[str, list[str]] = {}
    ordinals = colon = False
    for name in ("und", code):
        path = folder / f"{name}.json"
        if path.is_file():
            data = json.loads(path.read_text(encoding="utf-8"))
            ordinals = bool(data.pop("ordinals", ordinals))
            colon = bool(data.pop("colon", colon))
            for key, entries in data.items():
                found.setdefault(key, []).extend(entries)
    for key, entries in _cldr().get(code, {}).items():
        found.setdefault(key, []).extend(entries)

    def words(key: str) -> frozenset[str]:
        return frozenset(found.get(key, ()))

    openings = "|".join(map(re.escape, found.get("after_space", ())))
    return Rules(
        stop=_stop_pattern(tuple(found.get("stops", ()))),
        never=words("never"),
        may_end=words("may_end"),
        with_number=words("with_number"),
        months=words("months"),
        month_stems=words("month_stems"),
        days=words("days"),
        said=words("said"),
        degrees=words("degrees"),
        openings=words("openings"),
        after_number=words("after_number"),
        initials=words("initials"),
        word_initials=words("word_initials"),
        starters=words("starters"),
        finals=words("finals"),
        ordinals=ordinals,
        colon=re.compile(r"[։:](?:\s|$)") if colon else None,
        after_space=re.compile(rf"(?<=\S)\s+(?=(?:{openings}))") if openings else None,
    )


@lru_cache(maxsize=1)
def _cldr() -> dict[str, dict[str, list[str]]]:
    path = resources.files("toolkit.text") / "abbreviations" / "cldr.json"
    tables: dict[str, dict[str, list[str]]] = json.loads(path.read_text(encoding="utf-8"))
    return tables


def _stop_pattern(extra: tuple[str, ...]) -> re.Pattern[str]:
    """Return a run of marks, what closes with it (also after a no-break space, as in French, and
    footnote numbers such as [12]), and the white space that belongs to the sentence before."""
    marks = "|".join(
        [_SPACED_RUN, *map(re.escape, extra), f"[{_FULL_STOPS}{re.escape(_SOFT_STOPS)}]"]
    )
    return re.compile(
        rf"(?:(?P<shads>[{SHADS}](?:\s?[{SHADS}])*)|(?P<marks>(?:{marks})+))"
        rf"(?P<closers>(?:[\u00a0\u202f ]?[»›](?!\w)|[{re.escape(_CLOSERS)}]|{_FOOTNOTE})*)"
        r"(?P<space>\s*)"
    )


def shad_ends(block: str, match: re.Match[str], rules: Rules) -> bool:
    """Return whether shads end a sentence; a single one, which also ends clauses and list items,
    needs a closing syllable before it."""
    shads = [char for char in match["shads"] if char in SHADS]
    if len(shads) > 1 or shads[0] == "༎":
        return True
    syllable = re.split(r"[་\s]", block[max(0, match.start() - 12) : match.start()].rstrip("་"))[-1]
    return syllable in rules.finals
