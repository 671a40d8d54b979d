"""Whether the article says what a bullet says, and what is shown where it does not.

A bullet passes when every word in it that claims something stands in its evidence (inflected,
derived or as a synonym), its numbers, units, dates and names stand there and belong to the same
things, nothing was denied that is affirmed now or the other way round, nothing that may be is
told as a fact, and nobody's part was given to another. These are rules over words and their
order, not understanding: they err on the side of taking the article's own sentence instead.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from toolkit.data import Brief, Bullet, TranslatedArticle
from toolkit.summarisers.base import Summariser
from toolkit.summarisers.extractive.shorten import has_verb
from toolkit.summarisers.grounding.checks import RULES
from toolkit.summarisers.grounding.claims import Sentence, matched, read_all
from toolkit.summarisers.grounding.lexicon import words

MAX_CITES = 3
# Two bullets that share so much of the shorter one's words say the same.
REPEAT = 0.7
_HEADLINE_NOTE = "The model's headline was not supported by the article."


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
    """Whether the sentences in ``evidence``, in the article's order, say what ``bullet`` says."""
    names = frozenset(
        word.key
        for sentence in read_all([*evidence, bullet])
        for word in sentence.words
        if word.name
    )
    source = read_all(evidence, names)
    claims = read_all([bullet], names)
    content = [word for claim in claims for word in claim.words]
    if not content or not source:
        return Verdict(False, 0.0, ("nothing to check",))
    found = [(rule, reason) for claim in claims for rule in RULES for reason in rule(claim, source)]
    return Verdict(
        ok=not found,
        score=sum(matched(word, source) for word in content) / len(content),
        reasons=tuple(dict.fromkeys(reason for _, reason in found)),
        rules=frozenset(rule.__name__ for rule, _ in found),
    )


def ground(brief: Brief, article: TranslatedArticle, fallback: Summariser) -> Brief:
    """``brief`` with only what ``article`` supports, every bullet citing its segments.

    The bullets of ``brief`` are a model's: they may cite wrong segments or none. What a bullet
    cites is tried first, then the segments that share most words with it. A bullet without
    support, or one that does not stand alone, gives its place to one of ``fallback``'s, which
    are taken as they are; ``notes`` counts these. A headline without support, or an empty one,
    gives way to ``fallback``'s. Segments whose translation failed a check are cited only where no
    others support what is said.
    """
    texts, flagged = _texts(article), _flagged(article)
    sentences = _read(texts)
    kept: list[Bullet | None] = []
    for bullet in brief.bullets:
        alone = stands_alone(bullet.text)
        cites = _find(bullet.text, texts, sentences, bullet.cites, flagged) if alone else ()
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
    return ground_headline(grounded, article, own)


def ground_headline(brief: Brief, article: TranslatedArticle, instead: Brief) -> Brief:
    """``brief`` with the headline of ``instead`` where ``article`` does not support its own, or
    only with sentences whose translation failed a check while ``instead`` rests on others."""
    flagged = _flagged(article)
    cites = find_support(brief.headline, _texts(article), brief.headline_cites, flagged=flagged)
    doubtful = not flagged.isdisjoint(cites)
    if cites and not (doubtful and flagged.isdisjoint(instead.headline_cites)):
        return replace(brief, headline_cites=cites)
    notes = (_HEADLINE_NOTE,) if brief.headline and not cites else ()
    return replace(
        brief,
        headline=instead.headline,
        headline_cites=instead.headline_cites,
        notes=brief.notes + notes,
    )


def _texts(article: TranslatedArticle) -> dict[int, str]:
    return {t.segment.index: t.english for t in article.translations if t.english.strip()}


def _flagged(article: TranslatedArticle) -> frozenset[int]:
    return frozenset(t.segment.index for t in article.translations if t.flags)


def find_support(
    bullet: str,
    texts: Mapping[int, str],
    cited: Sequence[int] = (),
    *,
    flagged: Collection[int] = (),
) -> tuple[int, ...]:
    """The indices of at most ``MAX_CITES`` of ``texts`` that support ``bullet``, in order.

    Those in ``cited`` are tried first, and those in ``flagged`` only where the others do not
    support it. Empty where nothing does.
    """
    return _find(bullet, texts, _read(texts), cited, flagged)


def stands_alone(bullet: str) -> bool:
    """Whether a bullet is a whole statement that names what it speaks of: no fragment without a
    verb or full stop, no pronoun at its start, no question and nobody's "we"."""
    tokens = [token for claim in read_all([bullet]) for token in claim.tokens if token != '"']
    end = bullet.rstrip("\"'”’ ")
    return (
        bool(tokens)
        and (has_verb(bullet) or end.endswith((".", "!")))
        and tokens[0] not in words("mid_air")
        and words("speakers").isdisjoint(tokens)
        and not end.endswith(("?", ":"))
    )


def _read(texts: Mapping[int, str]) -> dict[int, list[Sentence]]:
    return {index: read_all([text]) for index, text in texts.items()}


def _find(
    bullet: str,
    texts: Mapping[int, str],
    sentences: Mapping[int, list[Sentence]],
    cited: Sequence[int],
    flagged: Collection[int],
) -> tuple[int, ...]:
    sound = {index: read for index, read in sentences.items() if index not in flagged}
    if len(sound) < len(sentences) and (found := _find(bullet, texts, sound, cited, ())):
        return found
    for indices in _candidates(bullet, sentences, cited):
        if supported(bullet, [texts[i] for i in sorted(indices)]).ok:
            return tuple(sorted(indices))
    return ()


def _candidates(
    bullet: str, sentences: Mapping[int, list[Sentence]], cited: Sequence[int]
) -> Iterator[list[int]]:
    known = list(dict.fromkeys(i for i in cited if i in sentences))[:MAX_CITES]
    if known:
        yield known
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
    """``kept`` with each gap filled by the first spare bullet that says something else."""
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
