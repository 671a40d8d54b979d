"""The 202 languages of NLLB, and the many ways in which people name them.

The table is ``languages.tsv`` beside this module, one language a line. A name in its column
``aliases`` that stands on several lines is ambiguous on purpose: it is refused, and all of
them are suggested. Three rules decide what a code of more than one language means:

* a macro-language code or its plain name means the variety that news is written in: ``ar``
  and "Arabic" are ``arb_Arab``, ``zh`` and "Chinese" ``zho_Hans``, ``fa`` ``pes_Arab``, ``no``
  ``nob_Latn``;
* where its varieties are written in different scripts and none is the usual one, it is
  refused until a script or region settles it: ``ku`` (but ``ku-IQ`` is ``ckb_Arab``), ``sh``;
* a script that NLLB does not have for the language is refused (``hi-Latn``, ``uz-Cyrl``):
  text in it would be translated as if it were in the other one.

``sat_Beng`` is NLLB's name for Santali in Ol Chiki, which FLORES-200 calls ``sat_Olck``; both
names are understood, and the script of the language is given as ``Olck``.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from toolkit.errors import UnknownLanguageError
from toolkit.languages import iso639_3_of, script_of

_RTL_SCRIPTS = frozenset({"Arab", "Hebr"})
# Regions in which a language is written in another script than elsewhere (CLDR, likely
# subtags). Without them `pa-PK` would be taken for Gurmukhi and `zh-TW` for simplified.
_REGION_SCRIPT = {
    "az-iq": "Arab",
    "az-ir": "Arab",
    "kk-cn": "Arab",
    "ku-ir": "Arab",
    "ku-iq": "Arab",
    "ku-am": "Latn",
    "ku-sy": "Latn",
    "ku-tr": "Latn",
    "ky-cn": "Arab",
    "mn-cn": "Mong",
    "pa-pk": "Arab",
    "sd-in": "Deva",
    "sr-me": "Latn",
    "uz-af": "Arab",
    "zh-hk": "Hant",
    "zh-mo": "Hant",
    "zh-tw": "Hant",
}
_POSIX_MODIFIER = {"latin": "Latn", "cyrillic": "Cyrl", "devanagari": "Deva"}
_TAG = re.compile(
    r"(?P<language>[a-z]{2,3})(?:-(?P<extlang>[a-z]{3}))?(?:-(?P<script>[a-z]{4}))?"
    r"(?:-(?P<region>[a-z]{2}|[0-9]{3}))?(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(?:-[a-z]-.*)?"
)
# The languages that take an extended subtag (`zh-yue`); after another, three letters are the
# beginning of a script that was not typed to its end.
_EXTENDED = frozenset(
    {"ar", "ara", "kok", "lv", "lav", "ms", "msa", "sw", "swa", "uz", "uzb", "zh", "zho"}
)
_SUGGESTIONS = 3


@dataclass(frozen=True, slots=True)
class Language:
    """One language of NLLB.

    ``code`` is the FLORES-200 code as NLLB's tokenizer writes it, ``bcp47`` the shortest tag
    that is right for it in HTML, ``iso639_1`` None where there is no two-letter code,
    ``script`` its ISO 15924 code, ``direction`` ``"ltr"`` or ``"rtl"``.
    """

    code: str
    name: str
    autonym: str
    bcp47: str
    iso639_1: str | None
    iso639_3: str
    script: str
    direction: str
    aliases: tuple[str, ...] = ()


def all_languages() -> tuple[Language, ...]:
    """Return every language of NLLB, ordered by code."""
    return tuple(_by_code().values())


def get(code: str) -> Language:
    """Return the language with exactly this FLORES-200 code; UnknownLanguageError if there is
    none."""
    language = _by_code().get(code)
    if language is None:
        raise UnknownLanguageError(code, _named(_family_of_tag(code) or _suggest(code)))
    return language


def resolve(name: str) -> Language:
    """Return the one language that ``name`` stands for.

    ``name`` may be a FLORES-200 code in any case (``hin_Deva``, ``HIN-DEVA``), an ISO 639 code
    (``hi``, ``hin``), a BCP-47 tag or POSIX locale (``pa-IN``, ``zh-Hant``, ``pt_BR.UTF-8``),
    an English name ("Hindi", "Traditional Chinese") or an autonym. Case, accents and the
    order of words do not matter. UnknownLanguageError, with suggestions, if it stands for
    none or for several.

    >>> resolve("hi").code, resolve("zh-TW").code, resolve("Español").code
    ('hin_Deva', 'zho_Hant', 'spa_Latn')
    >>> resolve("Gujrati")
    Traceback (most recent call last):
        ...
    toolkit.errors.UnknownLanguageError: unknown language 'Gujrati'. Did you mean guj_Gujr ...
    """
    found = candidates(name)
    if len(found) == 1:
        return found[0]
    if found:
        codes = [language.code for language in found]
        reason = f"{name!r} names more than one language"
        raise UnknownLanguageError(name, _named(codes), reason=reason)
    family = _family_of_tag(name)
    match = _TAG.fullmatch(_as_tag(name)[0])
    other = bool(family and match and match["script"])
    reason = f"NLLB has no {name!r}, only another script of it" if other else ""
    raise UnknownLanguageError(name, _named(family or _suggest(name)), reason=reason)


def candidates(name: str) -> tuple[Language, ...]:
    """Return the languages that ``name`` may stand for: none if it is unknown, several if it is
    ambiguous. Same names as ``resolve``."""
    tag, script = _as_tag(name)
    codes = _by_name().get(_fold(name)) or _by_name().get(_fold(tag))
    if not codes:
        codes = _by_tag(tag, script)
    return tuple(_by_code()[code] for code in codes)


def search(query: str) -> list[Language]:
    """Return languages for which the words of ``query`` start words of a name, code or tag. What it
    names exactly comes first; an empty query finds all."""
    words = _words(query)
    exact = list(candidates(query)) if words else []
    partial = [
        language
        for language in all_languages()
        if language not in exact and _matches(words, _names(language))
    ]
    return exact + partial


def _matches(words: list[str], names: Iterable[str]) -> bool:
    return any(
        all(any(part.startswith(word) for part in _words(name)) for word in words) for name in names
    )


@lru_cache(maxsize=1)
def _by_code() -> dict[str, Language]:
    table = (
        resources.files("toolkit.languages").joinpath("languages.tsv").read_text(encoding="utf-8")
    )
    lines = (line.split("\t") for line in table.splitlines()[1:])
    languages = (_language(*fields) for fields in lines)
    return {language.code: language for language in languages}


def _language(
    code: str, name: str, autonym: str, bcp47: str, iso639_1: str, aliases: str
) -> Language:
    script = script_of(code)
    return Language(
        code=code,
        name=name,
        autonym=autonym,
        bcp47=bcp47,
        iso639_1=iso639_1 or None,
        iso639_3=iso639_3_of(code),
        script=script,
        direction="rtl" if script in _RTL_SCRIPTS else "ltr",
        aliases=tuple(alias for alias in aliases.split(";") if alias),
    )


def _names(language: Language) -> tuple[str, ...]:
    return (
        language.code,
        language.name,
        language.autonym,
        language.bcp47,
        *language.aliases,
    )


@lru_cache(maxsize=1)
def _by_name() -> dict[str, tuple[str, ...]]:
    """Return the codes that go by each folded name."""
    index: dict[str, tuple[str, ...]] = {}
    for language in all_languages():
        for key in {_fold(name) for name in _names(language)}:
            index[key] = (*index.get(key, ()), language.code)
    for language in all_languages():
        index.setdefault(language.iso639_3, _default(language.iso639_3))
    return index


def _default(iso639_3: str) -> tuple[str, ...]:
    """Return which of the scripts of a language needs no script in its tag."""
    family = [lang for lang in all_languages() if lang.iso639_3 == iso639_3]
    plain = [lang for lang in family if "-" not in lang.bcp47]
    return tuple(lang.code for lang in plain or family)


def _by_tag(tag: str, script: str | None) -> tuple[str, ...]:
    """Return the codes that a BCP-47 tag stands for, by its language, script and region."""
    match = _TAG.fullmatch(tag)
    if match is None:
        return ()
    if match["extlang"] and match["language"] not in _EXTENDED:
        return ()
    language, region = match["extlang"] or match["language"], match["region"]
    known = _by_name()
    base = known.get(language, ())
    if region and (codes := known.get(_fold(f"{language}-{region}"))):
        return codes
    # `cmn-TW` is to be read as `zh-TW`, and `pan-PK` as `pa-PK`.
    heads = dict.fromkeys([language, *(_by_code()[c].iso639_1 or language for c in base)])
    script = script or (match["script"] or "").title() or None
    for head in heads:
        script = script or _REGION_SCRIPT.get(f"{head}-{region}")
    if script is None:
        return base
    for head in heads:
        if codes := known.get(_fold(f"{head}-{script}")):
            return codes
    return tuple(c for c in _family(base) if _by_code()[c].script == script)


def _family(codes: Iterable[str]) -> list[str]:
    """Return all codes that share the ISO 639-3 code of one of ``codes``."""
    stems = {iso639_3_of(code) for code in codes}
    return [code for code in _by_code() if iso639_3_of(code) in stems]


def _as_tag(name: str) -> tuple[str, str | None]:
    """Return ``name`` as a lower-case tag without encoding, and the script of its modifier."""
    tag, _, modifier = name.strip().lower().partition("@")
    return tag.partition(".")[0].replace("_", "-"), _POSIX_MODIFIER.get(modifier)


def _fold(name: str) -> str:
    return " ".join(sorted(_words(name)))


def _words(text: str) -> list[str]:
    """Return words without case, accents or apostrophes. Only the general accents go: in the
    scripts of India the marks are vowels."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = re.sub("[\u0300-\u036f'’‘ʻʼ`.]", "", plain)
    return unicodedata.normalize("NFC", re.sub(r"[\s_()/,\-]+", " ", plain)).split()


def _family_of_tag(name: str) -> list[str]:
    """Return the codes in other scripts of the language that the tag ``name`` starts with."""
    match = _TAG.fullmatch(_as_tag(name)[0])
    return _family(_by_name().get(match["language"], ())) if match else []


def _named(codes: Iterable[str]) -> dict[str, str]:
    return {code: _by_code()[code].name for code in codes}


def _suggest(name: str) -> list[str]:
    """Return codes of the languages whose names are most like ``name``, best first."""
    close = difflib.get_close_matches(_fold(name), _by_name(), n=_SUGGESTIONS, cutoff=0.7)
    near = [code for key in close for code in _by_name()[key]]
    return list(dict.fromkeys(near))[:_SUGGESTIONS]
