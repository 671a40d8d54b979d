"""Briefs written by a language model: a prompt, a generator and a parser joined, and nothing
shown that the article does not support."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from toolkit.data import Brief, Bullet, TranslatedArticle, Translation
from toolkit.llm.base import Generator, GeneratorError
from toolkit.llm.prompts import Prompts
from toolkit.summarisers.extractive.summariser import Extractive
from toolkit.summarisers.grounding.ground import Grounding
from toolkit.summarisers.grounding.verdict import Verifier
from toolkit.summarisers.models.answers import parse_bullets, parse_headline
from toolkit.summarisers.models.excerpt import body, excerpt, excerpt_notes
from toolkit.summarisers.models.tally import Tally

BULLET_WORDS = 28
HEADLINE_WORDS = 12
BULLET_TOKENS = 90
_HEADLINE_TOKENS = 60
# A number in brackets and a line break around each sentence of the prompt.
_FRAME_TOKENS = 6
# After so many failures in a row the model is not asked again: a server that is down would cost
# every article its time-outs.
_PATIENCE = 3

log = logging.getLogger(__name__)


class Prompted:
    """Asks ``generator`` for the bullets and the headline of each article.

    ``prompts`` is a folder whose templates replace the packaged ones; ``verifier`` is a second
    opinion on each bullet and headline. Where the model gives nothing, or nothing that the article
    supports, the brief is the extractive one; its notes say so. Raises ``PromptError`` for a
    template that cannot be used.
    """

    def __init__(
        self,
        generator: Generator,
        *,
        prompts: Path | None = None,
        verifier: Verifier | None = None,
    ) -> None:
        self._generator = generator
        self._prompts = Prompts(prompts)
        self._grounding = Grounding(verifier)
        self._own = Extractive()
        self._failures = 0
        self._tally = Tally()
        # A broken template should stop a run at its start.
        self._brief_prompt([], "", 1)
        self._headline_prompt("", [])
        hashes = " ".join(f"{name}:{self._prompts.hash(name)}" for name in ("brief", "headline"))
        checked = self._grounding.signature
        self.signature = f"prompted-1 {generator.signature} {hashes}{checked}"

    def begin(self) -> None:
        """Count anew, and ask a model again that gave up in an earlier run."""
        self._failures = 0
        self._tally = Tally()

    @property
    def notice(self) -> str:
        """Return how many articles show no bullet of the model's, and why; empty if none."""
        return self._tally.notice("language model")

    def summarise(self, article: TranslatedArticle, *, bullets: int) -> Brief:
        """See ``Summariser.summarise``. Never fails for what the generator does."""
        if not body(article) or bullets < 1:
            return self._own.summarise(article, bullets=bullets)
        self._tally.asked += 1
        try:
            drafts, notes = self._ask(article, bullets)
        except GeneratorError as error:
            return self._instead(article, bullets, str(error))
        self._failures = 0
        if not drafts:
            return self._instead(article, bullets, "its answer has no bullets", counts=False)
        draft = Brief(article.id, "", tuple(drafts[:bullets]), notes=notes)
        brief = self._grounding.ground(draft, article, self._own)
        self._tally.grounded(draft, brief)
        return self._with_headline(brief, article)

    def _ask(
        self, article: TranslatedArticle, bullets: int
    ) -> tuple[list[Bullet], tuple[str, ...]]:
        """Return the bullets that the model answers, and what a reader should know of the
        asking."""
        if self._failures >= _PATIENCE:
            raise GeneratorError(f"not asked after {_PATIENCE} failures in a row")
        answer_tokens = BULLET_TOKENS * (bullets + 1)
        frame = self._generator.count(self._brief_prompt([], article.title or "", bullets))
        room = self._generator.context - answer_tokens - frame
        seen = excerpt(
            article, room, lambda text: self._generator.count(text) + _FRAME_TOKENS, self._own
        )
        if not seen:
            raise GeneratorError("the model's context is too short for this article")
        prompt = self._brief_prompt(seen, article.title or "", min(bullets, len(seen)))
        answer = generate(self._generator, prompt, answer_tokens)
        known = {t.segment.index for t in seen}
        return parse_bullets(answer, known), excerpt_notes(article, seen)

    def _brief_prompt(self, seen: list[Translation], title: str, bullets: int) -> str:
        sentences = [(t.segment.index, t.english) for t in seen]
        return self._prompts.render(
            "brief", title=title, sentences=sentences, bullets=bullets, words=BULLET_WORDS
        )

    def _headline_prompt(self, title: str, points: list[str]) -> str:
        return self._prompts.render(
            "headline", title=title, sentences=list(enumerate(points, 1)), words=HEADLINE_WORDS
        )

    def _with_headline(self, brief: Brief, article: TranslatedArticle) -> Brief:
        points = [bullet.text for bullet in brief.bullets]
        prompt = self._headline_prompt(article.title or "", points)
        try:
            answer = generate(self._generator, prompt, _HEADLINE_TOKENS)
        except GeneratorError as error:
            self._failures += 1
            log.warning("%s: no headline of the language model: %s", article.source, error)
            return brief
        headline = parse_headline(answer)
        if not headline or len(headline.split()) > 2 * HEADLINE_WORDS:
            return brief
        with_headline = replace(brief, headline=headline)
        return self._grounding.ground_headline(with_headline, article, brief)

    def _instead(
        self, article: TranslatedArticle, bullets: int, reason: str, *, counts: bool = True
    ) -> Brief:
        """Return the extractive brief, with a note on why it is here."""
        self._failures += counts
        self._tally.failed(reason)
        log.warning("%s: brief without the language model: %s", article.source, reason)
        brief = self._own.summarise(article, bullets=bullets)
        note = "The language model gave no brief; these are the article's own sentences."
        return replace(brief, notes=(*brief.notes, note))


def generate(generator: Generator, prompt: str, max_tokens: int) -> str:
    """Return the generator's answer, or ``GeneratorError`` whatever it raises."""
    try:
        return generator.generate(prompt, max_tokens=max_tokens)
    except GeneratorError:
        raise
    except Exception as error:  # a back end of the user's own may raise anything
        raise GeneratorError(f"{type(error).__name__}: {error}".split("\n")[0][:200]) from error
