"""Finds what is wrong with a translation, as far as it shows without reading it.

``check`` looks at one source and one hypothesis and returns flags. A false alarm teaches readers
to ignore warnings, so each check speaks only on evidence that good translations hardly ever
show; the thresholds were set on human translations, where a flag is an error of the check.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from operator import eq

from toolkit.data import Hypothesis
from toolkit.languages import ENGLISH, UNSPACED, script_of, scripts
from toolkit.translators.checks import lengths
from toolkit.translators.checks.figures import differences
from toolkit.translators.checks.names import names_differ
from toolkit.translators.checks.negation import polarity_differs
from toolkit.translators.checks.verbatim import ADDRESS, has_address, kept_differ, left_over

# Part of the signature of checked translations: raise it with every change of what is flagged.
CHECKS_VERSION = 10

EXPLANATIONS = {
    "empty": "Nothing was translated.",
    "copied": "The original was copied instead of translated, wholly or in part.",
    "unknown": "The translation has characters that the model could not write.",
    "script": "Words of the original were left in their own script.",
    "loop": "The translation repeats itself.",
    "cut_short": "The translation breaks off before its end.",
    "length": "The translation is much shorter or longer than the original suggests.",
    "untranslated": "A word of the original was left untranslated.",
    "meaning": "The translation may say something else than the original.",
    "negation": "The original says “not” and the translation does not, or the other way round.",
    "names": "A country, its people or its capital is not the same as in the original.",
    "units": "A currency or a unit is not the same as in the original.",
    "addresses": "An address, a hashtag or a piece of code is not the same as in the original.",
    "dates": "A date is not the same as in the original.",
    "numbers": "A number is not the same as in the original.",
    "low_score": "The model was unsure of this translation.",
}
# How bad each flag is for a reader; any other flag counts 1.
SEVERITY = {
    "empty": 32,
    "copied": 16,
    "unknown": 8,
    "script": 8,
    "loop": 8,
    "cut_short": 6,
    "length": 6,
    "untranslated": 4,
    "meaning": 6,
    "negation": 6,
    "names": 5,
    "units": 5,
    "addresses": 4,
    "dates": 4,
    "numbers": 4,
    "low_score": 1,
}
# Flags that another decoding may be free of.
RETRY = frozenset(SEVERITY) - {"low_score"}

# Mean log-probability per token below which a translation is a guess.
_LOW_SCORE = -1.5
# The same for a translation of few words: these vary more.
_LOW_SCORE_SHORT = -2.5
# Characters of a text that need not be a sentence.
_SHORT_TEXT = 30

_LETTER = re.compile(r"[^\W_]")
_UNKNOWN = re.compile("\ufffd|⁇|▁|</?s>|<unk>|<pad>|\\b[a-z]{3}_[A-Z][a-z]{3}\\b")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_NOT_LATIN = re.compile(
    r"[^\x00-\u036f\u1d00-\u1dbf\u1e00-\u1eff\u2000-\u2bff\u2c60-\u2c7f\ua720-\ua7ff]"
)
_EMPTY_PAIR = re.compile(r"\(\s*\)|\[\s*\]|«\s*»|“\s*”")
_STUTTER = re.compile(r"([^\W\d_])\1{15,}|([^\W\d_]{2,4}?)\2{5,}")
_SCATTERED = re.compile(r"([^\w\s]\s)\1{4,}")
# Units of the longest phrase that is looked for twice in a row.
_LONGEST_PHRASE = 12
# Letters of the shortest word that stutters.
_STUTTERED = 12
_EMPHASIS = re.compile(r"([^\s,،!、，]{2,24})[,،!、，]+\s*\1(?![^\s,،!.、，。])", re.IGNORECASE)
_CLOSED = re.compile(r"[.!?।॥۔؟。！？｡။។།༎።։]['\"”’»›）)」』\]*\u200d\u200e\u200f]*\s*$")
_FINISHED = re.compile(r"[.!?…:;।॥۔؟。！？။។།።։]['\"”’»›）)」』\]*]*\s*$")
_ELLIPSIS = re.compile(r"(?:\.\.\.|…)['\"”’»)]*\s*$")
# Part of the usual length below which a text without its full stop was cut off. On human pairs of
# news and of help pages .1 and .3 % are shorter, and .99 of those that lost their second half (at
# .8: .4 and .3 %, and 1.00).
_LEAST_OPEN = 0.75
# Characters at the end of a text that the following look at: more than their longest word.
_END = 20
# An English text does not end in these,
_DANGLING = re.compile(
    r"(?:\b(?:the|an?|and|or|but|of|than|that|which|whose|because|from|with|its|their|as)"
    r"|[,(\-–—])\s*$",
    re.IGNORECASE,
)
# a sentence that has lost its full stop has lost more if it ends in one of these,
_BROKEN_OFF = re.compile(
    r"\b(?:in|on|at|by|for|to|into|about|over|under|between|is|are|was|were|has|have|had|will|be"
    r"|not|who|when|where|if|his|her|our|this|these)\s*$",
    re.IGNORECASE,
)
# and a full stop does not follow these.
_LAST_WORD = re.compile(
    r"(?:\b(?:the|an?|and|or|than|whose|because|their|our|my|your)|[,–—])[.!?]$"
)
_NEVER_DOUBLED = frozenset({"the", "a", "an", "of", "and"})
_OPEN_END = re.compile(r"[,，،、;؛:(\-–—]\s*$")
_CONNECTIVES = frozenset({"and", "by", "to", "after", "or", "upon", "on"})
_ENGLISH = frozenset(
    ["the", "and", "of", "with", "is", "are", "was", "for", "that", "this", "from", "have", "has"]
)
# Paths and names of programs: "/etc/dconf", "org.gnome.shell", "a_b", "gnome-shell-extensions".
_CODE = re.compile(r"\S*\w?[/~_\\]\w\S*|[^\W\d]\w*(?:\.[^\W\d][\w-]*)+|\w+(?:-\w+){2,}")
_QUOTED = re.compile(r"[\"“«‘'][^\"”»’]{4,80}[\"”»’']")


def check(
    source: str,
    hypothesis: Hypothesis,
    *,
    source_language: str,
    target_language: str = ENGLISH,
) -> tuple[str, ...]:
    """Return the flags of ``hypothesis`` as a translation of ``source``: those that it came with,
    then those that are found here, the gravest first. ``EXPLANATIONS`` says what each means.

    A text in the target language already is not checked.
    """
    output = hypothesis.text
    given = hypothesis.flags
    if source_language == target_language or not _LETTER.search(source):
        return given
    if not _LETTER.search(output):
        return _merged(given, ["empty"])
    found = []
    if _copied(source, output, source_language, target_language):
        found.append("copied")
    elif source.strip() == output.strip():
        return given  # a name, or in the target language already
    found += _wording(source, output, source_language, target_language)
    found += _extent(source, output, source_language, target_language)
    if "copied" not in found:
        found += _content(source, output, source_language, target_language)
    if _unsure(hypothesis):
        found.append("low_score")
    return _merged(given, found)


def _extent(source: str, output: str, source_language: str, target_language: str) -> Iterator[str]:
    """Return the flags of an output that lost a part or has one too many. Addresses are as long
    in any language."""
    if has_address(source):
        plain, told = (ADDRESS.sub("", text).strip() for text in (source, output))
    else:
        plain, told = source, output
    usual = lengths.expected(plain, source_language, target_language)
    if _truncated(source, output, usual, target_language):
        yield "cut_short"
    if lengths.is_off(told, usual):
        yield "length"


def _content(source: str, output: str, source_language: str, target_language: str) -> Iterator[str]:
    """Return the flags of an output that says something else than its source."""
    if target_language == ENGLISH:
        if script_of(source_language) == "Latn" and left_over(source, output):
            yield "untranslated"
        if polarity_differs(source, output, source_language=source_language):
            yield "negation"
        places, amounts = names_differ(source, output, source_language=source_language)
        yield from ["names"] * places + ["units"] * amounts
    if kept_differ(source, output):
        yield "addresses"
    numbers, dates = differences(
        source, output, source_language=source_language, target_language=target_language
    )
    yield from ["dates"] * dates + ["numbers"] * numbers


def _wording(source: str, output: str, source_language: str, target_language: str) -> Iterator[str]:
    """Return the flags of an output by its characters and words alone."""
    if any(mark not in source or mark == "\ufffd" for mark in _UNKNOWN.findall(output)):
        yield "unknown"
    if _foreign_script(source, output, source_language, target_language):
        yield "script"
    if _repeats(output, target_language) and not _repeats(source, source_language, lenient=True):
        yield "loop"


def _unsure(hypothesis: Hypothesis) -> bool:
    """Return whether the model gave its output a low probability; short ones vary more."""
    if hypothesis.score is None:
        return False
    short = hypothesis.text.count(" ") < 4
    return hypothesis.score < (_LOW_SCORE_SHORT if short else _LOW_SCORE)


def _merged(given: tuple[str, ...], found: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*given, *found)))


def _copied(source: str, output: str, source_language: str, target_language: str) -> bool:
    """Return whether the output is the source, or has several words of it in a row that are no
    name."""
    same = source.strip() == output.strip()
    if script_of(source_language) != "Latn":
        letters = scripts.count(source) if same else {}
        return sum(letters.values()) > 2 * letters.get("Latn", 0)
    words = _WORD.findall(ADDRESS.sub(" ", source))
    if target_language == ENGLISH and len(_ENGLISH.intersection(words)) > 1:
        return False  # the original was English
    if same:
        return len(words) > 2 and sum(word[0].islower() for word in words) > 1
    return _share_a_phrase(words, _WORD.findall(ADDRESS.sub(" ", output)), output)


def _share_a_phrase(source: list[str], translated: list[str], output: str) -> bool:
    """Return whether both have words in a row that two languages do not share by chance; those
    in quotation marks, which may be titles, and those of code are left out."""
    pairs = set(pairwise(source))
    stretch: list[str] = []
    shared = False
    for one, other in [*pairwise(translated), ("", "")]:
        if (one, other) in pairs:
            stretch.extend([other] if stretch else [one, other])
            continue
        low = [word for word in stretch if word[0].islower()]
        long = sum(len(word) > 3 for word in low)
        shared |= long > 2 or (long == 2 and len(low) > 3)
        stretch = []
    if shared and (quoted := _QUOTED.findall(output) + _CODE.findall(output)):
        return _share_a_phrase(source, _WORD.findall(_without(output, quoted)), "")
    return shared


def _without(text: str, parts: list[str]) -> str:
    for part in parts:
        text = text.replace(part, " | ")
    return text


def _foreign_script(source: str, output: str, source_language: str, target_language: str) -> bool:
    """Return whether the output has letters that its language is not written with. Latin letters
    are at home everywhere, and a foreign word of the source may be quoted."""
    if script_of(target_language) == "Latn" and not _NOT_LATIN.search(output):
        return False
    home = scripts.written_with(script_of(target_language)) | {"Latn", scripts.UNKNOWN}
    theirs = scripts.written_with(script_of(source_language)) - home
    strange = [c for c in output if (s := scripts.letter_script(c)) and s not in home]
    left = [c for c in strange if scripts.letter_script(c) in theirs or c not in source]
    # One letter may be a symbol ("π"); one character of Chinese is a word.
    return len(left) > 1 or any(scripts.letter_script(c) in ("Hani", "Hira", "Kana") for c in left)


def _repeats(text: str, language: str, *, lenient: bool = False) -> bool:
    """Return whether a text says something over and over. ``lenient`` asks whether it repeats
    itself at all, as a chant or a song does: then its translation may, too."""
    if _EMPTY_PAIR.search(text) or _SCATTERED.search(text):
        return True
    if lenient and _EMPHASIS.search(text):
        return True
    unspaced = script_of(language) in UNSPACED
    words = text.lower().split()
    if any(len(word) >= _STUTTERED and _STUTTER.search(word) for word in words):
        return True
    if unspaced:
        units = [c for c in text if c.isalpha()]
    else:
        units = [unit for word in words if (unit := word.strip(".,;:!?\"'“”‘’()«»।،-–—|>"))]
    if len(units) < 4:
        return False
    least = 3 if unspaced else 2
    longest = _LONGEST_PHRASE if _has_a_pair_twice(units) else 1
    if _consecutive(units, least, longest, lenient=lenient):
        return True
    if unspaced or lenient or longest == 1 or len(units) < 10:
        return False
    if len(units) >= 16 and len(set(units)) < 0.4 * len(units):
        return True
    grams = Counter(zip(units, units[1:], units[2:], units[3:], strict=False))
    most = max(grams.values())
    return most > 2 and 4 * most > 0.2 * len(units)


def _has_a_pair_twice(units: list[str]) -> bool:
    """Return whether any two units in a row stand there again, as in every repeated phrase."""
    return len(set(pairwise(units))) < len(units) - 1


def _consecutive(units: list[str], least: int, longest: int, *, lenient: bool) -> bool:
    """Return whether units repeat at once: one of them four times, a phrase of two to ``longest``
    ``least`` times."""
    if len(set(units)) == len(units):
        return False
    for size in range(1, longest + 1):
        times = (3 if lenient else 4) if size == 1 else least
        enough = 1 if size == 1 else (times - 1) * size
        if sum(map(eq, units, units[size:])) < enough:
            continue
        run = 0
        for index in range(size, len(units)):
            run = run + 1 if units[index] == units[index - size] else 0
            if size == 1 and run and units[index] in _NEVER_DOUBLED:
                return True
            if run >= (times - 1) * size and not _idiom(units, index, size):
                return True
    return False


def _idiom(units: list[str], index: int, size: int) -> bool:
    """Return whether two units that alternate up to ``index`` are no more than "over and over and
    over", or a word said twice as often ("no, no, no, no")."""
    if size != 2:
        return False
    one, other = units[index - 1 : index + 1]
    if one == other:
        return True
    stretch = units[max(index - 4, 0) : index + 2]
    return any(
        link in _CONNECTIVES and stretch.count(word) == 3 and stretch.count(link) == 2
        for word, link in ((one, other), (other, one))
    )


def _truncated(source: str, output: str, usual: float, target_language: str) -> bool:
    """Return whether a text that should end in a full stop, or at least with a whole phrase, does
    not."""
    if output.count("(") > output.count(")") and source.count("(") + source.count("（") <= (
        source.count(")") + source.count("）")
    ):
        return True
    if not _CLOSED.search(source):
        dangling = target_language == ENGLISH and _DANGLING.search(_end_of(output))
        return bool(dangling) and not _OPEN_END.search(source)
    if _ELLIPSIS.search(output):
        return not _ELLIPSIS.search(source)
    if _FINISHED.search(output):
        return target_language == ENGLISH and bool(_LAST_WORD.search(output[-_END:]))
    if usual < _SHORT_TEXT:
        return False  # a title or a label
    if len(output) < _LEAST_OPEN * usual:
        return True
    english = target_language == ENGLISH
    end = _end_of(output)
    return english and bool(_DANGLING.search(end) or _BROKEN_OFF.search(end))


def _end_of(output: str) -> str:
    """Return the last word of a text and some of what stands before it."""
    return output.rstrip()[-_END:]
