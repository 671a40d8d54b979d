"""Score decoding: the share of texts that come back exactly, by encoding.

    python tools/score_encodings.py PAGES.jsonl.gz [--characters N] [--misses]

Each record's ``gold`` body, in its ``language``, is written in every legacy encoding that can hold
it and in the ones that are decoded twice, and read back. Characters that an encoding of the
language usually lacks (curly quotes, dashes) are first made plain, as editors did. Texts that are
as they should be, also such as quote spoilt characters, must come back as they are.
"""

from __future__ import annotations

import argparse
import gzip
import json
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import ftfy.bad_codecs  # noqa: F401  (its import registers the codecs named sloppy-...)

from toolkit.errors import ToolkitError
from toolkit.readers.encodings import decode

WESTERN = ["cp1252", "iso8859-1", "iso8859-15", "mac-roman", "cp850", "cp437", "cp858"]
CENTRAL = ["cp1250", "iso8859-2", "iso8859-16", "mac-latin2", "cp852"]
CYRILLIC = ["cp1251", "koi8-r", "koi8-u", "iso8859-5", "cp866", "mac-cyrillic"]
BALTIC = ["cp1257", "iso8859-13", "iso8859-4", "cp775"]
ENCODINGS = {
    "ar": ["cp1256", "iso8859-6", "cp720", "mac-arabic"],
    "tr": ["cp1254", "iso8859-9", "mac-turkish", "cp857"],
    "ja": ["cp932", "euc_jp", "iso2022_jp"],
    "ko": ["cp949", "johab", "iso2022_kr"],
    "zh": ["gb18030", "gbk", "hz"],
    "tw": ["big5", "big5hkscs"],
    "el": ["cp1253", "iso8859-7", "mac-greek", "cp737", "cp869"],
    "he": ["cp1255", "iso8859-8", "cp862"],
    "th": ["cp874"],
    "vi": ["cp1258"],
    **dict.fromkeys(["lt", "lv", "et"], BALTIC),
    **dict.fromkeys(["cs", "pl", "sk", "hu", "hr", "sl", "ro", "bs"], CENTRAL),
    **dict.fromkeys(["ru", "uk", "bg", "mk", "be", "sr", "kk"], CYRILLIC),
}
READ_AS = [
    "latin-1",
    "sloppy-windows-1252",
    "sloppy-windows-1250",
    "sloppy-windows-1251",
    "mac-roman",
    "cp437",
]
PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..."})
QUOTING = [
    "Readers saw Ã© instead of an accent.",
    'The page shows "Ã©" and "â€™" where accents should be.',
    "Signs such as Ã or â€ are left over when UTF-8 is read as windows-1252.",
    "The bug turned “café” into “cafÃ©”, said the author.",
    "O jornal escreveu que não há Ã© no texto e que a maçã está em São Paulo.",
    "PÃO E MAÇÃ: A FEIRA DE SÃO JOÃO ABRE HOJE EM LIMÃO",
    "La cadena â€™ aparece cuando el año y la mañana se leen mal.",
    "SCHÖNE GRÜẞE AUS KÖLN – DIE MÜNCHNER «ÄÖÜ»",
]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pages", type=Path)
    parser.add_argument("--characters", type=int)
    parser.add_argument("--per-language", type=int, default=3)
    parser.add_argument("--misses", action="store_true")
    options = parser.parse_args()
    texts = list(bodies(options.pages, options.characters, options.per_language))
    right: dict[str, list[bool]] = defaultdict(list)
    for language, body in texts:
        for name, data, expected in spellings(language, body):
            read = reading(data)
            right[name].append(same(read, expected))
            if options.misses and not right[name][-1]:
                report(language, name, read, expected)
    for name, marks in sorted(right.items()):
        print(f"{name:32}{sum(marks):5} of {len(marks)}")
    totals = [
        [mark for name, marks in right.items() for mark in marks if ("twice" in name) is twice]
        for twice in (False, True)
    ]
    for kind, marks in zip(("legacy", "decoded twice"), totals, strict=True):
        print(f"{kind:32}{sum(marks):5} of {len(marks)}")
    as_they_are = [body for _, body in texts] + QUOTING
    false = [text for text in as_they_are if reading(text.encode()) != text]
    print(f"false mends{'':21}{len(false):5} of {len(as_they_are)}", *(f[:60] for f in false))


def bodies(path: Path, characters: int | None, most: int) -> Iterator[tuple[str, str]]:
    taken: dict[str, int] = defaultdict(int)
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            if record["gold"] and taken[record["language"]] < most:
                taken[record["language"]] += 1
                body = unicodedata.normalize("NFC", record["gold"]).replace("\r\n", "\n")
                yield record["language"], body[:characters].strip()


def spellings(language: str, body: str) -> Iterator[tuple[str, bytes, str]]:
    """Yield the name of each way to store ``body``, the bytes, and what must be read from them."""
    for encoding in ENCODINGS.get(language, WESTERN):
        for text in (body, body.translate(PLAIN)):
            try:
                data = text.encode(encoding)
            except UnicodeEncodeError:
                continue
            if not data.isascii() or "iso2022" in encoding or encoding == "hz":
                yield encoding, data, text
            break
    if body.isascii():
        return
    for name in READ_AS:
        try:
            spoilt = body.encode().decode(name)
        except UnicodeDecodeError:
            continue
        yield f"twice, {name}", spoilt.encode(), body


def reading(data: bytes) -> str:
    try:
        return decode(data, "a.txt")
    except ToolkitError as error:
        return f"refused: {error}"


def same(read: str, expected: str) -> bool:
    return unicodedata.normalize("NFC", read) == expected


def report(language: str, name: str, read: str, expected: str) -> None:
    at = next((i for i, (a, b) in enumerate(zip(read, expected, strict=False)) if a != b), 0)
    start = max(at - 15, 0)
    print(f"  {language} {name}: {read[start : at + 15]!r} for {expected[start : at + 15]!r}")


if __name__ == "__main__":
    main()
