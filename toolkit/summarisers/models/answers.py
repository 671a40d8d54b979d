"""Reads bullets and headlines out of what language models answer.

They are asked for a numbered list and answer with lists of other kinds, JSON with or without a
fence, a greeting before and an offer after it, their thoughts, the same line over and over, or
nothing. What is read is not yet to be believed: ``grounding`` sees to that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import Any

from toolkit.data import Bullet
from toolkit.languages import ENGLISH
from toolkit.text.segmentation import sentences

MIN_WORDS = 3
MAX_WORDS = 80

_THOUGHT = re.compile(
    r"<(think|thinking|thought|reasoning|reflection)>.*?(?:</\1>|\Z)", re.S | re.I
)
_THOUGHT_END = re.compile(r"\A.*</(?:think|thinking|thought|reasoning|reflection)>", re.S | re.I)
_CHANNEL = re.compile(r"\A.*<\|channel\|>\s*final\s*(?:<\|message\|>)?", re.S)
_SPECIAL = re.compile(r"<\|[^|>]{1,40}\|>|<(?:/?s|bos|eos|end_of_turn|start_of_turn)>|\[/?INST\]")
_FENCE = re.compile(r"^\s*(?:```|~~~)\w*\s*$", re.M)
_MARKER = re.compile(
    r"\A\s*(?:[-*+•‣◦▪●·–—>]\s+|\(?\d{1,2}[.):](?=\D)\s*|\(?[a-h]\)\s+"
    r"|(?:bullet|point)\s*\d*\s*[:.)-]\s*)+",
    re.I,
)
_LABEL = re.compile(r"\A\s*\[(\d{1,4})\][.:)]?\s+(?=\S)")
_CITES = re.compile(
    r"\s*(?:\[(?P<a>[^\[\]]{1,80})\]|【(?P<b>[^【】]{1,80})】"
    r"|\((?P<c>(?:see |from )?(?:sentences?|lines?|points?|sources?|segments?|refs?)[^()]{1,60})\))"
)
_CITED = re.compile(
    r"\A\s*(?:(?:sentences?|lines?|points?|sources?|segments?|refs?|cites?|s|no\.?|#)\s*[:.]?\s*)?"
    r"(?:[#sS]?\d{1,4}\s*(?:[-–,;&]|and|to)?\s*)+\Z",
    re.I,
)
_RANGE = re.compile(r"(\d{1,4})\s*(?:[-–]|to)\s*#?[sS]?(\d{1,4})")
_HEADING = re.compile(r"\A\s*(?:#{1,6}\s|\*\*[^*]{1,60}\*\*:?\s*\Z|(?:headline|title)\s*:)", re.I)
_CHATTER = re.compile(
    r"\A\W*(?:(?:sure|certainly|of course|okay|ok|absolutely|great|sorry|thank you)[,.!:]"
    r"|here(?: is| are|'s|’s) |below (?:is|are) |the following |i hope |let me know|please let "
    r"|feel free|hope (?:this|it) |note:|note that|if you (?:need|want|would) |is there anything"
    r"|would you like|as an ai|i(?:'m|’m| am) (?:sorry|unable)|i (?:cannot|can't|can’t|can not) "
    r"|(?:in )?summary:|bullets?:|answer:|this summary |these bullets )",
    re.I,
)
_AFTER_STOP = re.compile(r"\s*([.!?])\s*((?:\[[\d,; –-]+\]\s*)+)")
_TEXT_KEYS = ("text", "bullet", "point", "sentence", "summary", "content", "statement", "claim")
_CITE_KEYS = ("cites", "citations", "cited", "sources", "sentences", "references", "refs", "ids")
_LIST_KEYS = ("bullets", "points", "bullet_points", "summary", "brief", "key_points", "items")


def parse_bullets(answer: str, known: Collection[int]) -> list[Bullet]:
    """Return the bullets of an answer, each with the numbers out of ``known`` that it cites (often
    none). Empty where the answer has no bullet; never raises."""
    text = _spoken(answer)
    items = _from_json(text)
    if items is None:
        items = [_cut_cites(item) for item in _from_text(text)]
    bullets: list[Bullet] = []
    seen: set[str] = set()
    for said, numbers in items:
        line = _tidy(said)
        same = re.sub(r"\W+", " ", line).lower()
        if MIN_WORDS <= len(line.split()) <= MAX_WORDS and same not in seen:
            seen.add(same)
            cites = tuple(dict.fromkeys(n for n in numbers if n in known))
            bullets.append(Bullet(line, cites))
    return bullets


def parse_headline(answer: str) -> str:
    """Return the headline in an answer, or an empty text."""
    for line in _FENCE.sub("", _spoken(answer)).splitlines():
        bare, _ = _cut_cites(_MARKER.sub("", line))
        bare = re.sub(r"\A[\s#*_]*(?:(?:headline|title)\s*[:*_]+)?", "", bare, flags=re.I)
        bare = _tidy(bare).strip("\"'“”‘’«» ").rstrip(".")
        if len(bare.split()) >= 2 and not _CHATTER.match(bare) and not bare.endswith(":"):
            return bare
    return ""


def _spoken(answer: str) -> str:
    """Return the answer without thoughts and without the tokens of chat formats."""
    text = _THOUGHT.sub("", _CHANNEL.sub("", answer))
    # Some servers cut the opening tag off.
    return _SPECIAL.sub("", _THOUGHT_END.sub("", text)).strip()


def _from_json(text: str) -> list[tuple[str, list[int]]] | None:
    """Return the items of the first JSON value that has any; None where the text is not JSON."""
    decoder = json.JSONDecoder()
    rest = text
    for match in re.finditer(r"[\[{]", text):
        if match.start() < len(text) - len(rest):
            continue  # inside a value that was read already
        try:
            value, end = decoder.raw_decode(text, match.start())
        except (ValueError, RecursionError):
            continue
        found = list(_items(value))
        if found or (match.start() == 0 and not text[end:].strip()):
            return found
        rest = text[end:]
    return None


def _items(value: Any) -> Iterator[tuple[str, list[int]]]:
    if isinstance(value, dict):
        lowered = {str(k).lower(): v for k, v in value.items()}
        text = next((lowered[k] for k in _TEXT_KEYS if isinstance(lowered.get(k), str)), None)
        inner = next((lowered[k] for k in _LIST_KEYS if isinstance(lowered.get(k), list)), None)
        if inner is not None:
            yield from _items(inner)
        elif text is not None:
            said, numbers = _cut_cites(text)
            given = next((lowered[k] for k in _CITE_KEYS if k in lowered), None)
            yield said, numbers + _numbers(str(given) if given is not None else "")
        elif lowered and all(isinstance(v, str) for v in lowered.values()):
            yield from (_cut_cites(v) for v in lowered.values())
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, str):
                yield _cut_cites(_MARKER.sub("", item))
            elif isinstance(item, dict):
                yield from _items(item)


def _from_text(text: str) -> list[str]:
    lines = [line.rstrip() for line in _FENCE.sub("", text).splitlines()]
    items: list[str] = []
    open_item = False
    for line in lines:
        bare = _MARKER.sub("", _LABEL.sub(r"1. [\1] ", line))
        if bare != line:
            items.append(bare)
            open_item = True
        elif open_item and line[:1].isspace() and line.strip():
            items[-1] += f" {line.strip()}"
        else:
            open_item = False
    if not items:
        return _from_prose(lines)
    return _without_stump([i for i in items if i and not _HEADING.match(i) and i[-1] != ":"])


def _from_prose(lines: list[str]) -> list[str]:
    kept = [line for line in lines if line.strip() and not _HEADING.match(line)]
    # A citation after the full stop would begin the next sentence.
    whole = [_AFTER_STOP.sub(r" \2\1 ", line.strip()) for line in kept]
    found = [s for line in whole for s in sentences(line, ENGLISH)]
    return _without_stump([s for s in found if not _is_chatter(s) and not s.endswith("?")])


def _is_chatter(line: str) -> bool:
    return bool(_CHATTER.match(line)) or line.rstrip("* ").endswith(":")


def _without_stump(items: list[str]) -> list[str]:
    """Return without a last item that was cut off in mid-sentence."""
    ended = [bool(re.search(r"[.!?…\"”’')\]】]\**\s*\Z", item)) for item in items]
    if len(items) > 1 and not ended[-1] and all(ended[:-1]):
        return items[:-1]
    return items


def _cut_cites(item: str) -> tuple[str, list[int]]:
    """Return an item without its citations, and the numbers in them."""
    numbers: list[int] = []

    def cut(match: re.Match[str]) -> str:
        inner = match["a"] or match["b"] or match["c"]
        if not _CITED.match(inner.removeprefix("see ").removeprefix("from ")):
            return match.group()
        numbers.extend(_numbers(inner))
        return ""

    return _CITES.sub(cut, item), numbers


def _numbers(inner: str) -> list[int]:
    """Return the numbers of a citation; "2-4" stands for 2, 3 and 4."""

    def spread(match: re.Match[str]) -> str:
        first, last = int(match[1]), int(match[2])
        inside = range(first, last + 1) if first <= last <= first + 20 else (first, last)
        return " ".join(map(str, inside))

    return [int(n) for n in re.findall(r"\d{1,4}", _RANGE.sub(spread, inner))]


def _tidy(text: str) -> str:
    """Return one line without Markdown marks."""
    line = " ".join(text.split())
    line = re.sub(r"\*\*|__|(?<!\w)[*_](?=\w)|(?<=[\w.])[*_](?!\w)", "", line)
    line = re.sub(r"\[([^\]]+)\]\([^)\s]+\)", r"\1", line)
    return re.sub(r"\s+([.,;:!?])", r"\1", line).strip(" ,;`")
