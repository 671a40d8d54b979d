"""Tell the code page of bytes that are not Unicode by how well the text reads.

The bytes are decoded in every code page that may hold news (``_SINGLE``, ``_DOUBLE``). Each text is
scored by what its n-grams are worth in the language that it fits best
(``toolkit.languages.profiles``), less a price for what no text has: controls, letters of two
scripts in one word, capitals after small letters, drawings. Code pages that differ only in
characters that the text lacks are ties, and the first in the list is taken.

East Asian code pages are recognised by the share of characters that belong to the common half of
their standard; texts of other languages reach into the rare half at once.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from functools import lru_cache
from itertools import pairwise

from toolkit.readers import legacy_pages

# What a code page costs against windows-1252, in nats: the rarer, the more must speak for it.
_COMMON, _SELDOM, _RARE = 0.0, 4.0, 8.0
_PAGES = """
cp1252 cp1250 cp1251 cp1256 cp1254 cp1253 cp1257 cp1255 cp874 cp1258
iso8859-15 iso8859-1 iso8859-2 iso8859-9 iso8859-5 iso8859-7 iso8859-6 iso8859-8 iso8859-13 \
iso8859-4 iso8859-16 iso8859-3 iso8859-10 iso8859-14 koi8-r koi8-u
mac-roman cp850 cp437 cp866 cp852 cp857 cp737 cp869 cp862 cp720 cp775 cp855 cp858 cp860 cp861 \
cp863 cp865 cp1125 koi8-t kz1048 ptcp154 mac-cyrillic mac-latin2 mac-greek mac-turkish \
mac-iceland mac-croatian mac-romanian mac-arabic mac-farsi
"""
_SINGLE = {
    name: rarity
    for names, rarity in zip(_PAGES.strip().splitlines(), (_COMMON, _SELDOM, _RARE), strict=True)
    for name in names.split()
}
# Code page, the standard it extends, and the last lead byte of the standard's common half.
_DOUBLE = (
    ("gb18030", "gb2312", 0xD7),
    ("big5hkscs", "big5", 0xC6),
    ("cp932", "shift_jis", 0x98),
    ("euc_jp", "euc_jp", 0xCF),
    ("cp949", "euc_kr", 0xC8),
    ("johab", "euc_kr", 0xC8),
)
_JAPANESE = ("shift_jis", "euc_jp")
_KANA = re.compile("[\u3041-\u30fa]")
_MOST_KANA = 0.05
# Common in Cantonese, though in the rare half of Big5 or in its Hong Kong extension.
_CANTONESE = frozenset("佢哋嘅喺咗嘢啲唔嚟嗰咁冇乜咩喇攞睇諗嗌瞓咪")
_EAST_ASIAN = ("jpn_Jpan", "kor_Hang", "zho_Hans", "zho_Hant", "yue_Hant")
# Share of the characters beyond ASCII that are common in an East Asian text: right texts lie
# above .95, texts in the wrong code page below .85.
_COMMON_SHARE = 0.9
# Share of those next to an ASCII letter: Latin words with accents that look like lead bytes.
_MOST_BESIDE_LATIN = 0.3
# Bytes that tell all code pages apart roughly, and bytes that tell the best few exactly.
_GLANCE, _LOOK, _FINALISTS = 3_000, 20_000, 6
# A declared code page is taken unless another is better by more than this, in nats and as a share.
_DECLARED_LEAD, _DECLARED_SHARE = 20.0, 0.02

# Share of the bytes beyond ASCII that are spaces and signs in right Mac Arabic.
_MOST_TURNED = 0.4

# Prices in nats. An n-gram that fits its language is worth five to ten, a word cut in two twenty.
_IMPOSSIBLE, _ALONE, _ODD, _UNUSUAL = 30.0, 20.0, 12.0, 5.0
_PUNCTUATION = frozenset(
    "\u00a0\u00ad«»‹›“”„‟‘’‚‛–—―…•·°€£§©®™¡¿،؛؟٪״׳־№։՝՛՜՞।॥\u200c\u200d\u200e\u200f"
)
_QUOTES = frozenset("‹›“”„‘’‚")
_WITHIN_WORDS = frozenset("’·\u200c\u200d\u200e\u200f״׳־ʼ–—՛՜՞")
# A character between two letters that is neither a letter, a digit, a mark, nor usual there, and a
# letter in its place that no profile has.
_WRONG_SIGN = re.compile(
    r"(?<=[^\W\d_])[^\x00-\x7f\w\u0300-\u036f\u0591-\u05f4\u064b-\u0670\u0900-\u0dff\u0e31-\u0ecd\u055b-\u055e’·\u200c-\u200f–—]"
    # In small letters, the Turkish capital alone would pass for the word "i".
    r"(?=[^\W\d_])|(?<![^\W\d_])İ(?![^\W\d_])"
)
_NO_LETTER = "\ua66e"
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def tell(data: bytes, declared: str | None = None) -> str | None:
    """Return the text in ``data``, in the code page that it reads best in; None where in none.

    ``declared`` is the code page that the source names: it is doubted only where another reads
    clearly better.
    """
    glance = _excerpt(data, _GLANCE)
    if (text := _east_asian(data)) is not None:
        return text
    names = {**_SINGLE, **dict.fromkeys(legacy_pages.names(glance), _RARE)}
    declared = declared and (legacy_pages.known(declared) or declared)
    if declared and _known(declared):
        names = {declared: 0.0, **{n: p for n, p in names.items() if n != declared}}
    ranked = sorted(_scores(glance, names).items(), key=lambda item: -item[1])
    finalists = [name for name, _ in ranked[:_FINALISTS]]
    if declared in names and declared not in finalists:
        finalists.append(declared)
    scores = _scores(_excerpt(data, _LOOK), {n: names[n] for n in names if n in finalists})
    best = max(scores, key=lambda name: scores[name])
    if declared in scores:
        margin = max(_DECLARED_LEAD, _DECLARED_SHARE * abs(scores[declared]))
        if scores[best] - scores[declared] <= margin:
            best = declared
    if scores[best] <= 0:
        return None
    return _decoded(data, best)


def worth(text: str) -> float:
    """Return how well ``text`` reads in the language it fits best, in nats; more is better."""
    from toolkit.languages import profiles

    # A wrong sign within a word must not count as the boundary of two words.
    fit = profiles.fit(_WRONG_SIGN.sub(_NO_LETTER, text))
    return (max(fit.scores.values()) - min(_floors().values())) * fit.ngrams


def price(text: str) -> float:
    """Return what the unusual characters beyond ASCII in ``text`` cost, in nats."""
    text = f" {text} "
    places = (match.start() for match in _BEYOND_ASCII.finditer(text))
    found = Counter(text[at - 1 : at + 2] for at in places)
    return sum(times * _price(*context) for context, times in found.items())


def is_usual(text: str) -> bool:
    """Say whether all beyond ASCII in ``text`` are letters, marks, digits or usual signs."""
    return all(
        character < "\x80"
        or character in _PUNCTUATION
        or character in _WITHIN_WORDS
        or unicodedata.category(character)[0] in "LMN"
        for character in set(text)
    )


def _scores(data: bytes, names: dict[str, float]) -> dict[str, float]:
    scores: dict[str, float] = {}
    seen: dict[str, float] = {}
    for name, rarity in names.items():
        text = _decoded(data, name)
        if text not in seen:
            seen[text] = worth(text) - price(text) - _IMPOSSIBLE * _turned_ascii(data, text)
        scores[name] = seen[text] - rarity
    return scores


def _turned_ascii(data: bytes, text: str) -> int:
    """Return how many bytes beyond ASCII became ASCII, as Mac Arabic has spaces and signs; 0 where
    most became letters."""
    beyond = sum(map((0x7F).__lt__, data))
    turned = beyond - sum(c > "\x7f" for c in text)
    return turned if turned > _MOST_TURNED * beyond else 0


def _decoded(data: bytes, name: str) -> str:
    if legacy_pages.known(name):
        return legacy_pages.decode(data, name)
    return data.decode(name, "replace")


def _known(name: str) -> bool:
    if legacy_pages.known(name):
        return True
    try:
        return codecs.lookup(name)._is_text_encoding
    except (LookupError, ValueError):
        return False


@lru_cache(maxsize=1)
def _floors() -> dict[str, float]:
    """Return the log-probability of an n-gram that a language's profile lacks, by language."""
    from toolkit.languages import profiles

    return profiles.fit("").scores


