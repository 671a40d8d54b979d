"""Score language detection by exact FLORES-200 code, averaged over languages.

Three kinds of text, each optional; nothing of them is kept:

    --table FILE.tsv     columns: document, then one language each (named in any way); the
                         rows of a document are joined to one text a language
    --declarations DIR   the Universal Declaration of Human Rights (see build_profiles.py).
                         The profiles are built from one half of each text and tested on the
                         other, both ways round
    --messages DIR       MediaWiki's messages, a JSON file a language, as in its folder
                         languages/i18n: short prose of another kind, for many languages

``--characters N`` scores N characters out of each document in place of the whole.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from unittest.mock import patch

import build_profiles

from toolkit.languages import CHINESE, ENGLISH, codes, detection, profiles, scripts

Documents = list[tuple[str, str]]
# Letters in one document; characters that stand for a syllable or word count double.
LETTERS = 1500
DENSE = {"Hang", "Hans", "Hant", "Jpan"}
PER_LANGUAGE = 6
# MediaWiki's own names for some languages.
RENAMED = {
    "crh-latn": "crh_Latn",
    "kk-cyrl": "kaz_Cyrl",
    "knc": "knc_Latn",
    "ku-latn": "kmr_Latn",
    "sr-ec": "srp_Cyrl",
    "tg-cyrl": "tgk_Cyrl",
    "tt-cyrl": "tat_Cyrl",
    "ug-arab": "uig_Arab",
    "zh-hans": "zho_Hans",
    "zh-hant": "zho_Hant",
}
MARKUP = re.compile(r"\{\{[^{}]*\}\}|\[\[[^\]|]*\||<[^>]*>|\$\d|https?:\S+|&\w+;|[\[\]{}|'=*#_]")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--table", type=Path)
    parser.add_argument("--declarations", type=Path)
    parser.add_argument("--messages", type=Path)
    parser.add_argument("--characters", type=int)
    options = parser.parse_args()
    if options.table:
        report("table", detected(from_table(options.table), options.characters))
    if options.messages:
        report("messages", detected(from_messages(options.messages), options.characters))
    if options.declarations:
        texts = build_profiles.read(options.declarations)
        report("declarations", list(cross_checked(texts, options.characters)))


def detected(documents: Documents, characters: int | None) -> list[tuple[str, str]]:
    """(true code, detected code) of each document."""
    return [
        (code, detection.detect_language(text[:characters]))
        for code, text in documents
        if scripts.writing_system(text[:characters])
    ]


def from_table(path: Path) -> Documents:
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
    languages = [codes.resolve(name).code for name in header[1:]]
    texts: dict[tuple[str, str], list[str]] = defaultdict(list)
    for document, *cells in rows:
        for code, cell in zip(languages, cells, strict=True):
            texts[document, code].append(cell)
    return [(code, "\n".join(lines)) for (_, code), lines in texts.items()]


def from_messages(folder: Path) -> Documents:
    english = set(messages(folder / "en.json"))
    documents: Documents = []
    for path in sorted(folder.glob("*.json")):
        code = message_code(path.stem)
        if code is None:
            continue
        language = codes.get(code)
        han = language.script in CHINESE
        kept = [
            line
            for line in messages(path)
            if (code == ENGLISH or line not in english)
            and scripts.writing_system(line) in (CHINESE if han else {language.script})
        ]
        documents += [(code, text) for text in pieces(kept, language.script)[:PER_LANGUAGE]]
    return documents


def message_code(name: str) -> str | None:
    """Return the code of the language of ``name``.json; None for variants and other languages."""
    if name in RENAMED:
        return RENAMED[name]
    found = codes.candidates(name) if "-" not in name else ()
    return found[0].code if len(found) == 1 else None


def messages(path: Path) -> list[str]:
    """Return the messages of one file without their markup, those of more than a few words."""
    values = json.loads(path.read_text(encoding="utf-8")).values()
    plain = (" ".join(MARKUP.sub(" ", v).split()) for v in values if isinstance(v, str))
    return list(dict.fromkeys(line for line in plain if len(line) > 25))


def pieces(lines: Iterable[str], script: str) -> list[str]:
    """``lines`` joined to documents of about ``LETTERS`` letters; what is over is left out."""
    limit = LETTERS / 2 if script in DENSE else LETTERS
    documents, current, size = [], [], 0
    for line in lines:
        current.append(line)
        size += sum(map(str.isalpha, line))
        if size >= limit:
            documents.append("\n".join(current))
            current, size = [], 0
    return documents


def cross_checked(texts: dict[str, str], characters: int | None) -> Iterable[tuple[str, str]]:
    """(true code, detected code) with profiles that have not seen the document."""
    parts = {c: pieces(t.splitlines(), codes.get(c).script) for c, t in texts.items()}
    for half in (0, 1):
        seen = {
            code: "\n".join(documents[1 - half :: 2])
            for code, documents in parts.items()
            if code not in build_profiles.WITHOUT and len(documents) > 1
        }
        # Half the text has half the counts: what stands in it once must do.
        arrays = build_profiles.build(seen, least=1)
        with patch.object(profiles, "_load", return_value=arrays):
            for code, documents in parts.items():
                unseen = [(code, text) for text in documents[half::2]]
                yield from detected(unseen, characters)


def report(name: str, pairs: list[tuple[str, str]]) -> None:
    right: dict[str, list[bool]] = defaultdict(list)
    wrong: Counter[tuple[str, str]] = Counter()
    for true, found in pairs:
        right[true].append(true == found)
        if true != found:
            wrong[true, found] += 1
    mean = sum(sum(hits) / len(hits) for hits in right.values()) / len(right)
    print(f"{name}: {mean:.3f} over {len(right)} languages, {len(pairs)} documents")
    for (true, found), times in wrong.most_common(40):
        print(f"  {true} taken for {found}: {times} of {len(right[true])}")


if __name__ == "__main__":
    main()
