"""Languages by their FLORES-200 codes (``guj_Gujr``), and what such a code says by itself."""

# The language that digests are written in.
ENGLISH = "eng_Latn"
# Writing systems of Chinese, in which one character is a word or a part of one.
CHINESE = frozenset({"Hans", "Hant"})
# Writing systems that put no space between words.
UNSPACED = CHINESE | {"Jpan", "Khmr", "Laoo", "Mymr", "Thai", "Tibt"}

# Codes whose last part is not the script that the text is in.
_TRUE_SCRIPT = {"sat_Beng": "Olck"}


def script_of(code: str) -> str:
    """Return the ISO 15924 script of the text that a FLORES-200 ``code`` stands for.

    >>> script_of("guj_Gujr"), script_of("sat_Beng")
    ('Gujr', 'Olck')
    """
    return _TRUE_SCRIPT.get(code) or code.rpartition("_")[2]


def iso639_3_of(code: str) -> str:
    """Return the ISO 639-3 part of a FLORES-200 ``code``.

    >>> iso639_3_of("guj_Gujr")
    'guj'
    """
    return code.partition("_")[0]
