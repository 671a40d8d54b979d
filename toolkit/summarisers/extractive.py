"""Briefs made of the article's own sentences: nothing in them was invented."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.data import Brief, Bullet, TranslatedArticle, Translation
from toolkit.similarity import cosine, terms
from toolkit.summarisers.sentences import stand_alone
from toolkit.summarisers.shorten import shorten

MAX_WORDS = 30


@dataclass(frozen=True, slots=True)
class _Candidate:
    index: int
    text: str
    place: int
    weights: dict[str, float]
    penalty: float


class Extractive:
    """Ranks sentences by place, centrality and new information; shortens what it shows."""

    signature = "extractive-1"

    def summarise(self, article: TranslatedArticle, *, bullets: int) -> Brief:
        """See ``Summariser.summarise``. An article of no sentence gives a brief of no bullets."""
        candidates = _candidates(article.translations)
        headline, cites = _headline(article, candidates)
        chosen = _select(candidates, headline, bullets)
        return Brief(
            article_id=article.id,
            headline=headline,
            bullets=tuple(Bullet(text=c.text, cites=(c.index,)) for c in chosen),
            headline_cites=cites,
        )


def _candidates(translations: Sequence[Translation]) -> list[_Candidate]:
    body = [t for t in translations if t.english.strip()]
    usable = [t for t in body if t.segment.kind == "text"]
    usable = usable or [t for t in body if t.segment.kind == "list"]
    usable = usable or [t for t in body if t.segment.kind != "title"] or body
    found = []
    for place, translation in enumerate(usable):
        sentence = " ".join(translation.english.split())
        text = stand_alone(sentence)
        penalty = 0.0 if text else 1.0
        text = shorten(text or sentence, MAX_WORDS)
        penalty += 0.5 * bool(translation.flags) + 0.3 * (len(text.split()) > MAX_WORDS)
        weights = {term: float(n) for term, n in Counter(terms(text)).items()}
        found.append(_Candidate(translation.segment.index, text, place, weights, penalty))
    return found


def _headline(
    article: TranslatedArticle, candidates: Sequence[_Candidate]
) -> tuple[str, tuple[int, ...]]:
    title = article.title
    if title:
        cites = tuple(t.segment.index for t in article.translations if t.segment.kind == "title")
        return re.sub(r"[\s:;,-]+$", "", title), cites
    if not candidates:
        return "No text", ()
    lead = min(candidates, key=lambda c: (c.penalty, c.place))
    return lead.text.rstrip("."), (lead.index,)


def _select(candidates: Sequence[_Candidate], headline: str, bullets: int) -> list[_Candidate]:
    centre: Counter[str] = Counter()
    for candidate in candidates:
        centre.update(dict.fromkeys(candidate.weights, 1))
    said = {term: float(n) for term, n in Counter(terms(headline)).items()}
    scored = [
        (cosine(c.weights, centre) + 1.0 / (1 + c.place) ** 0.5 - c.penalty, c) for c in candidates
    ]
    scored = sorted(scored, key=lambda pair: -pair[0])[:200]
    chosen: list[_Candidate] = []
    while scored and len(chosen) < bullets:
        known = [said, *(c.weights for c in chosen)]
        gains = [(s - max(cosine(c.weights, k) for k in known), c) for s, c in scored]
        _, best = max(gains, key=lambda pair: pair[0])
        if not chosen or (best.penalty < 1 and max(cosine(best.weights, k) for k in known) < 0.8):
            chosen.append(best)
        scored = [pair for pair in scored if pair[1] is not best]
    return sorted(chosen, key=lambda c: c.place)
