"""Decode again, another way, what the checks find wrong."""

from __future__ import annotations

import math
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

from toolkit.data import Hypothesis
from toolkit.translators.base import Translator
from toolkit.translators.checks.rules import CHECKS_VERSION, RETRY, SEVERITY, check


@dataclass(frozen=True, slots=True)
class Retry:
    """Another way of decoding, for rows that have one of ``flags``."""

    translator: Translator
    flags: Set[str] = RETRY

    @property
    def signature(self) -> str:
        only = "" if self.flags == RETRY else f" for {'+'.join(sorted(self.flags))}"
        return f"retry[{self.translator.signature}{only}]"


class Checked:
    """A translator whose every hypothesis is checked, and decoded again where that may help.

    ``retries`` are tried in turn, each on the rows that still have a flag of its own; the
    hypothesis with the least grave flags is kept, and of equals the one with the higher score.
    Its flags stay on it. ``retried`` counts the rows that were decoded again and ``rescued``
    those of them that came out free of the flags of ``RETRY``, over all calls.
    """

    def __init__(self, first: Translator, retries: Sequence[Retry] = ()) -> None:
        self._first = first
        self._retries = tuple(retries)
        parts = [first.signature, f"checks{CHECKS_VERSION}"]
        parts += [retry.signature for retry in self._retries]
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
        again: set[int] = set()
        for retry in self._retries:
            failing = [i for i, h in enumerate(best) if not retry.flags.isdisjoint(h.flags)]
            if not failing:
                continue
            again.update(failing)
            for i, hypothesis in zip(failing, decode(retry.translator, failing), strict=True):
                best[i] = min(best[i], hypothesis, key=_rank)
        self.retried += len(again)
        self.rescued += sum(RETRY.isdisjoint(best[i].flags) for i in again)
        return best


def _rank(hypothesis: Hypothesis) -> tuple[int, float]:
    """Lower is better."""
    score = hypothesis.score
    unsure = -score if score is not None and not math.isnan(score) else math.inf
    return sum(SEVERITY.get(flag, 1) for flag in hypothesis.flags), unsure
