"""The form of a text that a translation model is given, while readers see the original.

NLLB's training text went through Moses' punctuation normaliser, a replacement of what does not
print, and NFKC (the ``preproc`` of its data pipeline), and its tokeniser applies SentencePiece's
``nmt_nfkc`` rule once more. This module does the same where it helps and holds back where it
would harm:

- Compatibility forms are folded only where they are letters or marks in disguise (Arabic and
  Hebrew presentation forms, full-width Latin, ligatures, "fancy" mathematical letters). NFKC as a
  whole would turn ``10²`` into ``102`` and ``½`` into ``1⁄2``: numbers are left as they stand.
- Zero-width joiner and non-joiner stay where they change the spelling: beside a virama (Indic
  half forms, Sinhala conjuncts, Malayalam chillus, Bengali ya-phalaa) and between Arabic-script
  letters (Persian, Urdu, Kurdish). Elsewhere they are debris of copying and go.
- Zero-width space is a word break in Khmer, Lao, Thai, Burmese and Tibetan, so there it becomes a
  space, as the tokeniser would make it; elsewhere it goes.
- Arabic vowel marks and Hebrew points go only from text that carries them throughout (scripture,
  poems, school books), which is unlike what the model has seen. A mark here and there, as news
  writes it, tells a passive or an adverb from another word, and the model has seen it so.
- The tatweel goes: it stretches a line and means nothing.
- Markdown emphasis around words goes; the words stay.
- Character references of HTML become their characters, also where they were escaped twice.
"""

from __future__ import annotations

import html
import re
import unicodedata

from toolkit.languages import scripts

# Controls and formats without a shape of their own, private use, lone surrogates. Arabic's
# number signs are formats with a shape and stay.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u180e\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffc\ufe00-\ufe0f\ud800-\udfff\ue000-\uf8ff"
    "\U000e0000-\U000e0fff\U000f0000-\U0010ffff\u0640]"
)
_ZERO_WIDTH_SPACE = re.compile(
    "(?<=[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff])\u200b+(?=[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff])"
)
_JOINERS = re.compile("[\u200c\u200d]+")
_ARABIC_LETTER = re.compile(
    "[\u0620-\u063f\u0641-\u064a\u066e\u066f\u0671-\u06d3\u06d5\u06ee\u06ef\u06fa-\u06fc\u06ff\u0750-\u077f"
    "\u08a0-\u08c9]"
)
_ARABIC_MARK = re.compile("[\u064b-\u065f\u0670]")
_DISGUISED = re.compile(
    "[\ufb00-\ufb06\ufb13-\ufb4f\ufb50-\ufdff\ufe70-\ufefc\uff01-\uff0f\uff1a-\uff9f"
    "\U0001d400-\U0001d7cd]+"
)
# U+2581 is SentencePiece's own mark for a space, U+FFFD stands for bytes that did not decode.
_PUNCTUATION = str.maketrans(
    {
        **dict.fromkeys("“”„‟«»″〝〞", '"'),
        **dict.fromkeys("‘’‚‛‹›`´", "'"),
        **dict.fromkeys("–‐‑‒−", "-"),
        **dict.fromkeys("—―", " - "),
        **dict.fromkeys("▁\ufffd", " "),
        "…": "...",
        "‥": "..",
    }
)
_QUOTE_TWICE = re.compile("''")
_SPACES = re.compile(r"[\s\x85]+")
# The spaces that French puts inside quotation marks and before high punctuation. Runs are taken
# from their start only, or a long one would be tried from every place in it.
_QUOTE_SPACE = re.compile(r"(?<![^\s(])«\s+|(?<!\s)\s+»(?![^\s.,;:!?)])")
_NARROW_SPACE = re.compile(r"(?<![\u00a0\u202f\u2009])[\u00a0\u202f\u2009]+(?=[?!%])")
_COLON_SPACE = re.compile(r" (?=[:;](?:\s|$))")
_ESCAPED_TWICE = re.compile(r"&(?:(?:amp|#0*38|#x0*26);)+", re.IGNORECASE)
_REFERENCE = re.compile(r"&(?:[A-Za-z]{2,8}\d{0,2}|#\d{2,7}|#[xX][0-9A-Fa-f]{2,6});")
_EMPHASIS = re.compile(r"(?<![\d*])(\*{1,3})(?![\s*])([^*\n]*[^\s*])\1(?![\w*])")
_LONE_ASTERISKS = re.compile(r"(?<!\S)\*{1,3}(?=\w)|(?<=[^\W\d_]|[.!?।؟\"'])\*{1,3}$")

# Marks to letters from which on a text counts as vocalised throughout; news stays below 0.1.
_VOCALISED = 0.4
_VOWEL_MARKS = re.compile("[\u064b-\u0652\u0670\u05b0-\u05bc\u05bf\u05c1\u05c2\u05c7]")
_VOWELLED_LETTER = re.compile("[\u05d0-\u05ea\u0620-\u063f\u0641-\u064a\u0671-\u06d3]")


def normalise(text: str) -> str:
    """Return the form of ``text`` that a model is given.

    Digits of every script stay as they are, in number and order; a text with a letter or a digit
    stays one; a second pass changes nothing. Never raises.
    """
    text = _REFERENCE.sub(_character, _ESCAPED_TWICE.sub("&", text))
    text = _DISGUISED.sub(lambda match: scripts.normal("NFKC", match.group()), text)
    text = _ZERO_WIDTH_SPACE.sub(" ", _UNSEEN.sub("", text)).replace("\u200b", "")
    text = scripts.normal("NFC", _without_full_vocalisation(text))
    text = _JOINERS.sub(_joiner_that_matters, text)
    text = _NARROW_SPACE.sub("", _QUOTE_SPACE.sub('"', text)).translate(_PUNCTUATION)
    text = _without_emphasis(_SPACES.sub(" ", text).strip())
    return scripts.normal("NFC", _COLON_SPACE.sub("", _QUOTE_TWICE.sub('"', text)))


def _character(match: re.Match[str]) -> str:
    found = html.unescape(match.group())
    shown = found != "\ufffd" and (found.isprintable() or found.isspace())
    return found if shown else match.group()


def _joiner_that_matters(match: re.Match[str]) -> str:
    text = match.string
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    if before and unicodedata.combining(before) == 9:
        return match.group()[0]
    if after and unicodedata.combining(after) == 9:
        return match.group()[0]
    arabic = _ARABIC_LETTER.fullmatch(before) or _ARABIC_MARK.fullmatch(before)
    if arabic and _ARABIC_LETTER.fullmatch(after):
        return "\u200c" if "\u200c" in match.group() else ""
    return ""


def _without_full_vocalisation(text: str) -> str:
    letters = len(_VOWELLED_LETTER.findall(text))
    if letters and len(_VOWEL_MARKS.findall(text)) >= _VOCALISED * letters:
        return _VOWEL_MARKS.sub("", text)
    return text


def _without_emphasis(text: str) -> str:
    while "*" in text:
        plain = _LONE_ASTERISKS.sub("", _EMPHASIS.sub(r"\2", text))
        if plain == text:
            return text
        text = plain
    return text
