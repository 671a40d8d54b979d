"""Precision and recall of grounding on the case file.

python tools/score_grounding.py                        the project's own cases
python tools/score_grounding.py --wrong                with the cases that it gets wrong
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

from toolkit.summarisers.grounding import supported

CASES = Path(__file__).parent.parent / "tests/cases/grounding.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=Path, default=CASES)
    parser.add_argument("--split", help="only this part of the cases (dev or held-out)")
    parser.add_argument("--wrong", action="store_true", help="show the cases it gets wrong")
    args = parser.parse_args()
    counts: dict[str, Counter[tuple[bool, bool]]] = {}
    for group in json.loads(args.cases.read_text(encoding="utf-8")):
        if args.split not in (None, group["split"]):
            continue
        for case in group["bullets"]:
            verdict = supported(case["text"], group["evidence"])
            counts.setdefault(group["split"], Counter())[case["supported"], verdict.ok] += 1
            if args.wrong and case["supported"] != verdict.ok:
                outcome = "shown" if verdict.ok else f"held back ({'; '.join(verdict.reasons)})"
                print(f"{case['kind']}: {case['text']} -> {outcome}")
    for split, count in counts.items():
        print(split, f"bullets {count.total()}", *_figures(count), sep="  ")


def _figures(count: Counter[tuple[bool, bool]]) -> tuple[str, str]:
    right, wrong, missed = count[True, True], count[False, True], count[True, False]
    precision = right / (right + wrong) if right + wrong else 1.0
    recall = right / (right + missed) if right + missed else 1.0
    return f"precision of what is shown {precision:.3f}", f"recall {recall:.3f}"


if __name__ == "__main__":
    main()
