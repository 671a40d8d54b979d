"""Takes from a title what is not its news: the site's name, tags of agencies, hashtags.

Labels that change the meaning stay ("Opinion", "Fact check", "Sponsored"). The lists stand in
``toolkit/text/english.json``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from functools import cache

from toolkit.summarisers.extractive.quotations import balanced
from toolkit.summarisers.extractive.shorten import clip
from toolkit.text.english import phrases, words
from toolkit.text.similarity import WORD

MAX_WORDS, LONGEST = 20, 30
MIN_WORDS = 3
# Characters of a title that are read.
_READ = 500
# Words of the name of a site or of a section.
_NAME_WORDS = 5
# Letters and digits of a name that is found within a longer one ("Norvik Post" in an address).
_NAME_LETTERS = 5

_PART = re.compile(r"(?:;| [|–—-]|--|:) ")
_LAST_PART = re.compile(r"^(.*\S)\s*(\s[–—-]\s|\s(?:--|::|[·•»«/])\s|\s?\|\s?)\s*(\S.*)$")
_FIRST_PART = re.compile(r"^([\w&’' -]{2,40}?)(\s*\|\s*|\s[–—-]\s|\s?:\s)(?=\S)")
# "ANALYSIS-Norvik closes ..."
_JOINED = re.compile(r"([A-Z]{4,})-(?=[A-Z])")
_ORDINAL = r"\d+(?:st|nd|rd|th)"
# "UPDATE 3-", "2nd LD-Writethru:", "(LEAD)", "[Update 2]" before a headline or after it.
_WIRE = r"UPDATED?|WRAP-?UP|TOPWRAP|REFILE|RPT|ROUNDUP|URGENT|LEAD|LD|BRIEF|SNAP|RECASTS?|ADDS"
_WIRE_TAG = re.compile(
    rf"(?:{_ORDINAL} )?\b(?:{_WIRE}|Update|Ld|Lead|Urgent)(?:-?[Ww]ritethru)?"
    r"(?: ?#?\d+\s*[:–—-]\s*|\s*[:–—-]\s?| \d+ (?=[A-Z]))"
)
_WIRE_COUNT = re.compile(rf"(?:{_ORDINAL} (?:LD|Ld|Lead|LEAD|Update)\S*)\s+(?=[A-Z])")
_ENCLOSED = re.compile(r"[(\[{]\s*([^()\[\]{}]{1,40}?)\s*[)\]}]")
_COUNTER = re.compile(
    rf"(?:{_ORDINAL} )?(?:{_WIRE}|writethru)(?: ?#?\d+)?|\d{{1,2}}(?:/\d+)?", re.IGNORECASE
)
_HASHTAGS = re.compile(r"(?:\s+#\w+)+$")
_HANDLE = re.compile(r"\s+(?:via\s+)?@\w+$|\s+via [A-Z]\w+$")
_DOMAIN = re.compile(r"(?:www\.)?[\w-]+(?:\.[\w-]+)*\.[a-z]{2,6}")
# The number of an error, before its name or after it.
_STATUS = re.compile(r"^(?:http )?(?:error:? ?)?[45]\d\d\b[\s:.–-]*|\s[45]\d\d$")
# Last words of a title that was cut off.
_UNFINISHED = frozenset(
    ["a", "an", "the", "and", "or", "but", "as", "of", "than", "its", "their", "our", "my"]
)
_CUT = re.compile(r"(?:\.{2,}|…)\W*$")


def tidy_title(title: str, publishers: Collection[str] = ()) -> str:
    """Return ``title`` without what is not its news, a question after the news in it, trailing
    marks or half a quotation; cut at a colon, semicolon or dash where it is longer than 20 words.

    ``publishers`` are names and addresses that its site goes by.
    """
    text = _without_emoji(" ".join(title[:_READ].split()))
    text = _without_tail(text, publishers)
    label, text = _without_head(text, publishers)
    parts = [m.start() for m in _PART.finditer(text)]
    for at in reversed(parts):
        asks = text.endswith("?") and "?" not in text[:at]
        too_long = len(text.split()) > MAX_WORDS
        if (asks or too_long) and len(text[:at].split()) >= 2 * MIN_WORDS and balanced(text[:at]):
            text = text[:at]
    text = re.sub(r"[\s:;,|–—-]+$|(?<![.\s]\w)(?<!\.)\.$", "", text)
    text = text if balanced(text) else re.sub('["“”„«»]', "", text)
    return f"{label}{clip(text, LONGEST)}"


def label_of(title: str) -> str:
    """Return the label before ``title`` that changes its meaning, as a prefix ("Opinion: "), or
    nothing."""
    label, _ = _without_head(" ".join(title[:_READ].split()), ())
    return f"{label.rstrip(' |:–—-')}: " if label else ""


def is_label(text: str) -> bool:
    """Say whether ``text`` is a label that changes the meaning of what it stands before."""
    return text.lower().strip(" .:!+") in _entries("telling_labels")


def is_title(title: str) -> bool:
    """Say whether a title is one: not cut off in its midst, no message of a server or a wall."""
    plain = re.split(r"\s[|–—-]\s", title.lower())[0].strip(" .…!?:")
    broken = _CUT.search(title) or title.rsplit(" ", 1)[-1].lower() in _UNFINISHED
    return not (broken or _STATUS.sub("", plain) in {"", *phrases("error_titles")})


def _without_emoji(text: str) -> str:
    """Return ``text`` without pictures at its ends."""
    start, end = 0, len(text)
    while end > start and _is_picture(text[end - 1]):
        end -= 1
    while start < end and _is_picture(text[start]):
        start += 1
    return text[start:end].strip() if any(map(str.isalnum, text)) else text


def _is_picture(char: str) -> bool:
    """Say whether a character is an emoji, an arrow or the like, a part of one, or white space."""
    symbol = char >= "\u2190" and unicodedata.category(char) in ("So", "Sk", "Sm")
    return symbol or char.isspace() or char in "\u200d\ufe0e\ufe0f\u20e3"


def _without_tail(text: str, publishers: Collection[str]) -> str:
    while True:
        before = text
        text = _without_hashtags(_HANDLE.sub("", text))
        if found := re.search(_ENCLOSED.pattern + "$", text):
            text = text[: found.start()].rstrip() if _is_empty_tag(found[1]) else text
        if (part := _LAST_PART.match(text)) and not is_label(part[3]):
            section = bool(part[2].strip(" –—-/")) and _is_name(part[3])
            site = _is_site(part[3], publishers) or _is_empty_label(part[3])
            if site or (section and len(part[1].split()) >= MIN_WORDS):
                text = part[1]
        text = _without_emoji(text)
        if text == before:
            return text


def _without_hashtags(text: str) -> str:
    """Return ``text`` without the hashtags that follow it; one that a sentence ends with stays, as
    a word ("Thousands march for #Norvik")."""
    tags = _HASHTAGS.search(text)
    if not tags or not text[: tags.start()].strip():
        return text
    said = text[: tags.start()]
    if said.rsplit(" ", 1)[-1].lower() in words("unfinished"):
        said += " " + tags.group().split()[0].removeprefix("#")
    return said


def _without_head(text: str, publishers: Collection[str]) -> tuple[str, str]:
    """Return the label that changes the meaning, with its mark, and the title without what else
    stands before it."""
    labels: list[str] = []
    while True:
        label, rest = _next_label(text, publishers)
        labels += [label] if label and not labels else []
        rest = _without_emoji(rest)
        if rest == text:
            return "".join(labels), text
        text = rest


def _next_label(text: str, publishers: Collection[str]) -> tuple[str, str]:
    """Return the first label of ``text``, if it changes the meaning, and what follows: ``text``
    itself where it has no label."""
    if found := _WIRE_TAG.match(text) or _WIRE_COUNT.match(text):
        return "", text[found.end() :]
    if found := _ENCLOSED.match(text):
        rest = text[found.end() :].lstrip(" :–—-")
        if _is_empty_tag(found[1]):
            return "", rest
        return (f"{found[1]}: ", rest) if is_label(found[1]) else ("", text)
    if (found := _JOINED.match(text)) and is_label(found[1]):
        return f"{found[1].capitalize()}: ", text[found.end() :]
    if found := _FIRST_PART.match(text):
        rest = text[found.end() :]
        if is_label(found[1]):
            return found[0], rest
        if _is_rubric(found[1], found[2], publishers) and len(rest.split()) >= MIN_WORDS:
            return "", rest
    return "", text


def _is_rubric(name: str, mark: str, publishers: Collection[str]) -> bool:
    """Say whether what stands before ``mark`` is a section, a site or an empty label."""
    if _is_empty_label(name):
        return True
    if "|" in mark:
        return len(name) <= 20 or _is_site(name, publishers)
    # "Reuters: ..." says whose news it is.
    return _is_site(name, publishers) if ":" not in mark else _is_of(name, publishers)


def _is_empty_label(label: str) -> bool:
    return label.lower().strip(" .:!+") in _entries("empty_labels")


def _is_empty_tag(tag: str) -> bool:
    """Say whether what stands in brackets is a counter, an agency or an empty label."""
    bare = re.sub(r"\s*#?\d+$", "", tag)
    return bool(
        _COUNTER.fullmatch(tag)
        or _is_empty_label(bare)
        or re.match(r"(?:adds|recasts|updates|updated) ", tag.lower())
        or tag.lower().removesuffix(" feature").removesuffix(" interview") in _entries("agencies")
    )


@cache
def _entries(name: str) -> frozenset[str]:
    """Return the entries of a list as a set."""
    return frozenset(phrases(name))


def _is_name(text: str) -> bool:
    """Say whether ``text`` could be the name of a site or a section: few words, with capitals."""
    parts = text.split()
    small = words("prepositions") | words("determiners") | {"and", "&"}
    capital = all(not p[0].islower() or p.lower() in small for p in parts)
    return len(parts) <= _NAME_WORDS and capital and text[-1] not in "?!."


def _is_site(name: str, publishers: Collection[str]) -> bool:
    """Say whether ``name`` is that of a site: one of ``publishers``, a well-known one, an address,
    or one that ends or begins as the names of newspapers do."""
    lower = name.lower().strip(" .")
    if lower in _entries("agencies") or _DOMAIN.fullmatch(lower) or _is_of(name, publishers):
        return True
    heard = WORD.findall(lower)
    press = bool(heard) and not words("site_words").isdisjoint((heard[0], heard[-1]))
    return press and len(heard) > 1 and _is_name(name)


def _is_of(name: str, publishers: Collection[str]) -> bool:
    mine = _letters(name)
    for publisher in publishers:
        theirs = _letters(publisher)
        if mine and mine == theirs:
            return True
        short, long = sorted((mine, theirs), key=len)
        if len(short) >= _NAME_LETTERS and short in long and len(name.split()) <= _NAME_WORDS:
            return True
    return False


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower())).removeprefix("the")
