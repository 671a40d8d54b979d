"""Score what must stay as it is, and words that were left untranslated, on human translations.

    python tools/score_kept.py --parallel ntrex.tsv
    python tools/score_kept.py --help-pages FOLDER

The first puts an invented address, handle, hashtag, placeholder or piece of code into each text and
its English (a table as for ``score_checks.py``) and alters it there: of each way of altering it
prints how often it is found, put back, and put back wrongly. The second takes pairs in languages of
Latin script (``help_pairs.py``) and leaves words of the source in the English, or repeats some.
"""

from __future__ import annotations

import argparse
import random
import re
from collections import defaultdict
from pathlib import Path

from fit_meaning import Pair, table_pairs
from help_pairs import help_pairs

from toolkit.data import Hypothesis
from toolkit.languages import script_of
from toolkit.translators.checks.rules import check
from toolkit.translators.checks.verbatim import kept_differ, put_back

WORDS = ["river", "market", "school", "minister", "harbour", "garden"]
WORDS += ["window", "letter", "coffee", "police", "energy"]
FOREIGN = ["fluss", "mercado", "école", "министр"]
PLACEHOLDERS = ["%s", "%(name)s", "{count}", "{0}", "${user}", "<b>", "{{title}}", "%d"]
# Share of the texts that each kind of address is put into.
SHARE = 0.25
# Pairs of a language that are spoilt.
PAIRS = 150
# Words of the shortest text that is spoilt.
SHORTEST = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--parallel", type=Path, help="a table of human translations")
    parser.add_argument("--help-pages", type=Path, help="a folder of unpacked help packages")
    options = parser.parse_args()
    if options.parallel:
        score_addresses(table_pairs(options.parallel))
    if options.help_pages:
        score_words_left(help_pairs(options.help_pages))


def invented(chance: random.Random) -> list[str]:
    """Return something of each kind that must stay as it is."""
    one, two, three = (chance.choice(WORDS) for _ in range(3))
    page = chance.choice(["", f"/{two}", f"/{two}/2024/05/{three}.html", "/?id=4711"])
    return [
        f"https://{one}{chance.choice(['.example', '.org', '.gov.in'])}{page}",
        f"www.{one}.com{page}",
        f"{one}.{two}@{three}.org",
        f"@{one.title()}{chance.randint(1, 99)}",
        f"#{one.title()}{two.title()}",
        chance.choice(PLACEHOLDERS),
        f"`{one}_{two}()`",
    ]


def altered(item: str, chance: random.Random) -> dict[str, str]:
    """Return ``item`` altered in each way that changes it."""
    letters = [i for i, char in enumerate(item) if char.isalnum() and i > 0]
    at = chance.choice([i for i in letters if i > 8] or letters or [len(item) // 2])
    gap = chance.choice([i for i, char in enumerate(item) if char in "./@#:%{`<$"])
    forms = {
        "a letter changed": item[:at] + ("q" if item[at].lower() != "q" else "x") + item[at + 1 :],
        "a letter lost": item[:at] + item[at + 1 :],
        "spaces": f"{item[: gap + 1]} {item[gap + 1 :]}",
        "capitals": item.swapcase(),
        "a word translated": re.sub("|".join(WORDS), chance.choice(FOREIGN), item, count=1),
        "lost": "",
    }
    return {name: form for name, form in forms.items() if form.strip() != item}


def score_addresses(pairs: dict[str, list[Pair]]) -> None:
    """Print how often an altered address is found, put back, and put back wrongly."""
    chance = random.Random(7)
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    right = flagged = 0
    for source, english in (pair for known in pairs.values() for pair in known):
        for item in invented(chance):
            if chance.random() > SHARE:
                continue
            text, english_with = _inserted(source, item, chance), english.split()
            place = chance.randint(1, len(english_with))
            sound = " ".join([*english_with[:place], item, *english_with[place:]])
            right, flagged = right + 1, flagged + kept_differ(text, sound)
            for name, form in altered(item, chance).items():
                spoilt = " ".join([*english_with[:place], *form.split(" "), *english_with[place:]])
                mended = put_back(text, spoilt)
                outcome = kept_differ(text, spoilt), mended == sound, mended not in (sound, spoilt)
                counts[name] = [
                    n + more for n, more in zip(counts[name], (1, *outcome), strict=True)
                ]
    print(f"{right} right ones, {flagged} flagged")
    for name, (count, found, back, wrong) in counts.items():
        rates = f"found {found / count:.3f}, put back {back / count:.3f}, {wrong} wrongly"
        print(f"{name:18} {count:6} {rates}")


def _inserted(text: str, item: str, chance: random.Random) -> str:
    words = text.split()
    place = chance.randint(1, len(words))
    return " ".join([*words[:place], item, *words[place:]])


def score_words_left(pairs: dict[str, list[Pair]]) -> None:
    """Print by language how many human pairs have a flag for words left over or repetitions, and
    how many spoilt ones get a flag that they had not."""
    chance = random.Random(3)
    for language, known in pairs.items():
        if script_of(language) != "Latn":
            continue
        alarms = 0
        found: dict[str, list[bool]] = defaultdict(list)
        for source, english in known[:PAIRS]:
            before = set(check(source, Hypothesis(english), source_language=language))
            alarms += not before.isdisjoint({"untranslated", "copied", "loop"})
            for name, text in spoilt_by_words(source.split(), english.split(), chance).items():
                flags = check(source, Hypothesis(text), source_language=language)
                found[name].append(bool(set(flags) - before))
        rates = ", ".join(f"{name} {sum(hits) / len(hits):.2f}" for name, hits in found.items())
        print(f"{language}: {alarms} of {len(known[:PAIRS])} flagged; found: {rates}")


def spoilt_by_words(source: list[str], english: list[str], chance: random.Random) -> dict[str, str]:
    """Return an English text with words of its source in it, or with words repeated."""
    if min(len(source), len(english)) < SHORTEST:
        return {}
    cut, place = chance.randint(1, len(english) - 2), chance.randint(1, len(source) - 1)
    small = [word for word in source if word.isalpha() and word.islower() and len(word) > 3]
    texts = {
        "half": english[: len(english) // 2] + source[len(source) // 2 :],
        "last four words": english[:-4] + source[-4:],
        "two words": english[:cut] + source[place - 1 : place + 1] + english[cut:],
        "two that alternate": english[:cut] + english[cut : cut + 2] * 4 + english[cut:],
        "a phrase twice": english[: cut + 2] + english[cut - 1 : cut + 2] + english[cut + 2 :],
    }
    if small:
        texts["one word"] = [*english[:cut], chance.choice(small), *english[cut:]]
    return {name: " ".join(words) for name, words in texts.items()}


if __name__ == "__main__":
    main()
