"""Tell the language of a document, as a FLORES-200 code of NLLB.

Three kinds of evidence, each where it is strong:

* the writing system is a veto: only languages written in it are considered;
* n-gram profiles (``toolkit.languages.profiles``) rank the languages that have one;
* marker words and letters (``detection_markers.tsv``) settle what profiles cannot: near
  neighbours, and languages without a profile. A language whose markers make a larger share
  of the words than its threshold overtakes its rivals.

It cannot tell Akan (``aka_Latn``) from Twi, and Kanuri in Arabic script from the others,
unless the source declares them. Near neighbours are told in documents, not in headlines: Bosnian
from Croatian, Dari from Persian, Indonesian from Malay, the languages of northern India from
Hindi. Varieties of Arabic are told only where a text is in plain dialect; news is in the
standard language whatever its country. Serbian in Latin script is not among NLLB's languages
and comes out as Bosnian or Croatian.

A language that NLLB lacks comes out as the nearest that it has. In scripts of many languages most
such texts are told by leading the other profiles by little; ``Detection.doubt`` then says so.
"""

from __future__ import annotations

import math
import re
import statistics
from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources

from toolkit.errors import InputError
from toolkit.languages import CHINESE, ENGLISH, codes, noise, script_of, scripts

# Enough of a document to tell, little enough to be quick.
_MOST_CHARACTERS = 20_000
# The language that most news in a script of several is in: a short text is likely in it.
_USUAL = {
    "Arab": "arb_Arab",
    "Beng": "ben_Beng",
    "Cyrl": "rus_Cyrl",
    "Deva": "hin_Deva",
    "Ethi": "amh_Ethi",
    "Hebr": "heb_Hebr",
    "Latn": ENGLISH,
    "Mymr": "mya_Mymr",
    "Tibt": "bod_Tibt",
}
# Languages that far more news is written in than in the neighbours they are taken for.
_COMMON = """
    cat_Latn ces_Latn dan_Latn deu_Latn fin_Latn fra_Latn hau_Latn hrv_Latn hun_Latn
    ind_Latn ita_Latn kaz_Cyrl mar_Deva nld_Latn nob_Latn npi_Deva pes_Arab pol_Latn por_Latn
    ron_Latn slk_Latn slv_Latn spa_Latn srp_Cyrl swe_Latn swh_Latn tgl_Latn tur_Latn ukr_Cyrl
    urd_Arab vie_Latn zsm_Latn
"""
# All in the profiles' unit, log-probability per n-gram. Unrelated languages lie half a unit
# apart and more, neighbours a tenth; what is declared or usual counts more the shorter the text.
_MARKER_WEIGHT = 10.0
_DECLARED_WEIGHT = 0.2
_USUAL_WEIGHT = 0.06
# None for a text of full length: there the profiles are surer.
_COMMON_WEIGHT = 0.04
# Words added to the length of a text, so that one marker in a short one proves little.
_MARKER_CAUTION = 20
# How many n-grams a text must have to be as certain as it can get.
_FULL_LENGTH = 400
_SHARPNESS = 40.0
_RUNNERS_UP = 3
# By how much a language leads the median profile of its script where a text is in it, and what is
# taken off that for short texts, divided by the square root of their n-grams. Measured by
# ``tools/score_doubt.py``.
_LEAD = {"Latn": 1.6, "Cyrl": 1.3, "Arab": 1.3}
_LEAD_SLACK = 10.0
# Of the detections with less confidence every second was wrong.
_UNSURE = 0.6
_TAG = re.compile(r"[a-z]{2,3}(?:[-_][\w-]*)?", re.IGNORECASE)
# What feeds declare when they do not know: ISO 639-2's codes for no one language.
_NO_LANGUAGE = frozenset({"und", "mul", "mis", "zxx"})


@dataclass(frozen=True, slots=True)
class Detection:
    """The language that a document is written in.

    ``confidence`` lies between 0 and 1; ``runners_up`` are the next codes with theirs, best first.
    ``doubt`` says, as a part of a sentence for people, why the language may be another; it is
    empty where nothing speaks for that.
    """

    code: str
    confidence: float
    runners_up: tuple[tuple[str, float], ...] = ()
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class _Markers:
    """Words (or, after ``~``, letters) that tell ``code`` from ``rivals``."""

    code: str
    rivals: tuple[str, ...]
    threshold: float
    words: frozenset[str]
    letters: frozenset[str]


def detect_language(text: str) -> str:
    """Return the FLORES-200 code of the language of ``text``; see ``detect``.

    >>> detect_language("નવો પુલ સોમવારે ખુલ્લો મુકાયો.")
    'guj_Gujr'
    >>> detect_language("The new bridge was opened on Monday morning.")
    'eng_Latn'
    """
    return detect(text).code


