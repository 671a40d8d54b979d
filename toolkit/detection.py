"""Tell the language of a document, as a FLORES-200 code of NLLB."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from toolkit import languages, scripts
from toolkit.errors import InputError

_MAX_LETTERS = 20_000
_DECLARED_WEIGHT = 0.3


@dataclass(frozen=True, slots=True)
class Detection:
    """What a document is written in: ``confidence`` between 0 and 1, and other codes with
    theirs, best first."""

    code: str
    confidence: float
    runners_up: tuple[tuple[str, float], ...] = ()


def detect_language(text: str) -> str:
    """The FLORES-200 code of the language of ``text``; see ``detect``."""
    return detect(text).code


def detect(text: str, *, declared: str | None = None) -> Detection:
    """The language of a document.

    ``declared`` is what its source says, in any form that ``languages.resolve`` reads; one
    that is unknown is ignored, one in a script that the text is not in is overruled. A text
    without letters is in the declared language, with confidence 0; without one, InputError.
    """
    hints = {language.code for language in languages.candidates(declared)} if declared else set()
    text = text[:_MAX_LETTERS]
    counted = scripts.count(text)
    if not counted:
        if len(hints) == 1:
            return Detection(hints.pop(), 0.0)
        raise InputError(
            "the text has no letters, so its language cannot be told",
            remedy="Name the language.",
        )
    possible = _in_script(counted)
    scores = {code: score for code, score in _rank(text).items() if code in possible}
    for code in possible:
        scores.setdefault(code, 0.0)
    for code in hints & possible:
        scores[code] += _DECLARED_WEIGHT
    total = sum(scores.values()) or 1.0
    ranked = sorted(((code, score / total) for code, score in scores.items()), key=_order)
    (code, confidence), *rest = ranked
    return Detection(code, confidence, tuple(rest[:3]))


def _order(item: tuple[str, float]) -> tuple[float, str]:
    return -item[1], item[0]


def _in_script(counted: Counter[str]) -> set[str]:
    """The codes of the languages that are written in the script of most letters."""
    if counted["Hira"] + counted["Kana"] > 0.05 * counted["Hani"] > 0:
        return {"jpn_Jpan"}
    script = max(counted, key=lambda name: counted[name])
    names = {"Hani": {"Hans", "Hant"}, "Hira": {"Jpan"}, "Kana": {"Jpan"}}.get(script, {script})
    found = {lang.code for lang in languages.all_languages() if lang.script in names}
    return found or {lang.code for lang in languages.all_languages()}


def _rank(text: str) -> dict[str, float]:
    ranked: list[tuple[str, float]] = _identifier().rank(text)
    scores: dict[str, float] = {}
    for name, score in ranked:
        for language in languages.candidates(name):
            scores[language.code] = max(scores.get(language.code, 0.0), float(score))
    return scores


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
