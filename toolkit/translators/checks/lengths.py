"""Says how long a translation should be, and whether it is."""

from __future__ import annotations

import math
import re

from toolkit.languages import script_of

# English characters for one character of each script. Gujarati, Hindi and Arabic were measured
# on news (NTREX-128). The others lie between what is usual in news and what the Universal
# Declaration of Human Rights gives, whose legal language is about 5 % longer.
_SCRIPTS = {
    "Arab": 1.05, "Armn": 0.94, "Beng": 1.0, "Cyrl": 0.96, "Deva": 0.96, "Ethi": 1.55,
    "Geor": 0.93, "Grek": 0.87, "Gujr": 1.0, "Guru": 0.98, "Hang": 2.05, "Hans": 3.3,
    "Hant": 3.4, "Hebr": 1.3, "Jpan": 2.4, "Khmr": 0.9, "Knda": 0.95, "Laoo": 0.98,
    "Latn": 0.93, "Mlym": 0.91, "Mymr": 0.74, "Olck": 0.9, "Orya": 0.96, "Sinh": 0.98,
    "Taml": 0.82, "Telu": 0.96, "Tfng": 1.0, "Thai": 1.06, "Tibt": 0.82,
}  # fmt: skip
# Languages that differ from others in their script.
_LANGUAGES = {
    "ace_Arab": 0.94, "aka_Latn": 1.01, "ayr_Latn": 1.05, "bam_Latn": 1.1, "ban_Latn": 0.86,
    "bho_Deva": 1.06, "ces_Latn": 0.98, "deu_Latn": 0.88, "eng_Latn": 1.0, "est_Latn": 0.98,
    "fra_Latn": 0.88, "hau_Latn": 0.84, "hun_Latn": 0.88, "ilo_Latn": 0.86, "ind_Latn": 0.88,
    "ita_Latn": 0.88, "jav_Latn": 0.84, "kbp_Latn": 1.15, "kea_Latn": 0.86, "kin_Latn": 1.01,
    "kmr_Latn": 1.01, "knc_Latn": 1.0, "ltz_Latn": 0.87, "mag_Deva": 1.09, "mai_Deva": 1.03,
    "mri_Latn": 0.78, "nld_Latn": 0.88, "nob_Latn": 0.98, "npi_Deva": 1.03, "nso_Latn": 0.87,
    "ron_Latn": 0.88, "slk_Latn": 0.98, "smo_Latn": 0.82, "spa_Latn": 0.88, "srd_Latn": 0.86,
    "srp_Cyrl": 1.0, "ssw_Latn": 0.78, "swe_Latn": 0.97, "swh_Latn": 0.98, "tgl_Latn": 0.85,
    "tsn_Latn": 0.87, "tso_Latn": 0.87, "tur_Latn": 0.97, "uig_Arab": 0.92, "umb_Latn": 1.06,
    "wol_Latn": 1.05, "ydd_Hebr": 1.0,
}  # fmt: skip

# English characters for one, above which a script is one of syllables or of whole words.
_DENSE = 1.5
# English characters for one character of Chinese and for one of kana in Japanese, which on average
# give the figure above; of every other help page the spread of lengths fell from .27 to .22.
_JAPANESE_HAN = 3.6
_JAPANESE_KANA = 1.6
_HAN = re.compile("[㐀-鿿々]+")
_ASCII = re.compile(r"[!-~]+")
# A text of n characters may be exp(-(_SHORT + _SPREAD / sqrt n)) as long as expected, or
# exp(_LONG + _SPREAD / sqrt n): set where human translations of news fall outside one time in
# two hundred.
_SHORT = 0.28
_LONG = 0.36
_SPREAD = 2.4
# Characters of output up to which an excess of length says nothing.
_TOO_SHORT_TO_TELL = 24


def expected(source: str, source_language: str, target_language: str) -> float:
    """Return the usual length of a translation of ``source``, in characters."""
    density = _density(source_language)
    # Letters and digits of ours in Chinese, Japanese or Korean are as many in English.
    ours = sum(map(len, _ASCII.findall(source))) if density > _DENSE else 0
    if script_of(source_language) == "Jpan":
        words = sum(map(len, _HAN.findall(source)))
        length = words * _JAPANESE_HAN + (len(source) - ours - words) * _JAPANESE_KANA
    else:
        length = (len(source) - ours) * density
    length = (length + ours) / _density(target_language)
    return max(length, 1.0)


def _density(language: str) -> float:
    return _LANGUAGES.get(language) or _SCRIPTS.get(script_of(language), 1.0)


def is_off(output: str, usual: float) -> bool:
    """Return whether ``output`` is so short or long that something was dropped or added. The
    shorter a text is, the more its length varies."""
    spread = _SPREAD / math.sqrt(usual)
    ratio = len(output.strip()) / usual
    if ratio > 1:
        return ratio > math.exp(_LONG + spread) and len(output) > _TOO_SHORT_TO_TELL
    return ratio < math.exp(-_SHORT - spread)