def detect(text: str, *, declared: str | None = None) -> Detection:
    """Return the language of a document.

    ``declared`` is what its source says, in any form that ``languages.resolve`` reads: it
    settles what is in doubt, is overruled where the text says otherwise, and is a reason for
    doubt where it names no language of NLLB. A text without letters is taken to be in the declared
    language, with confidence 0; without one it is an InputError.
    """
    if not isinstance(text, str):
        raise InputError(
            f"the text is {type(text).__name__}, not a string",
            remedy="Decode bytes first; leave out what has no text.",
        )
    hints = {language.code for language in codes.candidates(declared or "")}
    text = noise.strip(text[:_MOST_CHARACTERS])
    writing = scripts.writing_system(text, expected={script_of(code) for code in hints})
    if writing is None:
        if len(hints) == 1:
            return Detection(hints.pop(), 0.0)
        raise InputError(
            "the text has no letters, so its language cannot be told",
            remedy="Name the language of the text.",
        )
    possible = [lang.code for lang in codes.all_languages() if lang.script == writing]
    if not possible:
        raise InputError(
            f"NLLB has no language that is written in the script {writing}",
            remedy="Leave the document out.",
        )
    scores, profiled, ngrams = _scores(scripts.only(text, writing), possible)
    median = statistics.median(profiled.values()) if profiled else -math.inf
    leads = {code: score - median for code, score in scores.items()}
    certainty = math.sqrt(min(max(ngrams, 1), _FULL_LENGTH) / _FULL_LENGTH)
    if _USUAL.get(writing) in scores:
        scores[_USUAL[writing]] += _USUAL_WEIGHT / certainty**2
    for code in scores.keys() & set(_COMMON.split()):
        scores[code] += _COMMON_WEIGHT * (1 / certainty**2 - 1)
    for code in hints & scores.keys():
        scores[code] += _DECLARED_WEIGHT / certainty**2
    found = _ranked(scores, _SHARPNESS * certainty**2)
    usual = _LEAD.get(writing, -math.inf) - _LEAD_SLACK / math.sqrt(max(ngrams, 1))
    foreign = leads[found.code] < usual and found.code not in hints & {ENGLISH}
    return replace(found, doubt=_doubt(found, declared or "", hints, foreign))


def is_unknown_name(declared: str) -> bool:
    """Return whether ``declared`` is a word that names no language known here. Codes are left out:
    an unknown one puts its article's language in doubt."""
    return not codes.candidates(declared) and not _TAG.fullmatch(declared)


def _doubt(found: Detection, declared: str, hints: set[str], foreign: bool) -> str:
    name = codes.get(found.code).name
    if not hints and _TAG.fullmatch(declared) and declared.lower() not in _NO_LANGUAGE:
        return f"declared as {declared!r}, which NLLB does not know; taken for {name}"
    if foreign:
        return f"taken for {name}, but reads unlike it: perhaps a language that NLLB does not know"
    if found.confidence < _UNSURE and found.code not in hints and found.runners_up:
        return f"taken for {name}, but may be {codes.get(found.runners_up[0][0]).name}"
    return ""


def _ranked(scores: dict[str, float], sharpness: float) -> Detection:
    best = max(scores.values())
    weights = {code: math.exp(sharpness * (score - best)) for code, score in scores.items()}
    total = sum(weights.values())
    order = sorted(weights, key=lambda code: (-scores[code], code))
    (code, confidence), *rest = ((code, weights[code] / total) for code in order)
    return Detection(code, confidence, tuple(rest[:_RUNNERS_UP]))


def _scores(text: str, possible: list[str]) -> tuple[dict[str, float], dict[str, float], int]:
    """Return how well ``text`` fits each of the codes ``possible``, how well their profiles alone,
    and how many n-grams it has."""
    # numpy is loaded with it.
    from toolkit.languages import profiles

    fit = profiles.fit(text)
    profiled = {code: fit.scores[code] for code in possible if code in fit.scores}
    tokens = profiles.words(text).split()
    if script_of(possible[0]) in CHINESE:
        tokens = [character for token in tokens for character in token]
    counted, size = Counter(tokens), len(tokens) + _MARKER_CAUTION
    scores = dict(profiled)
    for code in possible:
        markers = _markers().get(code)
        if markers is None:
            continue
        share = sum(n for token, n in counted.items() if _is_marker(token, markers)) / size
        own = profiled.get(code, _borrowed(markers, profiled))
        scores[code] = own + _MARKER_WEIGHT * (share - markers.threshold)
    return scores or dict.fromkeys(possible, 0.0), profiled, fit.ngrams


def _borrowed(markers: _Markers, profiled: dict[str, float]) -> float:
    """Return the score for a language without a profile: the best of its rivals'."""
    rivals = [score for code, score in profiled.items() if code in markers.rivals]
    if "*" in markers.rivals:
        rivals = list(profiled.values())
    return max(rivals, default=0.0)


def _is_marker(token: str, markers: _Markers) -> bool:
    return token in markers.words or any(letter in token for letter in markers.letters)


@lru_cache(maxsize=1)
def _markers() -> dict[str, _Markers]:
    """Return the lines of ``detection_markers.tsv`` by code; thresholds there are per cent."""
    table = resources.files("toolkit.languages").joinpath("detection_markers.tsv")
    markers = {}
    for line in table.read_text(encoding="utf-8").splitlines()[1:]:
        code, rivals, threshold, entries = line.split("\t")
        words = frozenset(word for word in entries.split() if word[0] != "~")
        letters = frozenset(word[1:] for word in entries.split() if word[0] == "~")
        markers[code] = _Markers(
            code, tuple(rivals.split()), float(threshold) / 100, words, letters
        )
    return markers
