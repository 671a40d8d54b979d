"""Whether sentences of an article say what a bullet says.

By the rules a bullet passes when every content word in it stands in its evidence (inflected,
derived or as a synonym), its numbers, units, dates and names stand there and belong to the same
things, polarity and modality are kept, and nobody's part was given to another. The rules go by
words and their order and understand nothing. A ``Verifier`` can be asked as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from toolkit.summarisers.grounding.reading import read_bullet
from toolkit.summarisers.grounding.rules import RULES
from toolkit.summarisers.grounding.sentence import matched
from toolkit.summarisers.grounding.tokens import split_sentences

# Characters of a bullet that can be checked; one of the longest that are read has some 500.
MOST_CHARACTERS = 1000


class Verifier(Protocol):
    """A second opinion on bullets that the rules let pass: an entailment model, for example.

    ``signature`` names all that its answers depend on.
    """

    signature: str

    def supports(self, bullet: str, evidence: Sequence[str]) -> bool:
        """Say whether the sentences in ``evidence``, in the article's order, say ``bullet``."""
        ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """``score`` is the share, 0 to 1, of the bullet's content words that the evidence has;
    ``reasons`` say in English what is wrong, and are empty where ``ok``; ``rules`` names the rules
    that refuse the bullet."""

    ok: bool
    score: float
    reasons: tuple[str, ...] = ()
    rules: frozenset[str] = frozenset()


def supported(bullet: str, evidence: Sequence[str]) -> Verdict:
    """Say whether by the rules the sentences in ``evidence``, in the article's order, say
    ``bullet``.

    >>> supported("The river flooded Orsk.", ["On Monday the river flooded Orsk."]).ok
    True
    >>> supported("Orsk was flooded on Friday.", ["On Monday the river flooded Orsk."]).reasons
    ('not in the source: friday',)
    """
    if sum(map(len, split_sentences(bullet))) > MOST_CHARACTERS:
        return Verdict(False, 0.0, ("too long for a bullet",))
    claims, source = read_bullet(bullet, evidence)
    content = [word for claim in claims for word in claim.words]
    if not content or not source:
        return Verdict(False, 0.0, ("nothing to check",))
    found = [(rule, reason) for claim in claims for rule in RULES for reason in rule(claim, source)]
    return Verdict(
        ok=not found,
        score=sum(matched(word, source) for word in content) / len(content),
        reasons=tuple(dict.fromkeys(reason for _, reason in found)),
        rules=frozenset(rule.name for rule, _ in found),
    )
