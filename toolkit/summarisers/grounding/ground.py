"""Keeps of a model's brief what the article supports, and fills the rest from the article."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from toolkit.data import Brief, Bullet, TranslatedArticle
from toolkit.summarisers.base import Summariser
from toolkit.summarisers.extractive.shorten import has_verb
from toolkit.summarisers.grounding.lexicon import words
from toolkit.summarisers.grounding.reading import read_all
from toolkit.summarisers.grounding.sentence import matched
from toolkit.summarisers.grounding.verdict import Verifier, supported

MAX_CITES = 3
# Share of the shorter one's words from which on two bullets say the same.
REPEAT = 0.7
_HEADLINE_NOTE = "The model's headline was not supported by the article."

log = logging.getLogger(__name__)


class Grounding:
    """Holds what a model writes against the article. ``verifier`` is asked about all that the rules
    let pass, and shown is only what both support; one that raises an error supports nothing."""

    def __init__(self, verifier: Verifier | None = None) -> None:
        self._verifier = verifier
        # For the signature of a summariser; empty without a verifier.
        self.signature = f" checked by {verifier.signature}" if verifier else ""

    def supports(self, bullet: str, evidence: Sequence[str]) -> bool:
        """Say whether the sentences in ``evidence``, in the article's order, say ``bullet``."""
        if not supported(bullet, evidence).ok:
            return False
        if self._verifier is None:
            return True
        try:
            return self._verifier.supports(bullet, evidence)
        except Exception as error:  # a verifier of the user's own may raise anything
            log.warning("%s: %s: %s", self._verifier.signature, type(error).__name__, error)
            return False

    def find_support(
        self,
        bullet: str,
        texts: Mapping[int, str],
        cited: Sequence[int] = (),
        *,
        flagged: Collection[int] = (),
    ) -> tuple[int, ...]:
        """Return the indices of at most ``MAX_CITES`` of ``texts`` that support ``bullet``, in
        order.

        Those in ``cited`` are tried first, and those in ``flagged`` only where the others do not
        support it. Empty where nothing does.
        """
        sound = {index: text for index, text in texts.items() if index not in flagged}
        if len(sound) < len(texts) and (found := self.find_support(bullet, sound, cited)):
            return found
        for indices in _candidates(bullet, texts, cited):
            if self.supports(bullet, [texts[i] for i in sorted(indices)]):
                return tuple(sorted(indices))
        return ()

    def ground(self, brief: Brief, article: TranslatedArticle, fallback: Summariser) -> Brief:
        """Return ``brief`` with only what ``article`` supports, every bullet citing its segments.

        The bullets of ``brief`` are a model's: they may cite wrong segments or none. What a bullet
        cites is tried first, then the segments that share most words with it. A bullet without
        support, or one that does not stand alone, gives its place to one of ``fallback``'s, which
        are taken as they are; ``notes`` counts these. A headline without support, or an empty one,
        gives way to ``fallback``'s. Segments whose translation failed a check are cited only where
        no others support what is said.
        """
        texts, flagged = _texts(article), _flagged(article)
        kept: list[Bullet | None] = []
        for bullet in brief.bullets:
            cites: tuple[int, ...] = ()
            if stands_alone(bullet.text):
                cites = self.find_support(bullet.text, texts, bullet.cites, flagged=flagged)
            found = Bullet(bullet.text, cites) if cites else None
            if found is None or not _repeats(found, _whole(kept)):
                kept.append(found)
        refused = kept.count(None)
        own = fallback.summarise(article, bullets=len(brief.bullets) + refused)
        grounded = replace(
            brief,
            bullets=_fill(kept, own.bullets) if kept else own.bullets,
            notes=brief.notes + _notes(refused, len(brief.bullets)),
        )
        return self.ground_headline(grounded, article, own)

    def ground_headline(self, brief: Brief, article: TranslatedArticle, instead: Brief) -> Brief:
        """Return ``brief`` with the headline of ``instead`` where ``article`` does not support its
        own."""
        cites = self.find_support(
            brief.headline, _texts(article), brief.headline_cites, flagged=_flagged(article)
        )
        if cites:
            return replace(brief, headline_cites=cites)
        notes = (_HEADLINE_NOTE,) if brief.headline else ()
        return replace(
            brief,
            headline=instead.headline,
            headline_cites=instead.headline_cites,
            notes=brief.notes + notes,
        )


def _texts(article: TranslatedArticle) -> dict[int, str]:
    return {t.segment.index: t.english for t in article.translations if t.english.strip()}


def _flagged(article: TranslatedArticle) -> frozenset[int]:
    return frozenset(t.segment.index for t in article.translations if t.doubtful)


def stands_alone(bullet: str) -> bool:
    """Say whether a bullet is a whole statement that names what it speaks of: no fragment without a
    verb or full stop, no pronoun at its start, no question and nobody's "we"."""
    tokens = [token for claim in read_all([bullet]) for token in claim.tokens if token != '"']
    end = bullet.rstrip("\"'”’ ")
    return (
        bool(tokens)
        and (has_verb(bullet) or end.endswith((".", "!")))
        and tokens[0] not in words("mid_air")
        and words("first_person").isdisjoint(tokens)
        and not end.endswith(("?", ":"))
    )


def _candidates(bullet: str, texts: Mapping[int, str], cited: Sequence[int]) -> Iterator[list[int]]:
    """Return sets of indices that may support ``bullet``: those cited, then those that share most
    words with it, one more at a time."""
    known = list(dict.fromkeys(i for i in cited if i in texts))[:MAX_CITES]
    if known:
        yield known
    sentences = {index: read_all([text]) for index, text in texts.items()}
    wanted = [word for claim in read_all([bullet]) for word in claim.words]
    covered = {
        index: {at for at, word in enumerate(wanted) if matched(word, source)}
        for index, source in sentences.items()
    }
    for start in ([], known) if known else ([],):
        chosen = list(start)
        while len(chosen) < MAX_CITES:
            have = {at for index in chosen for at in covered[index]}
            rest = [index for index in sentences if index not in chosen]
            best = max(rest, key=lambda i: (len(covered[i] - have), -i), default=None)
            if best is None or not covered[best] - have:
                break
            chosen.append(best)
            yield chosen


def _repeats(bullet: Bullet, others: Sequence[Bullet]) -> bool:
    mine = {w.key for s in read_all([bullet.text]) for w in s.words}
    for other in others:
        theirs = {w.key for s in read_all([other.text]) for w in s.words}
        if len(mine & theirs) >= REPEAT * min(len(mine), len(theirs)):
            return True
    return False


def _whole(kept: Sequence[Bullet | None]) -> tuple[Bullet, ...]:
    return tuple(bullet for bullet in kept if bullet)


def _fill(kept: Sequence[Bullet | None], spare: Sequence[Bullet]) -> tuple[Bullet, ...]:
    """Return ``kept`` with each gap filled by the first spare bullet that says something else."""
    filled = list(kept)
    for place, bullet in enumerate(filled):
        if bullet is None:
            shown = _whole(filled)
            cited = {cite for other in shown for cite in other.cites}
            filled[place] = next(
                (s for s in spare if not cited & set(s.cites) and not _repeats(s, shown)), None
            )
    # An article too short for another sentence still shows one bullet.
    return _whole(filled) or tuple(spare[:1])


def _notes(refused: int, total: int) -> tuple[str, ...]:
    if not refused:
        return ()
    gave = (
        "was not supported by the article and gave"
        if refused == 1
        else ("were not supported by the article and gave")
    )
    return (f"{refused} of the model's {total} bullets {gave} way to the article's own sentences.",)
