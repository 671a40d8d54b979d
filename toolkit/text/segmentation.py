"""Sentences of a paragraph, in every script, without losing a character.

The rules look at each mark that may end a sentence, at what stands before it (an abbreviation,
an initial, a number), at what follows (a lower-case letter, a comma) and at whether it lies
inside brackets or a short quotation. What depends on the language is in ``sentence_rules.py``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from toolkit.languages import iso639_3_of
from toolkit.text import list_items
from toolkit.text.enclosures import OPENERS, enclosed, is_said
from toolkit.text.sentence_rules import Rules, load_rules, shad_ends

# Marks that also stand after abbreviations, initials and numbers.
_PERIODS = frozenset(".۔．")
_CONTINUERS = frozenset(",;:،؛、，；：)]}）】」』")
_NEWLINES = r"\n\r\v\f\x1c-\x1e\x85\u2028\u2029"

_BLOCK = re.compile(rf"\s*[^{_NEWLINES}]*\s*")
_WORD = re.compile(r"\w")
_LETTERS = re.compile(r"[^\W\d_]+")
_TOKEN = re.compile(
    r"(?:(?P<previous>[^\s.۔]{1,5}[.۔])[ \u00a0\u202f])?"
    r"(?P<word>(?:[^\s()\"“”„«»‘/]|(?<=[א-ת])\"(?=[א-ת]))+)$"
)
_NUMBER = re.compile(r"[+-]?\d+(?:[.,:/]\d+)*")
_ELISION = re.compile(r"^[^\W\d_]{1,6}['’](?=[^\W\d_]{2})")
_NEXT_INITIAL = re.compile(r"(?P<word>[^\s.۔]{1,8})[.۔]")
_DAY = re.compile(r"\d\.?\s*$")
# What is no sentence before a unit: "В 2010–2012 гг. Иванов работал там".
_COUNT_ALONE = re.compile(r"\W{0,3}(?:[^\W\d_]{1,4}\s+){0,2}[\d–—-]+\s*")
# A date after a weekday, with its month as a number or by its first three letters.
_DATE_AFTER = re.compile(r"\d{1,2}(?:[./-]\s?\d|\.?\s(?:de\s|d['’])?(?P<month>[^\W\d_]{3}))")
# After the day of a report comes who sent it: "5 mar. (ANSA) -".
_DATELINE = re.compile("[(—–-]")
_YEAR = re.compile(r"\d{4}(?!\d)")
_ROMAN_NUMBER = re.compile(r"[IVXLC]+(?!\w)")
_ACRONYM = re.compile(r"(?:[^\W\d_]\.-?)*[^\W\d_]")
_ROMAN = re.compile(r"[IVXLC]{2,}")
_LIST_MARKER = re.compile(r"[\W_]*(?:\d{1,3}(?:\.\d{1,2})*|[^\W\d_]|[ivx]{1,4})")
# "Capítulo 1." and its kin, before the heading itself.
_HEADING = re.compile(r"[^\W\d_]{3,12} (?:\d{1,3}(?:\.\d{1,3})*|[IVXLC]{1,5})")
_HIRAGANA = re.compile(r"[ぁ-ゖ]")
# Unicode's combining class of the signs that join a consonant to the next.
_VIRAMA = 9
# Letters of scripts that write a syllable or a word with one character: no initials.
_SYLLABIC = re.compile(r"[\u1100-\u11ff\u1200-\u139f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_ELLIPSIS = re.compile(r"(?:\.{2,}|\.(?: \.){2,}|…)\s*")
# A particle before another word: what ends in ！ or ？ was a name (アイカツ！の新作).
_PARTICLE = re.compile(r"[のがをはにへもとで][\u30a1-\u30ff\u3400-\u9fff、]|という")
# The source of a quotation, which belongs to its sentence: "..." (Smith 55).
_REFERENCE = re.compile(r"\([^()]{1,80}\)[.!?։]")
# A small word and a capitalised one on both sides of a mark: the space was forgotten.
_WORD_BEFORE = re.compile(r"(?:^|[\s\"'“‘(«$€£-])(?P<word>[^\W\d_]{3,}|\d[\d,]*\d{2})$")
_WORD_AFTER = re.compile(r"[\"“«]?(?!(?:Com|Net|Org)\b)(?P<word>[^\W\d_]+)(?P<end>[\s,;:'’.])")
# An abugida or abjad word of some length on both sides of a full stop: the space was forgotten.
_INDIC_OR_ARABIC = r"\u0590-\u07ff\u0900-\u0dff"
_FORGOTTEN_BEFORE = re.compile(rf"(?:^|[\s\"'“‘(])[{_INDIC_OR_ARABIC}]{{4,}}$")
_FORGOTTEN_AFTER = re.compile(rf"[\"“‘(]?[{_INDIC_OR_ARABIC}]{{2,}}[^.]")
# A Korean sentence ends in few syllables.
_KOREAN_BEFORE = re.compile(r"[가-힣](?:다|요|죠|까)$")
_KOREAN_AFTER = re.compile('["“‘(]?[가-힣]{2}')

# Where nothing but a space and the next word tells the end (Thai), a sentence is this long.
_MIN_UNMARKED = 40
_LOOK_BACK = 40
# How many characters an adverbial of time before the subject has at most.
_MOST_OPENING = 40
_LOOK_AHEAD = 8


def segment(text: str, language: str) -> list[str]:
    """Return the sentences of ``text``; joined, they are ``text`` again, character for character.

    White space after a sentence stays with it; a line break always ends one. ``language`` is a
    FLORES-200 code; for one without data the rules that hold everywhere are used. Empty text
    gives an empty list.

    >>> segment("Dr. Rao arrived at 8.30 a.m. today. He left at noon.", "eng_Latn")
    ['Dr. Rao arrived at 8.30 a.m. today. ', 'He left at noon.']
    >>> segment("पुल खुल गया। लोग खुश हैं।", "hin_Deva")
    ['पुल खुल गया। ', 'लोग खुश हैं।']
    """
    rules = load_rules(iso639_3_of(language))
    found: list[str] = []
    position = 0
    while position < len(text):
        match = _BLOCK.match(text, position)
        assert match is not None
        block = match.group()
        start = 0
        for end in _ends(block, rules):
            found.append(block[start:end])
            start = end
        found.append(block[start:])
        position = match.end()
    return found


def sentences(text: str, language: str) -> list[str]:
    """Return the sentences of ``text`` without the white space around them; blank ones left out."""
    return [sentence.strip() for sentence in segment(text, language) if sentence.strip()]


def _ends(block: str, rules: Rules) -> Iterator[int]:
    """Return where the sentences of a block end, its own end left out. None of them is without a
    letter or digit: stray marks stay with what is before them, or after them at the start."""
    candidates = _candidates(block, rules)
    if not candidates:
        return
    last_word = max((m.start() for m in _WORD.finditer(block)), default=-1)
    quiet = enclosed(block)
    uniform = not any(char.isupper() for char in block)
    start = 0
    first_word = -1
    for end, match in candidates:
        if end > last_word:
            return
        if first_word < start:
            found = _WORD.search(block, start)
            assert found is not None
            first_word = found.start()
        if end <= first_word:
            continue
        if match is not None and match.re is list_items.NEXT_ITEM:
            splits = list_items.follows(block, start, match)
        elif match is None:
            splits = end - start >= _MIN_UNMARKED and not quiet[end - 1]
        elif quiet[match.end("closers") - 1]:
            splits = False
        else:
            splits = _is_end(block, start, match, rules, uniform)
        if splits:
            yield end
            start = end


def _candidates(block: str, rules: Rules) -> list[tuple[int, re.Match[str] | None]]:
    """Return the marks of a block by the position after them; None for a space that may be an
    end."""
    found: dict[int, re.Match[str] | None] = {}
    if rules.after_space is not None:
        found.update((m.end(), None) for m in rules.after_space.finditer(block))
    dots = rules.colon is None or rules.colon.search(block) is None
    found.update((m.end(), m) for m in rules.stop.finditer(block) if dots or m["marks"] != ".")
    items = [(m.start(), m) for m in list_items.NEXT_ITEM.finditer(block)]
    return sorted([*items, *found.items()], key=lambda item: item[0])


def _is_end(block: str, start: int, match: re.Match[str], rules: Rules, uniform: bool) -> bool:
    """Return whether a sentence that began at ``start`` ends with the marks of ``match``.
    ``uniform`` tells that the block has no capital letter, so that a small one says nothing."""
    at, following = _following(block, match.end())
    if following in _CONTINUERS:
        return False
    if match["shads"] is not None:
        return shad_ends(block, match, rules)
    marks, before = match["marks"], block[match.start() - 1 : match.start()]
    spaced, closed = bool(match["space"]), bool(match["closers"])
    if not spaced and before.isdigit() and following.isdigit():
        return False
    if closed and (_REFERENCE.match(block, match.end()) or is_said(block, at, rules.said)):
        return False
    soft = marks[-1].isascii() or marks[-1] in "…‥"
    if soft and not spaced and (closed or not _space_forgotten(block, match, rules)):
        return False
    if match["closers"] == ")" and spaced and _LIST_MARKER.fullmatch(block, start, match.start()):
        return False
    if marks in _PERIODS and not closed and _binds(block, start, match, rules, at):
        return False
    if soft:
        return not spaced or _soft_stop_ends(block, before, marks, at, uniform)
    return spaced or _full_stop_ends(block, match, following)


def _soft_stop_ends(block: str, before: str, marks: str, at: int, uniform: bool) -> bool:
    """Return whether a mark that a space follows ends a sentence, by the character ``at`` after
    it."""
    following = block[at : at + 1]
    if marks.endswith(("…", "‥", "..", " .", "\u00a0.")):
        return following.isupper()
    if _is_lower(following) and not uniform and not _is_caseless(before):
        return block[at + 1 : at + 2].isupper()  # iPhone
    return True


def _full_stop_ends(block: str, match: re.Match[str], following: str) -> bool:
    """Return whether a mark that nothing but a full stop can be ends a sentence with no space after
    it."""
    # Japanese carries on after a quotation with a particle; in Khmer abbreviations and in
    # verse numbers the mark stands on either side of one letter or number.
    if match["closers"] and _HIRAGANA.match(following):
        return False
    if match["marks"] in {"！", "？"} and _PARTICLE.match(block, match.end()):
        return False
    return block[match.end() + 1 : match.end() + 2] not in match["marks"]


def _following(block: str, position: int) -> tuple[int, str]:
    """Return the first character at or after ``position`` that opens nothing, and where it is."""
    if (ellipsis := _ELLIPSIS.match(block, position)) is not None:
        position = ellipsis.end()
    for at in range(position, min(position + _LOOK_AHEAD, len(block))):
        if block[at] not in OPENERS and not block[at].isspace():
            return at, block[at]
    return position, block[position : position + 1]


def _binds(block: str, start: int, match: re.Match[str], rules: Rules, at: int) -> bool:
    """Return whether a period belongs to the abbreviation, initial or number before it."""
    stop = match.start()
    stop -= block[stop - 1 : stop] == " "  # "Mr . Smith", as tokenisers write
    if match["space"] and _LIST_MARKER.fullmatch(block, start, stop):
        return True
    if match["space"] and _HEADING.fullmatch(block, start, stop) and block[start].isupper():
        return True
    token = _TOKEN.search(block, max(start, stop - _LOOK_BACK), stop)
    if token is None:
        return False
    word = token["word"]
    elided = _ELISION.match(word)  # l'art. 5
    last = word[elided.end() :] if elided else word.rpartition("-")[2]
    pair = (token["previous"] or "") + word
    if pair != word and _listed(pair, rules.may_end):  # и т. д.
        return _continues(block, at, pair, rules)
    if any(_listed(form, rules.never) for form in (pair, word, last)):
        return True
    if _listed(last, rules.degrees):
        return not block[at].isupper()
    begin = token.start("word")
    bound = _binds_in_date(block, start, match, rules, at, last, begin)
    if bound is None and _listed(last, rules.with_number):
        return block[at].isdigit() or _is_roman(block, at, rules)
    if bound is None and len(last) == 1 and last.islower() and _counted(block, start, begin):
        return not block[at].isupper()  # a unit, no initial: "20 h. Entrée"
    return _may_bind(block, start, token, at, rules) if bound is None else bound


def _binds_in_date(
    block: str, start: int, match: re.Match[str], rules: Rules, at: int, last: str, begin: int
) -> bool | None:
    """Return whether a period belongs to ``last``, the unit of a number, a weekday or a month,
    which begins at ``begin``; None where it is none of these, or its neighbours tell nothing."""
    if _listed(last, rules.after_number):
        only = _COUNT_ALONE.fullmatch(block, start, begin)
        return not _counted(block, start, begin) or only is not None or not block[at].isupper()
    if _listed(last, rules.days) and (date := _DATE_AFTER.match(block, at)) is not None:
        return date["month"] is None or date["month"].lower() in rules.month_stems
    if _listed(last, rules.months):
        if block[at].isdigit():
            return _is_date(block, start, begin, at)
        if _DATELINE.match(block, match.end()):
            return _counted(block, start, begin)
    return None


def _may_bind(block: str, start: int, token: re.Match[str], at: int, rules: Rules) -> bool:
    """Return whether a period belongs to an initial, a number, or a word that may end a sentence
    too."""
    begin = token.start("word")
    word = _ELISION.sub("", token["word"], count=1)
    if rules.initials and all(part in rules.initials for part in re.split("[.۔]", word)):
        alone = word in rules.word_initials and begin > start
        return not alone or _beside_initial(block, token["previous"], at, rules)
    if _listed(word, rules.may_end):
        if _opens_with_time(block, start, begin, rules) and _word_at(block, at) in rules.never:
            return True
        return _continues(block, at, word, rules)
    if block[begin - 1 : begin] == "/":  # 100 km/h
        return False
    numbered = (token["previous"] or "")[:-1]
    if _NUMBER.fullmatch(word) and _listed(numbered, rules.with_number):  # "kl. 14." is no ordinal
        return False
    return _is_short(word, rules, opens=_opens_sentence(block, at, rules))


def _beside_initial(block: str, previous: str | None, at: int, rules: Rules) -> bool:
    """Return whether another initial stands before a letter name, or after it, ``at``."""
    following = _NEXT_INITIAL.match(block, at)
    return (previous or "")[:-1] in rules.initials or (
        following is not None and following["word"] in rules.initials
    )


def _opens_with_time(block: str, start: int, end: int, rules: Rules) -> bool:
    """Return whether the part from ``start`` to ``end`` is too short for more than a time."""
    return end - start <= _MOST_OPENING and _word_at(block, start) in rules.openings


def _word_at(block: str, at: int) -> str:
    word = _LETTERS.match(block, at)
    return word.group() if word else ""


def _continues(block: str, at: int, word: str, rules: Rules) -> bool:
    """Return whether a sentence goes on, ``at``, after an abbreviation that may end one."""
    if rules.starters or word.isupper():  # EE.UU. Biden
        return not _opens_sentence(block, at, rules)
    return _is_lower(block[at]) or block[at].isdigit()


def _is_date(block: str, start: int, month: int, at: int) -> bool:
    """Return whether a short name of a month belongs to the number ``at`` after it: some are
    words too ("mar" is the sea), and a day before it, a year after it or a capital tells."""
    day_before = _DAY.search(block[max(start, month - 4) : month])
    year = _YEAR.match(block, at)
    return bool(day_before or year or block[month].isupper() or block[month + 3 : month + 4] != ".")


def _is_roman(block: str, at: int, rules: Rules) -> bool:
    number = _ROMAN_NUMBER.match(block, at)
    return number is not None and number.group() not in {*"LC", *rules.starters}


def _is_short(word: str, rules: Rules, *, opens: bool) -> bool:
    """Return whether a word is an ordinal, an initial or an acronym; ``opens`` tells that the next
    word opens a sentence more often than not."""
    if _NUMBER.fullmatch(word):
        return rules.ordinals and len(word) <= 2 and not opens
    if rules.ordinals and _ROMAN.fullmatch(word):
        return True
    if _is_dotted_acronym(word):
        return not opens
    return bool(_ACRONYM.fullmatch(word)) and not opens and not _SYLLABIC.match(word)


def _is_dotted_acronym(word: str) -> bool:
    """Return whether a word is made of single letters with stops between them, each with the
    vowel signs and joined consonants that belong to it (தி.மு.க, भा.ज.पा, ኢ.ፌ.ዴ.ሪ)."""
    letters = word.split(".")
    return len(letters) > 1 and all(_is_one_syllable(part) for part in letters)


def _is_one_syllable(part: str) -> bool:
    joined = False  # by a virama, which hides the vowel of the letter before it
    letters = 0
    for char in part:
        category = unicodedata.category(char)
        if category == "Lo":
            letters += not joined
            joined = False
        elif category[0] == "M":
            joined = joined or unicodedata.combining(char) == _VIRAMA
        elif category != "Cf":
            return False
    return letters == 1


def _opens_sentence(block: str, at: int, rules: Rules) -> bool:
    word = _LETTERS.match(block, at)
    if word is None or word.group() not in rules.starters:
        return False
    return len(word.group()) > 1 or block[word.end() : word.end() + 1] != "."  # U. A. E.


def _counted(block: str, start: int, at: int) -> bool:
    """Return whether a number stands right before the word ``at``."""
    return re.search(r"\d\s*$", block[max(start, at - 3) : at]) is not None


def _listed(word: str, words: frozenset[str]) -> bool:
    # A single capital is an initial, not "p." for a page at the start of a sentence.
    return word in words or (len(word) > 1 and word.lower() in words)


def _space_forgotten(block: str, match: re.Match[str], rules: Rules) -> bool:
    """Return whether the words on both sides of a mark without a space are words of sentences,
    not parts of a name, a number or an address."""
    stop, end = match.start(), match.end()
    head = block[max(0, stop - _LOOK_BACK) : stop]
    if match["marks"] == "." and _KOREAN_BEFORE.search(head):
        return _KOREAN_AFTER.match(block, end) is not None
    if match["marks"] == "." and _FORGOTTEN_BEFORE.search(head):
        return _FORGOTTEN_AFTER.match(block, end) is not None
    if match["marks"] not in {".", "!", "?"}:
        return False
    before, after = _WORD_BEFORE.search(head), _WORD_AFTER.match(block, end)
    if before is None or after is None:
        return False
    if after["end"] == "." and not _listed(after["word"], rules.never):
        return False
    opens = after["word"].istitle() or _ROMAN.fullmatch(after["word"]) is not None
    return opens and (before["word"] == before["word"].lower() or after["end"] == ".")


def _is_lower(char: str) -> bool:
    """Return whether a letter is small, in a script with two cases (Unicode calls Georgian so)."""
    return char.islower() and not "ა" <= char <= "ჿ"


def _is_caseless(char: str) -> bool:
    return (
        not _is_lower(char) and not char.isupper() and unicodedata.category(char or " ")[0] in "LM"
    )
