"""Puts the user's wording before the model's: sentences that a reader corrected are not translated
again, and the terms of a glossary take the place of other renderings.

Both come after the cache, so that a changed word costs no translation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from toolkit.config import Config
from toolkit.data import Hypothesis
from toolkit.errors import ConfigError
from toolkit.languages import ENGLISH
from toolkit.terminology import glossary
from toolkit.terminology.corrections import Corrections
from toolkit.terminology.glossary import Glossary
from toolkit.translators.checks.rules import check

# The flag of a sentence that lacks a term, and its meaning for a reader.
MISSING = "glossary"
EXPLANATION = "A term of the glossary is not in the translation as the glossary puts it."


def load_terms(config: Config, *, target: str) -> Terms:
    """Return the wording that ``config`` names, for translations into ``target``."""
    terms = glossary.read(config.glossary) if config.glossary else None
    return Terms(Corrections(config.corrections), terms, target=target)


class Terms:
    """The user's wording in translations into ``target``.

    Corrections that cannot be read cost a run no more than themselves: they are told in
    ``warnings``. ``applied`` counts how often a term of the glossary took the place of another
    rendering, and ``missed`` how often it is not in the translation.
    """

    def __init__(
        self,
        corrections: Corrections | None = None,
        terms: Glossary | None = None,
        *,
        target: str,
    ) -> None:
        self.target = target
        self.warnings: list[str] = []
        self.applied = self.missed = 0
        self._corrections = corrections
        # It says how terms are put in English.
        self._glossary = terms if target == ENGLISH else None

    @property
    def preferred(self) -> frozenset[str]:
        """Return the English of the glossary's terms."""
        return frozenset(t.english for t in self._glossary.terms) if self._glossary else frozenset()

    def corrected(self, texts: Iterable[str], *, source: str) -> dict[str, Hypothesis]:
        """Return what readers wrote for those of ``texts`` that they corrected, with the flags of
        the checks."""
        if self._corrections is None or source == self.target:
            return {}
        try:
            found = self._corrections.find(texts, source=source, target=self.target)
        except ConfigError as error:
            self._corrections = None
            self.warnings.append(f"{error}: readers' corrections are not used. {error.remedy}")
            return {}
        return {text: self._checked(text, english, source) for text, english in found.items()}

    def around(
        self,
        texts: Sequence[str],
        translate: Callable[[list[str]], Sequence[Hypothesis]],
        *,
        source: str,
    ) -> list[Hypothesis]:
        """Return a hypothesis for each of ``texts``, of which ``translate`` is given those that
        nobody corrected."""
        known = self.corrected(texts, source=source)
        rest = [text for text in texts if text not in known]
        made = iter(translate(rest) if rest else ())
        return [
            known[text] if text in known else self.revised(text, next(made), source=source)
            for text in texts
        ]

    def revised(self, text: str, hypothesis: Hypothesis, *, source: str) -> Hypothesis:
        """Return what the model made of ``text`` with the terms of the glossary, flagged where one
        is missing."""
        if self._glossary is None or source == self.target:
            return hypothesis
        english, missing = hypothesis.text, False
        for term, places in self._glossary.of(text, source):
            if term.stands_in(english) >= len(places):
                continue
            if changed := term.put_into(english, places):
                english = changed
                self.applied += 1
            elif not term.is_in(english):
                missing = True
                self.missed += 1
        flags = hypothesis.flags
        if english != hypothesis.text:
            gone = set(self._checked(text, hypothesis.text, source).flags)
            found = self._checked(text, english, source).flags
            flags = tuple(flag for flag in flags if flag not in gone)
            flags += tuple(flag for flag in found if flag not in flags)
        return replace(hypothesis, text=english, flags=(*flags, *[MISSING] * missing))

    def _checked(self, text: str, translation: str, source: str) -> Hypothesis:
        plain = Hypothesis(translation)
        flags = check(text, plain, source_language=source, target_language=self.target)
        return Hypothesis(translation, None, flags)
