"""Puts the user's wording before the model's: sentences that a reader corrected are not translated
again.

Both come after the cache, so that a changed word costs no translation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from toolkit.config import Config
from toolkit.data import Hypothesis
from toolkit.errors import ConfigError
from toolkit.terminology.corrections import Corrections
from toolkit.translators.checks.rules import check


def load_terms(config: Config, *, target: str) -> Terms:
    """Return the wording that ``config`` names, for translations into ``target``."""
    return Terms(Corrections(config.corrections), target=target)


class Terms:
    """The user's wording in translations into ``target``.

    Corrections that cannot be read cost a run no more than themselves: they are told in
    ``warnings``.
    """

    def __init__(self, corrections: Corrections | None = None, *, target: str) -> None:
        self.target = target
        self.warnings: list[str] = []
        self._corrections = corrections

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
        return [known[text] if text in known else next(made) for text in texts]

    def _checked(self, text: str, translation: str, source: str) -> Hypothesis:
        plain = Hypothesis(translation)
        flags = check(text, plain, source_language=source, target_language=self.target)
        return Hypothesis(translation, None, flags)
