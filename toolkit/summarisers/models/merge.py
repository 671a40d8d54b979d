"""The bullets of a story that several sources report, merged by a language model, and only where
the sources support what it writes."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from toolkit.data import Citation, Story, StoryBullet, TranslatedArticle, Translation
from toolkit.llm.base import Generator, GeneratorError
from toolkit.llm.prompts import Prompts
from toolkit.summarisers.grounding.ground import Grounding
from toolkit.summarisers.grounding.verdict import Verifier
from toolkit.summarisers.models.answers import parse_bullets
from toolkit.summarisers.models.prompted import BULLET_TOKENS, BULLET_WORDS, generate

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Merged:
    """A merged bullet: its text, the numbers of the story's bullets that it was made of, and those
    of them whose citations it takes."""

    text: str
    made_of: tuple[int, ...]
    citing: tuple[int, ...]


class PromptedMerge:
    """Has ``generator`` merge the bullets of stories with the template ``merge``.

    ``prompts`` is a folder whose templates replace the packaged ones; ``verifier`` is a second
    opinion on each merged bullet. Raises ``PromptError`` for a template that cannot be used.
    """

    def __init__(
        self,
        generator: Generator,
        *,
        prompts: Path | None = None,
        verifier: Verifier | None = None,
    ) -> None:
        self._generator = generator
        self._grounding = Grounding(verifier)
        self._prompts = Prompts(prompts)
        self._asked = self._failed = 0
        self._prompt([("", "")])
        template = f"merge:{self._prompts.hash('merge')}"
        self.signature = f"merge-2 {generator.signature} {template}{self._grounding.signature}"

    @property
    def notice(self) -> str:
        """Return how many stories the model was to merge and did not answer for; empty if none."""
        if not self._failed:
            return ""
        return (
            f"The language model gave no answer for {self._failed} of {self._asked} stories whose "
            "bullets it was to merge; these show the bullets of each source."
        )

    def merge(self, story: Story, articles: Sequence[TranslatedArticle]) -> Story:
        """Return ``story`` with merged bullets that cite all the segments of those they were made
        of.

        A merged bullet is taken where each of the sources that it will cite says all of it, since
        the digest says how many do; sentences whose translation failed a check say nothing where
        sound ones do, and never make a second source. A bullet of the story that no such one was
        made of stays, and so does each version of what sources dispute. Of one source, of one
        bullet, or where the generator fails, the story comes back as it is. Never raises.
        """
        if len(story.articles) < 2 or len(story.bullets) < 2:
            return story
        by_id = {article.id: article for article in articles}
        points = [(_source(bullet, by_id), bullet.text) for bullet in story.bullets]
        limit = BULLET_TOKENS * (len(points) + 1)
        self._asked += 1
        try:
            answer = generate(self._generator, self._prompt(points), limit)
        except GeneratorError as error:
            self._failed += 1
            log.warning("%s: not merged by the language model: %s", story.headline, error)
            return story
        texts = {number: text for number, (_, text) in enumerate(points, start=1)}
        versions = [version for dispute in story.disputed for version in dispute.versions]
        disputed = {n for n, bullet in enumerate(story.bullets, start=1) if bullet in versions}
        merged = [
            _Merged(found.text, made_of, citing)
            for found in parse_bullets(answer, texts)
            if (made_of := found.cites or self._grounding.find_support(found.text, texts))
            and disputed.isdisjoint(made_of)
            and (citing := self._citing(found.text, made_of, story, by_id))
        ]
        return replace(story, bullets=_together(story.bullets, merged))

    def _prompt(self, points: Sequence[tuple[str, str]]) -> str:
        numbered = [(n, source, text) for n, (source, text) in enumerate(points, start=1)]
        return self._prompts.render(
            "merge", sentences=numbered, bullets=len(points), words=BULLET_WORDS
        )

    def _citing(
        self,
        text: str,
        made_of: Sequence[int],
        story: Story,
        by_id: Mapping[str, TranslatedArticle],
    ) -> tuple[int, ...]:
        """Return of the bullets that ``text`` was made of, those that it may cite: the sound ones,
        or those of one source where none is sound. None where not every source of them supports
        it."""
        bullets = {n: story.bullets[n - 1] for n in made_of}
        sound = {n: b for n, b in bullets.items() if not any(t.doubtful for t in _cited(b, by_id))}
        citing = sound or bullets
        evidence: dict[str, list[str]] = {}
        for bullet in citing.values():
            for cite in bullet.cites:
                said = [t.english for t in _cited(replace(bullet, cites=(cite,)), by_id)]
                evidence.setdefault(cite.article_id, []).extend([bullet.text, *said])
        if not sound and len(evidence) > 1:
            return ()
        every = all(self._grounding.supports(text, said) for said in evidence.values())
        return tuple(citing) if every else ()


def _together(
    old: Sequence[StoryBullet],
    merged: Sequence[_Merged],
) -> tuple[StoryBullet, ...]:
    """Return merged bullets in the place of the first that each was made of, and those left alone.
    A bullet goes into one merged bullet, the first that was made of it."""
    result: dict[int, StoryBullet] = dict(enumerate(old, start=1))
    taken: set[int] = set()
    for new in merged:
        if taken & set(new.made_of):
            continue
        taken |= set(new.made_of)
        cites: dict[str, tuple[int, ...]] = {}
        for number in new.made_of:
            bullet = result.pop(number)
            for cite in bullet.cites if number in new.citing else ():
                known = cites.get(cite.article_id, ())
                cites[cite.article_id] = tuple(sorted({*known, *cite.segments}))
        citations = tuple(Citation(article, segments) for article, segments in cites.items())
        result[min(new.made_of)] = StoryBullet(new.text, citations)
    return tuple(result[number] for number in sorted(result))


def _source(bullet: StoryBullet, by_id: Mapping[str, TranslatedArticle]) -> str:
    known = (by_id[c.article_id].source for c in bullet.cites if c.article_id in by_id)
    return ", ".join(dict.fromkeys(known))


def _cited(bullet: StoryBullet, by_id: Mapping[str, TranslatedArticle]) -> list[Translation]:
    return [
        translation
        for cite in bullet.cites
        if cite.article_id in by_id
        for translation in by_id[cite.article_id].translations
        if translation.segment.index in cite.segments
    ]
