"""The form of a rule of grounding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import update_wrapper

from toolkit.summarisers.grounding.reading import read_bullet
from toolkit.summarisers.grounding.sentence import Sentence


class Rule:
    """One way in which a bullet may be wrong, made of a function by decorating it.

    The function takes a sentence of the bullet and the sentences of the evidence, and returns the
    reasons, in English, why the evidence does not say it; none where it finds nothing wrong.
    """

    def __init__(self, find: Callable[[Sentence, Sequence[Sentence]], list[str]]) -> None:
        update_wrapper(self, find)
        self.name = find.__name__
        self._find = find

    def __call__(self, claim: Sentence, source: Sequence[Sentence]) -> list[str]:
        return self._find(claim, source)

    def reasons(self, bullet: str, *evidence: str) -> list[str]:
        """Return the reasons that this rule alone gives against ``bullet``."""
        claims, source = read_bullet(bullet, evidence)
        return [reason for claim in claims for reason in self(claim, source)]