@lru_cache(maxsize=100_000)
def _price(before: str, character: str, after: str) -> float:
    """Return the price of a character beyond ASCII between two others."""
    category = unicodedata.category(character)
    if character == "\ufffd" or category in ("Cc", "Cn", "Co", "Cs"):
        return _IMPOSSIBLE
    if category[0] == "L":
        return _letter_price(before, character, after)
    if category[0] == "M":
        return 0.0 if _script(character) in ("COMBINING", _script(before)) else _ALONE
    beside = before.isalpha() + after.isalpha()
    if character in _WITHIN_WORDS:
        return _UNUSUAL if character == "’" and beside == 2 else 0.0
    if category == "No" and before.isdigit():
        return 0.0
    if character in _PUNCTUATION:
        return _IMPOSSIBLE if beside == 2 else _misplaced(before, character, after)
    return _ODD + beside * _ODD


def _misplaced(before: str, sign: str, after: str) -> float:
    if sign == "°":
        return 0.0 if before.isdigit() or after in "CFNSEW" else _ODD
    return _ODD if sign in _QUOTES and before.isspace() and after.isspace() else 0.0


def _is_of_word(character: str) -> bool:
    return character.isalpha() or unicodedata.category(character)[0] == "M"


def _letter_price(before: str, letter: str, after: str) -> float:
    total = 0.0 if _is_of_word(before) or _is_of_word(after) else _ALONE
    for left, right in pairwise(c for c in (before, letter, after) if c.isalpha()):
        if _script(left) != _script(right):
            total += _IMPOSSIBLE
        elif left.islower() and right.isupper():
            total += _ALONE
    if letter.isupper() and before.isalpha() and after.islower():
        total += _ALONE
    if before.isdigit() or after.isdigit():
        total += _UNUSUAL
    return total


