"""Sides that changed places: who acts, who speaks, what belongs to whom."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from toolkit.summarisers.grounding.claims import Sentence, Word, aligned, same
from toolkit.summarisers.grounding.lexicon import alike, keys, pairs, words
from toolkit.summarisers.grounding.scenes import (
    Scene,
    arguments,
    complements,
    led,
    links,
    scenes,
    speeches,
)

# So far apart may stand two names of the source that are neighbours in the bullet, and a
# describing word and its noun, in tokens.
_APPOSITION = 5
_NEAR = 4


def swapped(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Verbs whose two sides stand the other way round in the source."""
    theirs, ours = _scenes(claim, source)
    found = []
    for mine in (o for o in ours if o.verb.key not in keys("plain_sayings")):
        like = [t for t in theirs if t.verb.key == mine.verb.key]
        turned = [t for t in theirs if _converse(mine.verb.key, t.verb.key)]
        if (like and mine.sure and all(_reversed(mine, t) for t in like)) or (
            not like and turned and all(_parallel(mine, t) for t in turned)
        ):
            found.append(f"the sides changed places: {mine.verb.text}")
    return found


def replaced(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Verbs that the source has with others on the same side: other names, or a side that the
    source gives to another verb."""
    theirs, ours = _scenes(claim, source)
    found = []
    for mine in ours:
        like = [t for t in theirs if t.verb.key == mine.verb.key]
        rest = [t for t in theirs if t.verb.key != mine.verb.key]
        if not (like and mine.sure) or mine.verb.key in keys("reporting_verbs"):
            continue
        if all(
            _others(mine.acting, t.acting)
            or _others(mine.receiving, t.receiving)
            or _borrowed(mine.acting, t.acting, t, rest)
            or _borrowed(mine.target, t.receiving, t, rest)
            for t in like
        ):
            found.append(f"done by or to another: {mine.verb.text}")
    return found


def _scenes(claim: Sentence, source: Sequence[Sentence]) -> tuple[list[Scene], list[Scene]]:
    """The scenes of the source and those of the claim, a word that one of them uses as a verb
    counting as one in the other."""
    verbs = frozenset(w.key for s in [*source, claim] for w in s.words if w.verb)
    return [t for s in source for t in scenes(s, verbs)], list(scenes(claim, verbs))


def _others(mine: Sequence[Word], theirs: Sequence[Word]) -> bool:
    return (
        any(w.name for w in mine)
        and any(w.name for w in theirs)
        and not any(_in(w, theirs) for w in mine if not w.light and not _title(w))
    )


def _borrowed(
    mine: Sequence[Word], theirs: Sequence[Word], scene: Scene, rest: Sequence[Scene]
) -> bool:
    """Whether a side is none of what the source has there, but stands at another verb. What
    "the" or a general word points at may be the same thing, unless both are in one sentence."""
    own = [w for w in mine if not w.light and not _title(w)]
    if not own or not theirs or any(_in(w, theirs) for w in own):
        return False
    plain = not _anaphoric(theirs)
    return any(
        _in(word, [*other.acting, *other.target])
        for other in rest
        if plain or other.within is scene.within
        for word in own
    )


def _reversed(mine: Scene, theirs: Scene) -> bool:
    actor = [w for w in mine.acting if _only_in(w, theirs.receiving, theirs.acting)]
    target = [w for w in mine.receiving if _only_in(w, theirs.acting, theirs.receiving)]
    if any(_in(w, theirs.acting) for w in mine.acting if not w.light):
        return bool(actor and target)
    if not theirs.sure:
        return False
    return (bool(actor) and (bool(target) or theirs.open)) or bool(target and mine.acting)


def _parallel(mine: Scene, theirs: Scene) -> bool:
    """Whether a converse verb ("sell" for "buy") kept the sides where they were."""
    return any(w.name and _in(w, theirs.acting) for w in mine.acting)


def _converse(left: str, right: str) -> bool:
    """Whether two verbs show one scene from its two sides."""
    return frozenset((left, right)) in pairs("converses")


def _only_in(word: Word, here: Sequence[Word], there: Sequence[Word]) -> bool:
    return _in(word, here) and not _in(word, there)


def misplaced(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Nouns with an owner or a describing word that the source gives to others ("A's director"
    for "B's director")."""
    theirs = [link for sentence in source for link in links(sentence)]
    found = []
    for owner, thing in links(claim):
        owners = [o for o, t in theirs if alike(t.key, thing.key)]
        owned = [t for o, t in theirs if thing.name and alike(o.key, owner.key)]
        if (
            (owners or owned)
            and not thing.verb
            and not any(alike(o.key, owner.key) for o in owners)
            and not any(_close(owner, thing, sentence) for sentence in source)
            and any(_in(owner, sentence.words) for sentence in source)
        ):
            found.append(f"belongs to another: {owner.text} {thing.text}")
    return found


def reattached(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Names behind a word and its preposition ("registered in A") where the source has another
    name; a preposition that went from one of the bullet's names to another; and two nouns that
    changed places behind theirs ("members of the government voted with the opposition")."""
    theirs = [argument for sentence in source for argument in arguments(sentence)]
    found = []
    for word, lead, name in arguments(claim):
        names = [e for w, t, e in theirs if t == lead and same(word, w)]
        heads = [w for w, t, e in theirs if t == lead and word.name and _in(name[0], e)]
        other_name = names and not any(_in(part, other) for other in names for part in name)
        other_head = heads and all(w.name for w in heads) and not _in(word, heads)
        if other_name or other_head:
            found.append(f"another in the source: {word.text} {lead} {name[0].text}")
    return found + _moved_prepositions(claim, source) + _exchanged_nouns(claim, source)


def _moved_prepositions(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    mine = led(claim)
    theirs = {pair for sentence in source for pair in led(sentence)}
    return [
        f"mixed up: {name} and {other}"
        for name, lead in mine
        for other in sorted({w.key for w in claim.words if w.name} - {name})
        if (other, lead) in theirs and (other, lead) not in mine and (name, lead) not in theirs
    ]


def _exchanged_nouns(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    mine = complements(claim)
    theirs = [pair for sentence in source for pair in complements(sentence)]
    return [
        f"mixed up: {noun.text} and {other.text}"
        for (head, noun), (other_head, other) in combinations(mine, 2)
        if _in_pairs(head, other, theirs) and _in_pairs(other_head, noun, theirs)
        if not (_in_pairs(head, noun, theirs) or _in_pairs(other_head, other, theirs))
    ]


def _in_pairs(head: Word, noun: Word, pairs: Sequence[tuple[Word, Word]]) -> bool:
    return any(same(head, a) and same(noun, b) for a, b in pairs)


def distinguished(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Doers that share a noun and differ in the word before it ("upper house", "lower house")
    and do what the source says of the other."""
    known = [pair for sentence in source for pair in _described(sentence).values()]
    mine, found = _described(claim), []
    for scene in scenes(claim):
        for at in (thing.at for thing in scene.acting if thing.at in mine):
            word, thing = mine[at]
            if not any(same(word, w) and same(thing, t) for w, t in known):
                continue
            others = [
                described[held.at][0]
                for sentence in source
                for described in [_described(sentence)]
                for other in scenes(sentence)
                if other.verb.key == scene.verb.key
                for held in other.acting
                if same(thing, held) and held.at in described
            ]
            if others and not any(same(word, o) for o in others):
                found.append(f"done by another: {word.text} {thing.text}")
    return found


def _described(sentence: Sentence) -> dict[int, tuple[Word, Word]]:
    """Each word's place with the word right before it and itself."""
    pairs = zip(sentence.words, sentence.words[1:], strict=False)
    return {b.at: (a, b) for a, b in pairs if a.at + 1 == b.at and not a.verb}


def readmitted(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Names that the source keeps out ("outside A") and the bullet does not."""
    theirs = [pair for sentence in source for pair in led(sentence)]
    return [
        f"the source says {' '.join(leads)} {name}"
        for name, lead in led(claim)
        for leads in [{other for key, other in theirs if key == name}]
        if leads and leads <= words("excluding") and lead not in leads
    ]


def _close(owner: Word, thing: Word, sentence: Sentence) -> bool:
    """Whether a sentence has the two near each other, and not each with a partner of its own."""
    pairs = links(sentence)
    apart = any(alike(o.key, owner.key) for o, _ in pairs) and any(
        alike(t.key, thing.key) for _, t in pairs
    )
    if apart and not owner.name:
        return False
    places = [w.at for w in sentence.words if alike(w.key, owner.key)]
    return any(
        abs(w.at - at) <= _NEAR for w in sentence.words if alike(w.key, thing.key) for at in places
    )


def mixed_names(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """A first name with another's surname."""
    found = []
    for left, right in _neighbours(claim):
        if any(_near(left, right, s) for s in source) or left.key in keys("titles"):
            continue
        after = {b.key for s in source for a, b in _neighbours(s) if a.key == left.key}
        before = {a.key for s in source for a, b in _neighbours(s) if b.key == right.key}
        if after or before:
            found.append(f"two names mixed: {left.text} {right.text}")
    return found


def _near(left: Word, right: Word, sentence: Sentence) -> bool:
    """Whether the two stand in this order with little between them ("Mayor of Orsk")."""
    return any(
        same(left, a) and same(right, b) and 0 < b.at - a.at <= _APPOSITION
        for a in sentence.words
        for b in sentence.words
    )


def _neighbours(sentence: Sentence) -> list[tuple[Word, Word]]:
    pairs = zip(sentence.words, sentence.words[1:], strict=False)
    return [(a, b) for a, b in pairs if a.name and b.name and b.at == a.at + 1]


def speakers(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Words put into another mouth."""
    found = []
    for speech in speeches(claim):
        mine = speech.speaker
        if not mine:
            continue
        others = speeches(aligned(speech.said, source))
        shares = [sum(_in(w, o.said) for w in speech.said) for o in others]
        theirs = [
            () if all(w.light and not w.name for w in o.speaker) else o.speaker
            for o, n in zip(others, shares, strict=True)
            if n == max(shares)
        ]
        named = [o.speaker for o, n in zip(others, shares, strict=True) if n < max(shares)]
        if any(any(_in(a, who) for a in mine) for who in theirs):
            continue
        elsewhere = any(any(_in(a, who) for a in mine) for who in named)
        if theirs and (elsewhere or all(theirs)):
            found.append(f"said by another: {' '.join(w.text for w in mine)}")
    return found


def _anaphoric(side: Sequence[Word]) -> bool:
    """Whether a side may be another word for something named before ("the company")."""
    return not any(w.name or w.key in keys("institutions") for w in side) and all(
        w.definite or w.light for w in side
    )


def _title(word: Word) -> bool:
    return word.key in keys("titles")


def _in(word: Word, side: Sequence[Word]) -> bool:
    return any(alike(word.key, other.key) for other in side)
