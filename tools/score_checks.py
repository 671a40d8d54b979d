"""Recall and precision of the checks on translations.

    python tools/score_checks.py
    python tools/score_checks.py --parallel ntrex.tsv

The first scores them on the case file, where every hypothesis has the flags that it deserves.
The second takes human translations, one segment a line (tab-separated, with a header; column
``eng`` and columns named by ISO 639-3 codes): a flag on one is a false alarm, and of texts
that were then spoilt on purpose each should be flagged.
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

from toolkit.data import Hypothesis
from toolkit.languages import ENGLISH, codes
from toolkit.translators.checks.rules import EXPLANATIONS, check

CASES = Path(__file__).parent.parent / "tests" / "cases" / "checks.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--cases", type=Path, default=CASES)
    parser.add_argument("--parallel", type=Path, help="a table of human translations")
    parser.add_argument("--show", action="store_true", help="print what is not as it should be")
    options = parser.parse_args()
    if options.parallel:
        score_parallel(options.parallel, show=options.show)
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
        for name, spoil in SPOILERS.items():
            chance = random.Random(5)
            spoilt = [(s, text) for s, e in pairs if (text := spoil(s, e, chance))]
            caught = [
                bool(check(s, Hypothesis(text), source_language=found[0])) for s, text in spoilt
            ]
            print(f"    {name:28} {len(spoilt):5} {sum(caught) / max(len(caught), 1):6.1%} caught")


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


if __name__ == "__main__":
    main()