@lru_cache(maxsize=10_000)
def _script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]


def _excerpt(data: bytes, most: int) -> bytes:
    """Return the lines of ``data`` that are not ASCII, up to ``most`` bytes."""
    lines, size = [], 0
    for line in data.splitlines():
        if not line.isascii():
            lines.append(line[: most - size])
            size += len(line) + 1
            if size >= most:
                break
    return b"\n".join(lines)


def _east_asian(data: bytes) -> str | None:
    """Return the text in ``data`` if it is in an East Asian code page, else None."""
    from toolkit.languages import profiles

    floors = _floors()
    best, best_score = None, 0.0
    for name, standard, last in _DOUBLE:
        try:
            # A download may have been cut within a character.
            text = codecs.getincrementaldecoder(name)().decode(data)
        except UnicodeDecodeError:
            continue
        sample = text[:_LOOK]
        if not _is_common(sample, standard, last):
            continue
        # The kana are the same bytes in the Chinese and Korean standards, which do not use them.
        if standard not in _JAPANESE and len(_KANA.findall(sample)) > _MOST_KANA * len(sample):
            continue
        fit = profiles.fit(sample)
        score = max(fit.scores[c] - floors[c] for c in _EAST_ASIAN if c in fit.scores)
        if score > best_score:
            best, best_score = text, score
    return best


def _is_common(text: str, standard: str, last: int) -> bool:
    beyond = [c for c in text if c > "\x7f"]
    common = sum(
        times
        for character, times in Counter(beyond).items()
        if character in _CANTONESE or _lead(character, standard) <= last
    )
    beside = len(re.findall(r"[A-Za-z][^\x00-\x7f]|[^\x00-\x7f][A-Za-z]", text))
    return common >= _COMMON_SHARE * len(beyond) and beside <= _MOST_BESIDE_LATIN * len(beyond)


@lru_cache(maxsize=50_000)
def _lead(character: str, standard: str) -> int:
    """Return the first of a character's two bytes in ``standard``; 256 where it has no two."""
    encoded = character.encode(standard, "ignore")
    return encoded[0] if len(encoded) == 2 else 256
