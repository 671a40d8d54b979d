"""Recall and precision of the checks on translations.

    python tools/score_checks.py
    python tools/score_checks.py --parallel ntrex.tsv
    python tools/score_checks.py --help-pages FOLDER

The first scores them on the case file, where every hypothesis has the flags that it deserves.
The second takes human translations, one segment a line (tab-separated, with a header; column
``eng`` and columns named by ISO 639-3 codes): a flag on one is a false alarm, and of texts
that were then spoilt on purpose each should be flagged. The third does the same with help pages
(``help_pairs.py``), a row for each language, those with most false alarms first.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from help_pairs import help_pairs

from toolkit.data import Hypothesis
from toolkit.languages import ENGLISH, codes
from toolkit.translators.checks.rules import EXPLANATIONS, check

CASES = Path(__file__).parent.parent / "tests" / "cases" / "checks.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--cases", type=Path, default=CASES)
    parser.add_argument("--parallel", type=Path, help="a table of human translations")
    parser.add_argument("--help-pages", type=Path, help="a folder of unpacked help packages")
    parser.add_argument("--show", action="store_true", help="print what is not as it should be")
    options = parser.parse_args()
    if options.parallel:
        score_parallel(options.parallel, show=options.show)
    elif options.help_pages:
        score_help_pages(options.help_pages, show=options.show)
    else:
        score_cases(options.cases, show=options.show)


def score_cases(path: Path, *, show: bool) -> None:
    """Print recall and precision of each check on a case file."""
    right: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    cases = json.loads(path.read_text(encoding="utf-8"))
    for case in cases:
        hypothesis = Hypothesis(case["hypothesis"], case.get("score"), tuple(case.get("given", ())))
        flags = set(
            check(
                case["source"],
                hypothesis,
                source_language=case["language"],
                target_language=case.get("target", ENGLISH),
            )
        )
        due = set(case["flags"])
        wanted.update(due)
        found.update(flags)
        right.update(due & flags)
        if show and flags != due:
            print(sorted(flags), "not", sorted(due), case)
    tongues = {case["language"] for case in cases}
    print(f"{len(cases)} hypotheses in {len(tongues)} languages")
    print("check       cases  recall  precision")
    for flag in EXPLANATIONS:
        recall = right[flag] / max(wanted[flag], 1)
        precision = right[flag] / max(found[flag], 1)
        print(f"{flag:10} {wanted[flag]:6} {recall:7.2f} {precision:10.2f}")


def score_parallel(path: Path, *, show: bool) -> None:
    """Print how often human translations, and how often spoilt ones, are flagged."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    for column in rows[0]:
        found = [entry.code for entry in codes.candidates(column)]
        if column == "eng" or not found:
            continue
        pairs = [(row[column], row["eng"]) for row in rows]
        check(*_first(pairs), source_language=found[0])  # loads the words of the language
        start = time.process_time()
        flags = [check(s, Hypothesis(e), source_language=found[0]) for s, e in pairs]
        each = (time.process_time() - start) / len(pairs) * 1000
        for pair, given in zip(pairs, flags, strict=True):
            if show and given:
                print(found[0], *given, *pair, sep=" | ")
        counts = Counter(flag for given in flags for flag in given)
        rate = sum(map(bool, flags)) / len(flags)
        print(
            f"{found[0]}: {len(pairs)} texts, {rate:.1%} flagged {dict(counts)}, {each:.2f} ms each"
        )
        for name, spoil in (SPOILERS | SPOILT_MEANING).items():
            chance = random.Random(5)
            spoilt = [(s, text) for s, e in pairs if (text := spoil(s, e, chance))]
            caught = [
                bool(check(s, Hypothesis(text), source_language=found[0])) for s, text in spoilt
            ]
            print(f"    {name:28} {len(spoilt):5} {sum(caught) / max(len(caught), 1):6.1%} caught")


def score_help_pages(root: Path, *, show: bool) -> None:
    """Print a table of languages: share of pairs with a flag, and of spoilt ones that get a flag
    which they had not."""
    rows = []
    for language, pairs in help_pairs(root).items():
        check(*_first(pairs), source_language=language)
        start = time.process_time()
        before = [set(check(s, Hypothesis(e), source_language=language)) for s, e in pairs]
        each = (time.process_time() - start) / len(pairs) * 1000
        counts = Counter(flag for flags in before for flag in flags)
        for pair, flags in zip(pairs, before, strict=True):
            if show and flags:
                print(language, *flags, *pair, sep=" | ")
        cells = []
        for spoil in (*SPOILT_MEANING.values(), _other_of(pairs)):
            chance = random.Random(5)
            caught = []
            for (source, english), flags in zip(pairs, before, strict=True):
                if text := spoil(source, english, chance):
                    found = set(check(source, Hypothesis(text), source_language=language))
                    caught.append(bool(found - flags))
            cells.append(f"{sum(caught) / len(caught):.2f} of {len(caught)}" if caught else "")
        rows.append((sum(map(bool, before)) / len(pairs), language, cells, counts, each))
    print("| language | flagged |", " | ".join([*SPOILT_MEANING, "another sentence"]), "| ms |")
    for rate, language, cells, counts, each in sorted(rows, reverse=True):
        told = ", ".join(f"{flag} {count}" for flag, count in counts.most_common(4))
        print(f"| {language} | {rate:.1%} ({told}) |", " | ".join(cells), f"| {each:.2f} |")


