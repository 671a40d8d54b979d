"""English-only decoding: the tokens of a vocabulary that English text can need.

Four fifths of NLLB's 256,206 tokens can never stand in an English sentence, yet each step of
the decoder multiplies by all of them. Those that English needs are found with the checkpoint's own
tokenizer on a large English word list, names included, in the ways that words are written.
Everything can still be spelt with those that are kept: all short Latin tokens are.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from toolkit.text.english import all_words

# SentencePiece's sign for a space.
_MARK = "▁"
# Tokens up to which a vocabulary is kept whole: a cut would win nothing.
_SMALL = 50_000
# Letters up to which Latin tokens are kept, so that any name can be spelt.
_SHORT = 3
# Words that are tokenised at once.
_BATCH = 20_000
# The ids below it are <s>, <pad>, </s> and <unk>.
_SPECIAL = 4
# First words of the names of characters that belong to one script or to East Asian typesetting.
_SCRIPTS = (
    " ARABIC ARMENIAN BENGALI CJK DEVANAGARI ETHIOPIC FULLWIDTH GEORGIAN GUJARATI GURMUKHI "
    "HALFWIDTH HANGUL HEBREW IDEOGRAPHIC KANNADA KATAKANA KHMER LAO MALAYALAM MYANMAR OL ORIYA "
    "SINHALA TAMIL TELUGU THAI TIBETAN TIFINAGH "
)
_PREFIXES = ("", "-")  # a word stands after a space, or right behind some sign


def english_tokens(
    tokenizer: Any,
    languages: Iterable[int],
    *,
    words: Iterable[str] | None = None,
    small: int = _SMALL,
) -> list[int]:
    """Return the ids of the tokens that English output can need, in ascending order.

    ``tokenizer`` is the checkpoint's ``tokenizers.Tokenizer`` and ``languages`` are the ids of
    language codes to keep, English's at least. ``words`` replaces the list of some
    320,000 English words. A vocabulary of at most ``small`` is kept whole.
    """
    size = tokenizer.get_vocab_size()
    if size <= small:
        return list(range(size))
    kept = {*range(_SPECIAL), *languages}
    kept.update(i for token, i in tokenizer.get_vocab().items() if _spells(token))
    forms = _forms(all_words() if words is None else words)
    while batch := list(islice(forms, _BATCH)):
        for encoding in tokenizer.encode_batch(batch, add_special_tokens=False):
            kept.update(encoding.ids)
    return sorted(kept)


def _forms(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        for form in dict.fromkeys((word, word.capitalize(), word.upper())):
            for prefix in _PREFIXES:
                yield prefix + form


def _spells(token: str) -> bool:
    """Return whether a token is of characters that any English text may have: digits, punctuation,
    symbols, and short runs of Latin letters with whatever accents."""
    text = token.replace(_MARK, "")
    letters = sum(character.isalpha() for character in text)
    return letters <= _SHORT and all(map(_plain, text))


def _plain(character: str) -> bool:
    if character.isalpha():
        return unicodedata.name(character, "").startswith("LATIN ")
    if character.isdigit():
        return character.isascii()
    # Marks and format characters belong to other scripts' spelling.
    return unicodedata.category(character)[0] in "PSZN" and not _of_other_script(character)


def _of_other_script(character: str) -> bool:
    """Punctuation such as the danda, whose name says which script it is from."""
    first = unicodedata.name(character, "").split(" ")[0]
    return f" {first} " in _SCRIPTS
