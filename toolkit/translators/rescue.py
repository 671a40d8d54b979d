"""Decode again, another way, what the checks find wrong."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from toolkit.data import Hypothesis
from toolkit.translators.base import Translator
from toolkit.translators.checks import CHECKS_VERSION, RETRY, SEVERITY, check


class Checked:
    """A translator whose every hypothesis is checked, and decoded again where that may help.

    Rows with a flag of ``RETRY`` go to the first of ``retries``, those that still have one to the
    next, and so on; the hypothesis with the least grave flags is kept, and of equals the one
    with the higher score. Its flags stay on it. ``retried`` counts the rows that were decoded
    again and ``rescued`` those of them that came out free of such flags, over all calls.
    """

    def __init__(self, first: Translator, retries: Sequence[Translator] = ()) -> None:
        self._first = first
        self._retries = tuple(retries)
        parts = [first.signature, f"checks{CHECKS_VERSION}"]
        parts += [f"retry[{other.signature}]" for other in self._retries]
        self.signature = " ".join(parts)
        self.notice = first.notice
        self.retried = 0
        self.rescued = 0

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[Hypothesis]:
        """See ``Translator.translate``; the flags are those of ``checks.EXPLANATIONS``, after any
        that the engine gave."""

        def decode(translator: Translator, rows: Sequence[int]) -> list[Hypothesis]:
            found = translator.translate([texts[i] for i in rows], source=source, target=target)
            return [
                replace(
                    hypothesis,
                    flags=check(
                        texts[i], hypothesis, source_language=source, target_language=target
                    ),
                )
                for i, hypothesis in zip(rows, found, strict=True)
            ]

        best = decode(self._first, range(len(texts)))
        failing = [i for i, hypothesis in enumerate(best) if _may_improve(hypothesis)]
        again = len(failing) if self._retries else 0
        for translator in self._retries:
            if not failing:
                break
            for i, hypothesis in zip(failing, decode(translator, failing), strict=True):
                best[i] = min(best[i], hypothesis, key=_rank)
            failing = [i for i in failing if _may_improve(best[i])]
        self.retried += again
        self.rescued += again - len(failing) if again else 0
        return best


def _may_improve(hypothesis: Hypothesis) -> bool:
    return not RETRY.isdisjoint(hypothesis.flags)


def _rank(hypothesis: Hypothesis) -> tuple[int, float]:
    """Lower is better."""
    score = hypothesis.score
    unsure = -score if score is not None and not math.isnan(score) else math.inf
    return sum(SEVERITY.get(flag, 1) for flag in hypothesis.flags), unsure
