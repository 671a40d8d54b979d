"""Decides which bullets a story has: each fact that its articles report, once, and all versions of
a fact that they dispute."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from toolkit.data import Brief, Citation, Dispute, StoryBullet
from toolkit.stories.claims import (
    Comparison,
    Relation,
    compare,
    compare_with_speakers,
    may_be_alike,
    plain,
    word_starts,
)
from toolkit.stories.disputes import dispute
from toolkit.summarisers.grounding.reading import read_all

# Briefs whose bullets are read: each bullet is compared with those of all others.
MOST_SOURCES = 40

_OTHER = Comparison(Relation.OTHER)
_Relations = Mapping[tuple[int, int], Comparison]


@dataclass(frozen=True, slots=True)
class _Claim:
    """A bullet or the headline of one article. ``plain`` is its text as it is compared, ``number``
    its place among all; ``doubtful`` means that it rests on a sentence whose translation failed a
    check."""

    number: int
    text: str
    plain: str
    article: str
    segments: tuple[int, ...]
    doubtful: bool
    headline: bool


@dataclass(slots=True, eq=False)
class _Fact:
    """The claims that say the same; ``text`` is that of one which says no more than all of them.
    ``akin`` are facts of other articles that tell of the same matter and may differ; ``against``
    those that contradict it, and the things in which each of them differs."""

    claims: list[_Claim]
    text: str
    akin: list[_Fact] = field(default_factory=list)
    against: list[tuple[_Fact, frozenset[str]]] = field(default_factory=list)

    @property
    def articles(self) -> set[str]:
        return {claim.article for claim in self.claims}

    @property
    def only_headline(self) -> bool:
        """Say whether only headlines say it, and no bullet."""
        return all(claim.headline for claim in self.claims)


# Facts that are shown together: the versions of a disputed one, or one alone.
_Block = list[_Fact]


@dataclass(frozen=True, slots=True)
class Merged:
    """The bullets of a story, and those of them on which its articles differ."""

    bullets: tuple[StoryBullet, ...]
    disputed: tuple[Dispute, ...] = ()


def merge(
    briefs: Sequence[Brief],
    headline: str,
    limit: int,
    *,
    doubtful: Collection[tuple[str, int]] = (),
    published: Mapping[str, str] | None = None,
    source: Mapping[str, int] | None = None,
) -> Merged:
    """Return at most ``limit`` bullets of ``briefs``, the first of which is the lead.

    A fact that several articles report is one bullet with a citation for each. Facts on which
    articles differ count as one, and every version is kept; so are, up to twice ``limit``, bullets
    so alike that they may contradict each other. What most sources report is kept first when
    room is short, then one bullet of each article in turn. A bullet of one article that
    ``headline`` already says is left out where others remain; a headline that contradicts another
    article is a version. Only the first 40 briefs are read.

    ``doubtful`` are segments, as article id and index, whose translations failed a check. A
    bullet that rests on one is no second source of any fact and no version of a disputed one, and
    gives way to one that says the same. ``published`` has the time of articles by their ids, as
    their source writes it: the latest version of a disputed fact is marked. ``source`` has the
    number of the independent source that each article belongs to; without it each is its own.
    """
    briefs = briefs[:MOST_SOURCES]
    places = {brief.article_id: place for place, brief in enumerate(briefs)}
    claims = _claims(briefs, doubtful)
    relations = dict(_relations(claims))
    facts = _facts(claims, relations)
    _link(facts, relations)
    facts = _without_idle_headlines(facts, relations)
    said = [f for f in facts if _is_said_by(headline, f)]
    blocks = _blocks([f for f in facts if f not in said], places) or [[f] for f in said[:1]]
    kept = _chosen(blocks, limit, places, source or {})
    made = {id(f): _bullet(f, places) for block in kept for f in block}
    disputes = (
        dispute(
            [made[id(f)] for f in block],
            frozenset().union(*(about for f in block for _, about in f.against)),
            published or {},
        )
        for block in kept
        if len(block) > 1
    )
    return Merged(tuple(made[id(f)] for block in kept for f in block), tuple(disputes))


def _claims(briefs: Sequence[Brief], doubtful: Collection[tuple[str, int]]) -> list[_Claim]:
    """Return the first bullet of each brief, then the second of each, and so on; then their
    headlines."""
    ranks = range(max((len(brief.bullets) for brief in briefs), default=0))
    bullets = [
        (brief.article_id, brief.bullets[rank].text, brief.bullets[rank].cites, False)
        for rank in ranks
        for brief in briefs
        if rank < len(brief.bullets)
    ]
    headlines = [(b.article_id, b.headline, b.headline_cites, True) for b in briefs]
    found = [*bullets, *(h for h in headlines if h[1] and h[2])]
    return [
        _Claim(
            n, text, same, article, cites, any((article, i) in doubtful for i in cites), headline
        )
        for n, ((article, text, cites, headline), same) in enumerate(
            zip(found, plain([text for _, text, *_ in found]), strict=True)
        )
    ]


def _relations(claims: Sequence[_Claim]) -> Iterator[tuple[tuple[int, int], Comparison]]:
    """Yield the pairs of claims that are not simply of different matters, by their numbers, the
    lower one first."""
    starts = [word_starts(claim.plain) for claim in claims]
    known: dict[tuple[str, str], Comparison] = {}
    for one, other in combinations(claims, 2):
        if may_be_alike(starts[one.number], starts[other.number]):
            texts = one.plain, other.plain
            found = known[texts] if texts in known else known.setdefault(texts, compare(*texts))
            if found.relation is not Relation.OTHER:
                yield (one.number, other.number), found


def _relation(relations: _Relations, one: _Claim, other: _Claim) -> Comparison:
    pair = sorted((one.number, other.number))
    return relations.get((pair[0], pair[1]), _OTHER)


def _facts(claims: Sequence[_Claim], relations: _Relations) -> list[_Fact]:
    """Return the claims joined to facts, in the order of their first claims. A doubtful one that
    says the same as a fact is left out."""
    against = {c.number: [o for o in claims if _contradict(relations, c, o)] for c in claims}
    facts: list[_Fact] = []
    for claim in sorted(claims, key=lambda c: (c.doubtful, c.number)):
        if claim.doubtful:
            if not any(
                _relation(relations, claim, c).relation is Relation.SAME
                for f in facts
                for c in f.claims
            ):
                facts.append(_Fact([claim], claim.text))
            continue
        for fact in facts:
            text = _common_text([*fact.claims, claim], relations)
            if text and all(_agree_on(against, relations, claim, c) for c in fact.claims):
                fact.claims.append(claim)
                fact.text = text
                break
        else:
            facts.append(_Fact([claim], claim.text))
    return sorted(facts, key=lambda f: min(c.number for c in f.claims))


def _contradict(relations: _Relations, one: _Claim, other: _Claim) -> bool:
    return (
        one.article != other.article
        and not (one.doubtful or other.doubtful)
        and _relation(relations, one, other).relation is Relation.DISPUTED
    )


def _common_text(claims: Sequence[_Claim], relations: _Relations) -> str:
    """Return the text that says no more than each of the claims, which all say the same; empty
    where there is none, or where only a headline says so little."""
    if any(
        _relation(relations, a, b).relation is not Relation.SAME for a, b in combinations(claims, 2)
    ):
        return ""
    bullets = [c for c in claims if not c.headline] or claims
    return next(
        (
            c.text
            for c in bullets
            if all(_says_no_more(relations, c, other) for other in claims if other is not c)
        ),
        "",
    )


def _says_no_more(relations: _Relations, claim: _Claim, other: _Claim) -> bool:
    return _relation(relations, claim, other).common[claim.number > other.number]


def _agree_on(
    against: Mapping[int, Sequence[_Claim]], relations: _Relations, one: _Claim, other: _Claim
) -> bool:
    """Say whether what contradicts one of two claims differs from both: else one of them says more,
    and that would be lost."""
    return all(
        third.article in (one.article, other.article)
        or _relation(relations, mine, third).about & _relation(relations, theirs, third).about
        for mine, theirs in ((one, other), (other, one))
        for third in against[mine.number]
    )


def _link(facts: Sequence[_Fact], relations: _Relations) -> None:
    """Fill in which facts contradict each other or may do so. Two facts of one article do not."""
    for one, other in combinations(facts, 2):
        if one.articles & other.articles:
            continue
        found = [(a, b, _relation(relations, a, b)) for a in one.claims for b in other.claims]
        disputed = [r for a, b, r in found if _contradict(relations, a, b)]
        if disputed:
            for fact, rival in ((one, other), (other, one)):
                fact.against.append((rival, frozenset().union(*(r.about for r in disputed))))
        elif any(r.relation is not Relation.OTHER for *_, r in found):
            for fact, rival in ((one, other), (other, one)):
                if not rival.only_headline:
                    fact.akin.append(rival)


def _is_said_by(headline: str, fact: _Fact) -> bool:
    """Say whether a headline says all of a fact, which only one article reports and none denies."""
    if not headline or fact.against or fact.akin or len(fact.articles) > 1:
        return False
    found = compare_with_speakers(*plain([fact.text, headline]))
    return found.relation is Relation.SAME and found.common[0]


def _without_idle_headlines(facts: Sequence[_Fact], relations: _Relations) -> list[_Fact]:
    """Return facts without those that only headlines say, unless one contradicts another article
    and no bullet of its own on that matter does."""

    def told(fact: _Fact, article: str, rival: _Fact, about: frozenset[str]) -> bool:
        return any(
            not f.only_headline
            and article in f.articles
            and any(
                other.articles & rival.articles
                and (is_of_one_matter(fact, f) or (about <= kinds and _has_figures(f, fact)))
                for other, kinds in f.against
            )
            for f in facts
        )

    def is_of_one_matter(fact: _Fact, other: _Fact) -> bool:
        return any(_relation(relations, a, b) != _OTHER for a in fact.claims for b in other.claims)

    def needed(fact: _Fact) -> bool:
        return not fact.only_headline or any(
            not told(fact, article, rival, about)
            for rival, about in fact.against
            for article in fact.articles
        )

    kept = [fact for fact in facts if needed(fact)]
    for fact in kept:
        fact.against = [(rival, about) for rival, about in fact.against if rival in kept]
    return kept


def _has_figures(fact: _Fact, other: _Fact) -> bool:
    """Say whether a fact has all the numbers of another."""
    mine, theirs = ({a.value for s in read_all([f.text]) for a in s.amounts} for f in (fact, other))
    return theirs <= mine


def _blocks(facts: Sequence[_Fact], places: Mapping[str, int]) -> list[_Block]:
    """Return facts that contradict each other together, and others alone, in the order of the
    facts."""
    blocks: list[_Block] = []
    seen: list[_Fact] = []
    for fact in facts:
        block: _Block = []
        waiting = [fact]
        while waiting:
            one = waiting.pop()
            if one not in seen:
                seen.append(one)
                block.append(one)
                waiting += [rival for rival, _ in one.against]
        if block:
            blocks.append(sorted(block, key=lambda f: (_first(f, places), facts.index(f))))
    return blocks


def _first(fact: _Fact, places: Mapping[str, int]) -> int:
    return min(places[article] for article in fact.articles)


def _chosen(
    blocks: Sequence[_Block], limit: int, places: Mapping[str, int], source: Mapping[str, int]
) -> list[_Block]:
    """Return ``limit`` blocks, those that most sources report or else the first, and all in which
    facts contradict each other; then, up to twice ``limit`` bullets, those that are akin to
    another. They are in the order of their first articles, each before what is akin to it."""

    def reports(block: _Block) -> tuple[int, int]:
        articles = {a for f in block for g in (f, *f.akin) for a in g.articles}
        return len({source.get(article, article) for article in articles}), len(articles)

    ranked = sorted(blocks, key=reports, reverse=True)
    kept = [b for n, b in enumerate(ranked) if n < limit or len(b) > 1]
    room = 2 * limit - sum(map(len, kept))
    for block in ranked:
        beside = _akin(block, ranked)
        added = [b for b in (block, *beside) if b not in kept] if beside else []
        if 0 < len(added) <= room:
            kept += added
            room -= len(added)
    ordered: list[_Block] = []
    for block in sorted(kept, key=lambda block: min(_first(f, places) for f in block)):
        beside = _akin(block, kept)
        ordered += [b for b in (block, *beside) if b not in ordered]
    return ordered


def _akin(block: _Block, blocks: Sequence[_Block]) -> list[_Block]:
    """Return those of ``blocks`` that have a fact which is akin to one of ``block``."""
    akin = {id(rival) for fact in block for rival in fact.akin}
    return [b for b in blocks if b is not block and any(id(fact) in akin for fact in b)]


def _bullet(fact: _Fact, places: Mapping[str, int]) -> StoryBullet:
    cites: dict[str, set[int]] = {}
    for claim in fact.claims:
        cites.setdefault(claim.article, set()).update(claim.segments)
    ordered: Iterable[str] = sorted(cites, key=lambda article: places[article])
    return StoryBullet(fact.text, tuple(Citation(a, tuple(sorted(cites[a]))) for a in ordered))
