"""Who does what to whom, as far as word order tells: for finding sides that changed places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from toolkit.summarisers.claims import Sentence, Word
from toolkit.summarisers.lexicon import alike, keys, pairs, words

_STOPS = frozenset(";:()")
# "..., said Rosa Tem, a teacher": what stands before and after where the speaker comes last.
_QUOTED = frozenset(',"?!')
_CLOSED = frozenset([".", ",", ";", "of", "who", '"'])
_REACH = 8


@dataclass(frozen=True, slots=True)
class Scene:
    """A verb with the words on the acting and on the receiving side. ``open`` tells that the
    acting side is a pronoun or is not named; ``sure`` that the form of the verb is clear."""

    verb: Word
    acting: tuple[Word, ...]
    receiving: tuple[Word, ...]
    open: bool
    sure: bool


def scenes(sentence: Sentence) -> Iterator[Scene]:
    """A scene for each verb of the sentence."""
    for word in sentence.words:
        if word.verb and not word.light:
            yield _scene(sentence, word)


def _span(sentence: Sentence, at: int) -> tuple[int, int]:
    tokens = sentence.tokens
    start = max((i + 1 for i in range(at) if _breaks(tokens[i])), default=0)
    end = next((i for i in range(at + 1, len(tokens)) if _breaks(tokens[i])), len(tokens))
    return start, end


def _breaks(token: str) -> bool:
    return token in _STOPS or token in words("clause_splitters")


def _scene(sentence: Sentence, verb: Word) -> Scene:
    tokens = sentence.tokens
    start, end = _span(sentence, verb.at)
    left = tuple(w for w in sentence.words if start <= w.at < verb.at and not w.verb)
    right = tuple(w for w in sentence.words if verb.at < w.at < end and not w.verb)[:_REACH]
    following = tokens[verb.at + 1] if verb.at + 1 < len(tokens) else "."
    passive = verb.participle and any(
        t in words("be_forms") for t in tokens[max(0, verb.at - 3) : verb.at]
    )
    if passive:
        by = next((i for i in range(verb.at + 1, end) if tokens[i] == "by"), end)
        agents = tuple(w for w in right if w.at > by)
        return Scene(verb, agents, left, open=not agents, sure=True)
    sure = not (
        verb.participle and (following in words("prepositions") or following in (".", ",", "and"))
    )
    if any(tokens[i] in words("pronouns") for i in range(max(start, verb.at - 2), verb.at)):
        left = ()
    return Scene(verb, left, right, open=not left, sure=sure)


@dataclass(frozen=True, slots=True)
class Speech:
    """A reporting verb with its speaker (nothing where that is a pronoun) and what is said."""

    speaker: tuple[Word, ...]
    said: tuple[Word, ...]


def speeches(sentence: Sentence) -> list[Speech]:
    """What the sentence says that somebody said."""
    found = []
    for verb in sentence.words:
        if not verb.verb or verb.key not in keys("reporting_verbs"):
            continue
        if any(t in words("be_forms") for t in sentence.tokens[max(0, verb.at - 2) : verb.at]):
            continue
        who = _speaker(sentence, verb)
        start, end = _span(sentence, verb.at)
        said = (w for w in sentence.words if start <= w.at < end and w is not verb)
        found.append(Speech(who, tuple(w for w in said if w not in who)))
    return found


def _speaker(sentence: Sentence, verb: Word) -> tuple[Word, ...]:
    tokens = sentence.tokens
    before = tokens[verb.at - 1] if verb.at else ""
    named = {w.at for w in sentence.words if w.name}
    end = verb.at + 1
    while end in named:
        end += 1
    if before in _QUOTED and end > verb.at + 1 and (tokens[end : end + 1] or (".",))[0] in _CLOSED:
        stop = next((i for i in range(end, len(tokens)) if tokens[i] in '".;'), len(tokens))
        return tuple(w for w in sentence.words if verb.at < w.at < stop)
    left = _scene(sentence, verb).acting
    if any(tokens[i] in words("pronouns") for i in range(max(0, verb.at - 2), verb.at)):
        return ()
    return left


def swapped(claim: Sentence, evidence: Sequence[Sentence]) -> list[str]:
    """The verbs of ``claim`` whose two sides stand the other way round in the evidence."""
    theirs = [scene for sentence in evidence for scene in scenes(sentence)]
    found = []
    for mine in scenes(claim):
        same = [t for t in theirs if t.verb.key == mine.verb.key]
        turned = [t for t in theirs if _converse(mine.verb.key, t.verb.key)]
        if (same and mine.sure and all(_reversed(mine, t) for t in same)) or (
            not same and turned and all(_parallel(mine, t) for t in turned)
        ):
            found.append(mine.verb.text)
    return found


def replaced(claim: Sentence, evidence: Sequence[Sentence]) -> list[str]:
    """The verbs of ``claim`` that the evidence has with other names on the same side."""
    theirs = [scene for sentence in evidence for scene in scenes(sentence)]
    found = []
    for mine in scenes(claim):
        same = [t for t in theirs if t.verb.key == mine.verb.key]
        if not (same and mine.sure):
            continue
        if all(
            _others(mine.acting, t.acting) or _others(mine.receiving, t.receiving) for t in same
        ):
            found.append(mine.verb.text)
    return found


def _others(mine: Sequence[Word], theirs: Sequence[Word]) -> bool:
    named = [w for w in mine if w.name]
    return (
        bool(named)
        and any(w.name for w in theirs)
        and not any(_in(w, theirs) for w in mine if not w.light)
    )


def crossed(claim: Sentence, evidence: Sequence[Sentence]) -> list[str]:
    """Pairs of names of ``claim`` whose prepositions the evidence has the other way round ("in
    A" and "to B"), and names after "by" where the evidence has another after it."""
    mine = dict(_led(claim))
    theirs = [frozenset(_led(sentence)) for sentence in evidence]
    pairs = [(a, b) for a in mine for b in mine if a < b and mine[a] != mine[b]]
    found = [
        f"{one} and {other}"
        for one, other in pairs
        if any({(one, mine[other]), (other, mine[one])} <= leads for leads in theirs)
        and not any({(one, mine[one]), (other, mine[other])} <= leads for leads in theirs)
    ]
    found += [
        f"{one} and {other}"
        for one, lead in mine.items()
        for other in {w.key for w in claim.words if w.name} - {one}
        if (other, lead) not in mine.items()
        and any((other, lead) in leads for leads in theirs)
        and not any((one, lead) in leads for leads in theirs)
    ]
    authors = {name for leads in theirs for name, lead in leads if lead == "by"}
    passive = {w.at for w in claim.words if w.participle}
    makers = [w for w in claim.words if w.name and claim.tokens[w.at - 1] == "by"]
    return found + [
        w.text for w in makers if w.at - 2 not in passive and authors and w.key not in authors
    ]


def _led(sentence: Sentence) -> list[tuple[str, str]]:
    """Each name with the preposition before it, the article left out."""
    found = []
    for word in sentence.words:
        before = [t for t in sentence.tokens[max(0, word.at - 2) : word.at] if t != "the"]
        if word.name and before and before[-1] in words("prepositions"):
            found.append((word.key, before[-1]))
    return found


def _reversed(mine: Scene, theirs: Scene) -> bool:
    actor = [w for w in mine.acting if _only_in(w, theirs.receiving, theirs.acting)]
    target = [w for w in mine.receiving if _only_in(w, theirs.acting, theirs.receiving)]
    if any(_in(w, theirs.acting) for w in mine.acting if not w.light):
        return bool(actor and target)
    return bool(actor) and (bool(target) or theirs.open) and theirs.sure


def _parallel(mine: Scene, theirs: Scene) -> bool:
    """Whether a converse verb ("sell" for "buy") kept the sides where they were."""
    return any(w.name and _in(w, theirs.acting) for w in mine.acting)


def _converse(left: str, right: str) -> bool:
    """Whether two verbs show one scene from its two sides."""
    return frozenset((left, right)) in pairs("converses")


def _only_in(word: Word, here: Sequence[Word], there: Sequence[Word]) -> bool:
    return _in(word, here) and not _in(word, there)


def _in(word: Word, side: Sequence[Word]) -> bool:
    return any(alike(word.key, other.key) for other in side)