def _other_of(pairs: list[tuple[str, str]]) -> Callable[[str, str, random.Random], str]:
    """Return a spoiler that takes the English of another pair, of like length."""

    def other(source: str, english: str, chance: random.Random) -> str:
        near = [e for _, e in pairs if e != english and abs(len(e) - len(english)) < 8]
        return chance.choice(near) if near else ""

    return other


def _first(pairs: list[tuple[str, str]]) -> tuple[str, Hypothesis]:
    return pairs[0][0], Hypothesis(pairs[0][1])


def _digit(source: str, english: str, chance: random.Random) -> str:
    digits = [match.start() for match in re.finditer(r"\d", english)]
    if not digits:
        return ""
    at = chance.choice(digits)
    digit = (int(english[at]) + chance.randint(1, 9)) % 10
    return f"{english[:at]}{digit}{english[at + 1 :]}"


def _first_half(source: str, english: str, chance: random.Random) -> str:
    words = english.split()
    return " ".join(words[: len(words) // 2]) if len(words) > 11 else ""


def _first_half_ended(source: str, english: str, chance: random.Random) -> str:
    half = _first_half(source, english, chance)
    return half and half.rstrip(",;:- ") + "."


def _second_half(source: str, english: str, chance: random.Random) -> str:
    words = english.split()
    return " ".join(words[len(words) // 2 :]) if len(words) > 11 else ""


def _repeated(source: str, english: str, chance: random.Random) -> str:
    words = english.split()
    if len(words) < 6:
        return ""
    size = chance.randint(2, 5)
    at = chance.randint(0, len(words) - size)
    return " ".join(words[: at + size] + words[at:])


def _left(source: str, english: str, chance: random.Random) -> str:
    words, foreign = english.split(), source.split()
    at, start = chance.randint(0, len(words)), chance.randint(0, len(foreign) - 1)
    return " ".join(words[:at] + foreign[start : start + 2] + words[at:])


def _negation_removed(source: str, english: str, chance: random.Random) -> str:
    if len(re.findall(r"\b(?:not|no|never|cannot)\b|n['’]t\b", english)) != 1:
        return ""
    text = re.sub(r"\b(?:do|does|did)(?: not|n['’]t) ", "", english)
    text = re.sub(
        r"\b([Cc]an|[Cc]ould|is|are|was|were|will|should)(?:not| not|n['’]t)\b", r"\1", text
    )
    text = re.sub(r"\b(?:not|never) |\b[Nn]o (?=[a-z])", "", text)
    return text if text != english else ""


def _negation_added(source: str, english: str, chance: random.Random) -> str:
    verbs = r"\b(is|are|was|were|will|should|can|could|must|has|have)\b(?! not)"
    if re.search(r"\b(?:not|no|never|none|nothing)\b|n['’]t\b", english):
        return ""
    text = re.sub(verbs, r"\1 not", english, count=1)
    return text if text != english else ""


def _other_country(source: str, english: str, chance: random.Random) -> str:
    names = "French German Russian Chinese Japanese Turkish Spanish Italian Greek American British"
    names += " France Germany Russia China Japan Turkey Spain Italy Greece London Paris Berlin"
    found = re.search(rf"\b(?:{'|'.join(names.split())})\b", english)
    if not found:
        return ""
    return english[: found.start()] + "Peruvian" + english[found.end() :]


def _other_unit(source: str, english: str, chance: random.Random) -> str:
    others = {"seconds": "weeks", "minutes": "miles", "hours": "euros", "days": "kilometres"}
    others |= {"years": "hours", "months": "pounds", "inches": "hours", "dollars": "euros"}
    found = re.search(rf"(?<=\d )(?:{'|'.join(others)})\b", english)
    if not found:
        return ""
    return english[: found.start()] + others[found[0]] + english[found.end() :]


def _thousandfold(source: str, english: str, chance: random.Random) -> str:
    found = re.search(r"(?<![\w.,/-])[1-9]\d{0,2}(?:,\d{3})*(?![\w.,%/-])", english)
    return f"{english[: found.end()]},000{english[found.end() :]}" if found else ""


def _other_address(source: str, english: str, chance: random.Random) -> str:
    found = re.search(r"(?<=www\.)\w|(?<=://)\w|(?<=@)\w", english)
    return f"{english[: found.start()]}q{english[found.start() :]}" if found else ""


def _other_month(source: str, english: str, chance: random.Random) -> str:
    return _other(_MONTHS, english, chance)


def _other_weekday(source: str, english: str, chance: random.Random) -> str:
    return _other(_WEEKDAYS, english, chance)


def _other(names: str, english: str, chance: random.Random) -> str:
    known = names.split()
    found = re.search(rf"\b(?:{'|'.join(known)})\b", english)
    if not found:
        return ""
    other = chance.choice([name for name in known if name not in english])
    return f"{english[: found.start()]}{other}{english[found.end() :]}"


_MONTHS = "January February April June July August September October November December"
_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
SPOILERS: dict[str, Callable[[str, str, random.Random], str]] = {
    "a digit changed": _digit,
    "a month changed": _other_month,
    "a weekday changed": _other_weekday,
    "second half lost": _first_half,
    "second half lost, full stop": _first_half_ended,
    "first half lost": _second_half,
    "a phrase said twice": _repeated,
    "words left in the original": _left,
}
SPOILT_MEANING: dict[str, Callable[[str, str, random.Random], str]] = {
    "not removed": _negation_removed,
    "not added": _negation_added,
    "country": _other_country,
    "unit": _other_unit,
    "times 1,000": _thousandfold,
    "address": _other_address,
}


if __name__ == "__main__":
    main()
