"""Check every hypothesis. In place of one that a check finds wrong, take another that the search
found, or decode again, another way."""

from __future__ import annotations

import math
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from itertools import compress

from toolkit.data import Hypothesis
from toolkit.errors import ModelError
from toolkit.translators.base import Searching, Translator
from toolkit.translators.checks.meaning import Meaning
from toolkit.translators.checks.rules import CHECKS_VERSION, RETRY, SEVERITY, check
from toolkit.translators.checks.verbatim import put_back


@dataclass(frozen=True, slots=True)
class Retry:
    """Another way of decoding, for texts whose hypothesis has one of ``flags``."""

    translator: Translator
    flags: Set[str] = RETRY

    @property
    def signature(self) -> str:
        only = "" if self.flags == RETRY else f" for {'+'.join(sorted(self.flags))}"
        return f"retry[{self.translator.signature}{only}]"


class Checked:
    """A translator whose every hypothesis is checked, and decoded again where that may help.

    Where a check finds fault with a hypothesis, the others that the search found are checked, too
    (see ``Searching``). ``retries`` are tried in turn, each on the texts that still have a flag of
    its own. The hypothesis with the least grave flags is kept, and of equals the one with the
    higher score. Its flags stay on it. ``meaning`` is asked about those that pass all checks.
    ``retried`` counts the texts that were decoded again and ``rescued``
    those of them that came out free of the flags of ``RETRY``, since ``begin``.
    """

    def __init__(
        self, first: Translator, retries: Sequence[Retry] = (), meaning: Meaning | None = None
    ) -> None:
        self._first = first
        self._meaning = meaning
        self._retries = tuple(retries)
        parts = [first.signature, f"checks{CHECKS_VERSION}"]
        parts += [meaning.signature] if meaning else []
        parts += [retry.signature for retry in self._retries]
        self.signature = " ".join(parts)
        self.notice: str = getattr(first, "notice", "")
        self.at_once: int = getattr(first, "at_once", 0)
        self.begin()

    def begin(self) -> None:
        """Count anew."""
        self.retried = 0
        self.rescued = 0

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[Hypothesis]:
        """See ``Translator.translate``; the flags are those of ``checks.EXPLANATIONS``, after any
        that the engine gave."""

        def decode(translator: Translator, indices: Sequence[int]) -> list[Hypothesis]:
            asked = [texts[i] for i in indices]
            found = _candidates(translator, asked, source=source, target=target)
            sound = [
                _soundest(text, hypotheses, source=source, target=target)
                for text, hypotheses in zip(asked, found, strict=True)
            ]
            return self._second_opinion(asked, sound, source=source, target=target)

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

    def _second_opinion(
        self, texts: Sequence[str], found: list[Hypothesis], *, source: str, target: str
    ) -> list[Hypothesis]:
        """Return the hypotheses, with the flag ``meaning`` on those that the encoder doubts. Those
        that another check has found wrong need no second opinion."""
        if self._meaning is None:
            return found
        sound = [i for i, h in enumerate(found) if RETRY.isdisjoint(h.flags)]
        doubts = self._meaning.doubts(
            [texts[i] for i in sound],
            [found[i].text for i in sound],
            source=source,
            target=target,
        )
        for i in compress(sound, doubts):
            found[i] = replace(found[i], flags=(*found[i].flags, "meaning"))
        return found


def checked(translator: Translator, meaning: Meaning | None = None) -> Checked:
    """Return ``translator`` with every hypothesis checked: itself, where they are already."""
    if isinstance(translator, Checked):
        return translator
    if not isinstance(getattr(translator, "signature", None), str):
        raise ModelError(
            f"a {type(translator).__name__} is no translator: it has no signature",
            remedy="See toolkit.Translator for what one offers.",
        )
    return Checked(translator, meaning=meaning)


def _candidates(
    translator: Translator, texts: Sequence[str], *, source: str, target: str
) -> list[list[Hypothesis]]:
    """Return the hypotheses of each text, best first, held to the contract of translators."""
    if not isinstance(translator, Searching):
        found = translator.translate(texts, source=source, target=target)
        _hold_to_contract(translator, found, len(texts))
        return [[hypothesis] for hypothesis in found]
    several = translator.candidates(texts, source=source, target=target)
    _hold_to_contract(translator, [next(iter(found), None) for found in several], len(texts))
    return several


def _soundest(
    text: str, hypotheses: Sequence[Hypothesis], *, source: str, target: str
) -> Hypothesis:
    """Return the first hypothesis with its flags, or, where these call for another one, that with
    the least grave flags. Addresses and the like have the form of the text."""

    def flagged(hypothesis: Hypothesis) -> Hypothesis:
        hypothesis = replace(hypothesis, text=put_back(text, hypothesis.text))
        found = check(text, hypothesis, source_language=source, target_language=target)
        return replace(hypothesis, flags=found)

    first = flagged(hypotheses[0])
    if len(hypotheses) == 1 or RETRY.isdisjoint(first.flags):
        return first
    return min([first, *map(flagged, hypotheses[1:])], key=_rank)


def _hold_to_contract(translator: Translator, found: object, texts: int) -> None:
    """Raise ``ModelError`` unless ``found`` is one hypothesis for each of so many texts."""
    name = translator.signature.split(" ")[0]
    if not isinstance(found, Sequence) or isinstance(found, str):
        given = f"a {type(found).__name__}"
    elif strange := [item for item in found if not isinstance(item, Hypothesis)]:
        given = f"a {type(strange[0]).__name__} in the list"
    elif len(found) != texts:
        given = f"{len(found)} hypotheses for {texts} texts"
    else:
        return
    raise ModelError(
        f"the translator {name} gave {given}",
        remedy="A translator returns a list with one Hypothesis for each text, in order: tell "
        "its author.",
    )


def _rank(hypothesis: Hypothesis) -> tuple[int, float]:
    """Return how bad a hypothesis is: the gravity of its flags, then its score."""
    score = hypothesis.score
    unsure = -score if score is not None and not math.isnan(score) else math.inf
    return sum(SEVERITY.get(flag, 1) for flag in hypothesis.flags), unsure
