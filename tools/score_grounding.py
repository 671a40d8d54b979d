"""Precision and recall of grounding on the case file, and how it does on summaries of real systems.

    python tools/score_grounding.py [--wrong]        the project's own cases
    python tools/score_grounding.py --ablate         the same without each rule, and with ever fewer
    python tools/score_grounding.py --summaries F    sentences of real summaries, as they are (most
                                                     should pass) and spoilt (few should)

``F`` is a file of JSON lines with ``document`` and the systems' summaries of it under other names.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Set
from pathlib import Path

from toolkit.languages import ENGLISH
from toolkit.summarisers.grounding.ground import Grounding
from toolkit.summarisers.grounding.rules import RULES
from toolkit.summarisers.grounding.verdict import supported
from toolkit.text.segmentation import sentences

CASES = Path(__file__).parent.parent / "tests/cases/grounding.json"
NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}(?: [A-Z][a-z]{2,})*")
NUMBER = re.compile(r"(?<![\w.,-])\d{1,3}(?![\w.,-])")
Outcomes = Counter[tuple[bool, bool]]  # how many cases are (supported, shown)
find_support = Grounding().find_support
Spoil = Callable[[str, random.Random, list[str]], str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cases", type=Path, default=CASES)
    parser.add_argument("--wrong", action="store_true", help="show the cases it gets wrong")
    parser.add_argument("--ablate", action="store_true", help="what each rule is worth")
    parser.add_argument("--summaries", type=Path)
    parser.add_argument("--systems", default="bart,t5-base,matchsum-bert")
    args = parser.parse_args()
    if args.summaries:
        lines = score_summaries(args.summaries, args.systems.split(","), args.wrong)
    elif args.ablate:
        lines = ablate(args.cases)
    else:
        lines = score_cases(args.cases, args.wrong)
    for line in lines:
        print(line)


def score_cases(path: Path, wrong: bool) -> Iterator[str]:
    counts: dict[str, Outcomes] = {}
    for group in json.loads(path.read_text(encoding="utf-8")):
        for case in group["bullets"]:
            verdict = supported(case["text"], group["evidence"])
            counts.setdefault(group["split"], Counter())[case["supported"], verdict.ok] += 1
            if wrong and case["supported"] != verdict.ok:
                outcome = "shown" if verdict.ok else f"held back ({'; '.join(verdict.reasons)})"
                yield f"{group['split']}, {case['kind']}: {case['text']} -> {outcome}"
    for split, count in counts.items():
        precision, recall = _precision_recall(count)
        yield (
            f"{split}  bullets {count.total()}  precision of what is shown {precision:.3f}"
            f"  recall {recall:.3f}"
        )


def _precision_recall(count: Outcomes) -> tuple[float, float]:
    right, slipped, missed = count[True, True], count[False, True], count[True, False]
    return (
        right / (right + slipped) if right + slipped else 1.0,
        right / (right + missed) if right + missed else 1.0,
    )


def ablate(path: Path) -> Iterator[str]:
    """A table of precision, recall and wrong outcomes: with all rules, without each one, and
    with the one taken away at each step whose loss makes the fewest outcomes wrong."""
    judged = [
        (case["supported"], supported(case["text"], group["evidence"]))
        for group in json.loads(path.read_text(encoding="utf-8"))
        for case in group["bullets"]
    ]

    def outcomes(rules: Set[str]) -> Outcomes:
        # A verdict that no rule gave ("nothing to check") stands whatever the rules are.
        return Counter(
            (right, verdict.ok or (bool(verdict.rules) and not verdict.rules & rules))
            for right, verdict in judged
        )

    def wrong(rules: Set[str]) -> int:
        count = outcomes(rules)
        return count[False, True] + count[True, False]

    def row(name: str, rules: Set[str]) -> str:
        precision, recall = _precision_recall(outcomes(rules))
        return f"{name:40} {precision:.3f} {recall:.3f} {wrong(rules):4}"

    kept = {rule.name for rule in RULES}
    yield f"{'':40} prec. recall wrong"
    yield row(f"all {len(kept)} rules", kept)
    for name in sorted(kept, key=lambda name: (wrong(kept - {name}), name)):
        yield row(f"without {name}", kept - {name})
    while len(kept) > 1:
        least = min(sorted(kept), key=lambda name: wrong(kept - {name}))
        kept = kept - {least}
        yield row(f"{len(kept)} left, now without {least}", kept)
    yield f"the last is {', '.join(kept)}"


def score_summaries(path: Path, systems: list[str], wrong: bool) -> Iterator[str]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    articles = [dict(enumerate(_sentences(row["document"]))) for row in rows]
    names = sorted({n for a in articles for text in a.values() for n in NAME.findall(text)})
    chance = random.Random(0)
    passed: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for place, (row, article) in enumerate(zip(rows, articles, strict=True)):
        for system in systems:
            for text in _sentences(row[system]):
                total[system] += 1
                cites = find_support(text, article)
                passed[system] += bool(cites)
                if not cites:
                    if wrong:
                        yield f"{system}, held back: {text}"
                    continue
                total["another article's"] += 1
                passed["another article's"] += bool(
                    find_support(text, articles[(place + 1) % len(articles)])
                )
                for kind, spoil in SPOILERS.items():
                    other = spoil(text, chance, names)
                    if other != text:
                        total[kind] += 1
                        shown = bool(find_support(other, article))
                        passed[kind] += shown
                        if shown and wrong:
                            yield f"{kind}, shown: {other}"
    for kind, number in total.items():
        yield f"{kind}: {passed[kind]} of {number} pass ({passed[kind] / number:.3f})"


def _sentences(text: str) -> list[str]:
    """The sentences of text in the old tokenised style (" ." and "`")."""
    text = re.sub(r"\s+([.,;:!?%)])", r"\1", text.replace("`", "'").replace("( ", "("))
    text = re.sub(r" ('s|n't|'re|'ve|'ll)\b", r"\1", " ".join(text.split()))
    found = sentences(re.sub(r"(?<=[a-z]{2})\.(?=[a-z]{2})", ". ", text), ENGLISH)
    return [s for s in found if len(s.split()) > 3]


def _number(text: str, chance: random.Random, names: list[str]) -> str:
    return NUMBER.sub(lambda m: str(int(m.group()) + chance.randint(1, 9)), text, count=1)


def _name(text: str, chance: random.Random, names: list[str]) -> str:
    found = NAME.search(text)
    return text.replace(found.group(), chance.choice(names)) if found else text


def _exchange(text: str, chance: random.Random, names: list[str]) -> str:
    found = list(dict.fromkeys(NAME.findall(text)))
    if len(found) < 2 or found[0] in found[1] or found[1] in found[0]:
        return text
    one, other = found[:2]
    return re.sub(
        f"{re.escape(one)}|{re.escape(other)}",
        lambda m: other if m.group() == one else one,
        text,
    )


def _deny(text: str, chance: random.Random, names: list[str]) -> str:
    if re.search(r"\b(?:not|no|never)\b|n't", text):
        return re.sub(r"\bnot |n't|\bnever ", "", text, count=1)
    return re.sub(r"\b(was|were|is|are|has|have|will)\b(?! been)", r"\1 not", text, count=1)


def _assure(text: str, chance: random.Random, names: list[str]) -> str:
    return re.sub(r"\b(?:may|might|could)\b", "will", text, count=1)


def _date(text: str, chance: random.Random, names: list[str]) -> str:
    days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    months = ["January", "February", "April", "June", "August", "September", "October"]
    for known in (days, months):
        found = re.search(rf"\b(?:{'|'.join(known)})\b", text)
        if found:
            other = chance.choice([name for name in known if name != found.group()])
            return text.replace(found.group(), other, 1)
    return text


SPOILERS: dict[str, Spoil] = {
    "number changed": _number,
    "name from another article": _name,
    "two names exchanged": _exchange,
    "negation added or dropped": _deny,
    "may made will": _assure,
    "date changed": _date,
}


if __name__ == "__main__":
    main()
