"""Mend text that was decoded twice: UTF-8 that was read in a code page and saved again.

A text is changed only where all of it turns back into valid UTF-8, reads better than before, and
does not merely quote such characters. A long text need not read better: none turns into valid
UTF-8 by chance, and the profiles cannot weigh alphabets against East Asian scripts. Text that is
spoilt in parts is left to ftfy, and taken where nearly all beyond ASCII was spoilt.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter

from toolkit.readers import code_pages

_READ_AS = (
    *(f"sloppy-windows-{number}" for number in (1252, 1250, 1251, 1254, 1253, 1257, 1256, 1255)),
    "latin-1",
    *("iso8859-2", "iso8859-15", "iso8859-5", "iso8859-9", "koi8-r"),
    *("mac-roman", "cp437", "cp850", "cp852", "cp866"),
)
# Text goes wrong on every save: twice is seen, thrice hardly ever.
_ROUNDS = 3
_SAMPLE = 20_000
# How much better a mended text must read, in nats: about one n-gram.
_LEAD = 5.0
# Characters beyond ASCII in a mended text that make chance impossible.
_CERTAIN = 20
# Letters that a shorter mended text must have to be judged at all.
_LEAST_LETTERS = 10
# Spoilt runs that are no quotation, and spoilt runs for each character beyond ASCII that stays.
_SIGN = 6  # characters that one spoilt sign takes at most, spoilt once or twice
_RUNS, _RUNS_PER_KEPT = 3, 4
_QUOTED = re.compile(
    r'"[^"\n]{1,60}"|“[^”\n]{1,60}”|«[^»\n]{1,60}»|`[^`\n]{1,60}`|\([^)\n]{1,60}\)'
)
_RUN = re.compile(r"[^\x00-\x7f]+")
_ALONE = re.compile(r"(?<=[!-~])[^\x00-\xa0](?=[!-~])")
# UTF-8 that was read as Latin 1 or windows-1252: a lead byte and one that follows it.
_SPOILT = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]|\u00c3 "
)
_ATTACHED = re.compile(r"[A-Za-z][^\x00-\x7f]|[^\x00-\x7f][A-Za-z]")
# UTF-8's "à" and no-break space end in 0xA0, which many programs turn into a plain space.
_LOST_NBSP = re.compile(rb"\xc3 (?=[^\x80-\xbf]|$)|\xc2 (?=[^\x80-\xbf]|$)")


def mend(text: str) -> str:
    """Return ``text`` with double decoding undone; text that was right is returned as it is."""
    if text.isascii():
        return text
    for _ in range(_ROUNDS):
        mended = _mended(text)
        if mended is None:
            break
        text = mended
    return text


def _mended(text: str) -> str | None:
    import ftfy
    import ftfy.bad_codecs  # its import registers the codecs named sloppy-...

    candidates: list[str] = []
    for name in _READ_AS:
        back = _undone(text, name)
        if back is not None and back not in candidates:
            candidates.append(back)
    certain = bool(candidates)
    if not candidates and _SPOILT.search(text) and not _mostly_right(text):
        mended: str = ftfy.fix_encoding(text)
        if _mostly_spoilt(text, mended):
            candidates.append(mended)
    if not candidates or _only_quotes(text):
        return None
    best = max(candidates, key=_reads)
    if certain and sum(c > "\x7f" for c in best) >= _CERTAIN:
        return best
    if sum(map(str.isalpha, best)) < _LEAST_LETTERS:
        return None
    # What was spoilt twice still looks unusual when mended once.
    if not code_pages.is_usual(best) and _mended(best) is None:
        return None
    return best if _reads(best) > _reads(text) + _LEAD else None


def _undone(text: str, name: str) -> str | None:
    """Return ``text`` with its bytes in the code page ``name`` read as UTF-8, or None."""
    first = _RUN.search(text)
    if first is None or "\ufffd" in text:  # the codecs named sloppy-... write it as a control
        return None
    try:
        # Most right texts show here already that they are right.
        if not _may_be_utf8(first[0].encode(name)):
            return None
        data = text.encode(name)
    except UnicodeEncodeError:
        return None
    for spaced in (data, _LOST_NBSP.sub(lambda m: m[0][:1] + b"\xa0", data)):
        try:
            return spaced.decode("utf-8")
        except UnicodeDecodeError:
            continue
    return None


def _may_be_utf8(start: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return True


def _mostly_right(text: str) -> bool:
    """Say whether so many characters beyond ASCII stand alone in words, where no mending changes
    them, that the others cannot be nearly all."""
    return len(_RUN.findall(text)) < _RUNS_PER_KEPT * len(_ALONE.findall(text))


def _mostly_spoilt(text: str, mended: str) -> bool:
    """Say whether nearly all characters beyond ASCII took part in the mending."""
    before, after = (Counter(c for c in t if c > "\x7f") for t in (text, mended))
    return len(_RUN.findall(text)) >= _RUNS_PER_KEPT * (before & after).total()


def _only_quotes(text: str) -> bool:
    """Say whether all characters beyond ASCII are quoted, or a few short runs stand alone."""
    unquoted = _QUOTED.sub(" ", text)
    runs = _RUN.findall(unquoted)
    few = len(runs) < _RUNS and all(len(run) <= _SIGN for run in runs)
    return few and not _ATTACHED.search(unquoted)


def _reads(text: str) -> float:
    sample = text[:_SAMPLE]
    return code_pages.worth(sample) - code_pages.price(sample)
