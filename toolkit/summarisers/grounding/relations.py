"""Rules about arguments, modifiers and speakers: who does it, whose it is, who says it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from toolkit.summarisers.grounding.lexicon import alike, keys, pairs, words
from toolkit.summarisers.grounding.predicates import (
    Attribution,
    Predication,
    attributions,
    modifiers,
    name_complements,
    name_prepositions,
    noun_complements,
    predications,
)
from toolkit.summarisers.grounding.rule import Rule
from toolkit.summarisers.grounding.sentence import Sentence, Word, aligned, among, same

# Tokens by which two names of the source may be apart that are neighbours in the bullet.
_APPOSITION = 5
# Tokens by which a modifier and its noun may be apart in the source.
_NEAR = 4


@Rule
def exchanged_arguments(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Find predicates whose subject and object stand the other way round in the source.

    >>> exchanged_arguments.reasons("Orsk sued Riga.", "Riga sued Orsk.")
    ['subject and object changed places: sued']
    >>> exchanged_arguments.reasons("Orsk was sued by Riga.", "Riga sued Orsk.")
    []
    """
    theirs, ours = _predications(claim, source)
    found = []
    for mine in ours:
        if mine.predicate.key in keys("plain_sayings"):
            continue
        like = [t for t in theirs if t.predicate.key == mine.predicate.key]
        turned = [t for t in theirs if _converse(mine.predicate.key, t.predicate.key)]
        reversed_there = bool(like) and mine.sure and all(_reversed(mine, t) for t in like)
        kept_with_converse = not like and turned and all(_parallel(mine, t) for t in turned)
        if reversed_there or kept_with_converse:
            found.append(f"subject and object changed places: {mine.predicate.text}")
    return found


@Rule
def wrong_arguments(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Find predicates that the source has with another argument: another name, or the bullet's own
    argument at another predicate.

    >>> wrong_arguments.reasons("Anna Kovac sued Riga.", "Petra Holm sued Riga. Anna Kovac left.")
    ['done by or to another: sued']
    >>> wrong_arguments.reasons("Petra Holm sued Riga.", "Petra Holm sued Riga. Anna Kovac left.")
    []
    """
    theirs, ours = _predications(claim, source)
    found = []
    for mine in ours:
        like = [t for t in theirs if t.predicate.key == mine.predicate.key]
        rest = [t for t in theirs if t.predicate.key != mine.predicate.key]
        if not (like and mine.sure) or mine.predicate.key in keys("reporting_verbs"):
            continue
        if all(
            _other_names(mine.subject, t.subject)
            or _other_names(mine.object, t.object)
            or _borrowed(mine.subject, t.subject, t, rest)
            or _borrowed(mine.direct_object, t.object, t, rest)
            for t in like
        ):
            found.append(f"done by or to another: {mine.predicate.text}")
    return found


def _predications(
    claim: Sentence, source: Sequence[Sentence]
) -> tuple[list[Predication], list[Predication]]:
    """Return the predications of the source and of the claim. A word that one of them uses as a
    verb counts as one in the other."""
    verbs = frozenset(w.key for s in [*source, claim] for w in s.words if w.verb)
    return [t for s in source for t in predications(s, verbs)], list(predications(claim, verbs))


def _other_names(mine: Sequence[Word], theirs: Sequence[Word]) -> bool:
    """Say whether both arguments have names, and not the same."""
    own = _specific(mine)
    if not any(w.name for w in _specific(theirs)) and any(among(w, theirs) for w in mine):
        return False  # "The Pope", "Pope Clement"
    named = any(w.name for w in mine) and any(w.name for w in theirs)
    return bool(own) and named and not any(among(w, theirs) for w in own)


def _borrowed(
    mine: Sequence[Word],
    theirs: Sequence[Word],
    predication: Predication,
    rest: Sequence[Predication],
) -> bool:
    """Say whether an argument shares nothing with the one that the source has, and is an argument
    of another predicate there. A general or definite noun of the source may refer to the same
    thing, unless both predicates are in one sentence."""
    own = _specific(mine)
    if not own or not theirs or any(among(w, theirs) for w in own):
        return False
    plain = not _is_anaphoric(theirs)
    return any(
        among(word, [*other.subject, *other.direct_object])
        for other in rest
        if plain or other.sentence is predication.sentence
        for word in own
    )


def _specific(argument: Sequence[Word]) -> list[Word]:
    return [w for w in argument if not w.general and not w.title]


def _is_anaphoric(argument: Sequence[Word]) -> bool:
    """Say whether an argument may be another word for something named before ("the company")."""
    return not any(w.name or w.key in keys("institutions") for w in argument) and all(
        w.definite or w.general for w in argument
    )


def _reversed(mine: Predication, theirs: Predication) -> bool:
    actor = [w for w in mine.subject if _only_in(w, theirs.object, theirs.subject)]
    target = [w for w in mine.object if _only_in(w, theirs.subject, theirs.object)]
    if any(among(w, theirs.subject) for w in mine.subject if not w.general):
        return bool(actor and target)
    if not theirs.sure:
        return False
    return (bool(actor) and (bool(target) or theirs.open)) or bool(target and mine.subject)


def _only_in(word: Word, here: Sequence[Word], there: Sequence[Word]) -> bool:
    return among(word, here) and not among(word, there)


def _parallel(mine: Predication, theirs: Predication) -> bool:
    """Say whether two predicates have a name as subject in common."""
    return any(w.name and among(w, theirs.subject) for w in mine.subject)


def _converse(left: str, right: str) -> bool:
    """Say whether two verbs describe one event from its two sides ("buy", "sell")."""
    return frozenset((left, right)) in pairs("converses")


@Rule
def wrong_modifiers(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Find nouns with a modifier that the source gives to another noun.

    >>> source = "Riga's mayor resigned after a talk with people in Orsk."
    >>> wrong_modifiers.reasons("Orsk's mayor resigned.", source)
    ["belongs to another: Orsk's mayor"]
    >>> wrong_modifiers.reasons("Riga's mayor resigned.", source)
    []
    """
    theirs = [pair for sentence in source for pair in modifiers(sentence)]
    found = []
    for modifier, noun in modifiers(claim):
        others = [m for m, n in theirs if alike(n.key, noun.key)]
        modified = [n for m, n in theirs if noun.name and alike(m.key, modifier.key)]
        if (
            (others or modified)
            and not noun.verb
            and not among(modifier, others)
            and not any(_near_each_other(modifier, noun, sentence) for sentence in source)
            and any(among(modifier, sentence.words) for sentence in source)
        ):
            found.append(f"belongs to another: {modifier.text} {noun.text}")
    return found


def _near_each_other(modifier: Word, noun: Word, sentence: Sentence) -> bool:
    """Say whether a sentence has the two near each other, and not each with a partner of its
    own."""
    known = modifiers(sentence)
    apart = any(alike(m.key, modifier.key) for m, _ in known) and any(
        alike(n.key, noun.key) for _, n in known
    )
    if apart and not modifier.name:
        return False
    positions = [w.at for w in sentence.words if alike(w.key, modifier.key)]
    return any(
        abs(w.at - at) <= _NEAR
        for w in sentence.words
        if alike(w.key, noun.key)
        for at in positions
    )


@Rule
def wrong_complements(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Find names behind a word and its preposition where the source has another name, prepositions
    that moved from one name to another, and nouns that changed places behind theirs.

    >>> source = "A ship registered in Orsk sank."
    >>> wrong_complements.reasons("A ship registered in Riga sank.", source)
    ['another in the source: registered in Riga']
    >>> wrong_complements.reasons("The ship was registered in Orsk.", source)
    []
    """
    theirs = [complement for sentence in source for complement in name_complements(sentence)]
    found = []
    for head, preposition, name in name_complements(claim):
        names = [n for h, p, n in theirs if p == preposition and same(head, h)]
        heads = [h for h, p, n in theirs if p == preposition and head.name and among(name[0], n)]
        other_name = names and not any(among(part, n) for n in names for part in name)
        other_head = heads and all(h.name for h in heads) and not among(head, heads)
        if other_name or other_head:
            found.append(f"another in the source: {head.text} {preposition} {name[0].text}")
    return found + _moved_prepositions(claim, source) + _exchanged_nouns(claim, source)


def _moved_prepositions(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Return names of the bullet whose preposition the source has before another of its names
    only."""
    mine = name_prepositions(claim)
    theirs = {pair for sentence in source for pair in name_prepositions(sentence)}
    return [
        f"mixed up: {name} and {other}"
        for name, preposition in mine
        for other in sorted({w.key for w in claim.words if w.name} - {name})
        if (other, preposition) in theirs.difference(mine) and (name, preposition) not in theirs
    ]


def _exchanged_nouns(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """ "Members of the government voted with the opposition" for the other way round."""
    mine = noun_complements(claim)
    theirs = [pair for sentence in source for pair in noun_complements(sentence)]

    def has(head: Word, noun: Word) -> bool:
        return any(same(head, h) and same(noun, n) for h, n in theirs)

    return [
        f"mixed up: {noun.text} and {other.text}"
        for (head, noun), (other_head, other) in combinations(mine, 2)
        if has(head, other) and has(other_head, noun)
        if not (has(head, noun) or has(other_head, other))
    ]


@Rule
def wrong_subject_modifiers(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Find subjects that differ in the word before them from the subject that the source has.

    >>> source = "The upper house rejected the bill. The lower house passed the bill."
    >>> wrong_subject_modifiers.reasons("The upper house passed the bill.", source)
    ['done by another: upper house']
    >>> wrong_subject_modifiers.reasons("The lower house passed the bill.", source)
    []
    """
    known = [pair for sentence in source for pair in _with_word_before(sentence).values()]
    mine, found = _with_word_before(claim), []
    for predication in predications(claim):
        for at in (noun.at for noun in predication.subject if noun.at in mine):
            word, noun = mine[at]
            if not any(same(word, w) and same(noun, n) for w, n in known):
                continue
            others = _words_before_subject(noun, predication, source)
            if others and not any(same(word, o) for o in others):
                found.append(f"done by another: {word.text} {noun.text}")
    return found


def _words_before_subject(
    noun: Word, predication: Predication, source: Sequence[Sentence]
) -> list[Word]:
    """Return the words before ``noun`` where the source has it as subject of the same predicate."""
    found = []
    for sentence in source:
        before = _with_word_before(sentence)
        for other in predications(sentence):
            if other.predicate.key == predication.predicate.key:
                found += [
                    before[w.at][0] for w in other.subject if same(noun, w) and w.at in before
                ]
    return found


def _with_word_before(sentence: Sentence) -> dict[int, tuple[Word, Word]]:
    """Return the position of each word that follows another directly, with the two."""
    neighbours = zip(sentence.words, sentence.words[1:], strict=False)
    return {b.at: (a, b) for a, b in neighbours if a.at + 1 == b.at and not a.verb}


@Rule
def lost_exclusions(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Find names that the source excludes ("outside Orsk") and the bullet does not.

    >>> lost_exclusions.reasons("The train stopped in Orsk.", "The train stopped outside Orsk.")
    ['the source says outside orsk']
    >>> lost_exclusions.reasons("A train stopped outside Orsk.", "The train stopped outside Orsk.")
    []
    """
    theirs = [pair for sentence in source for pair in name_prepositions(sentence)]
    return [
        f"the source says {' '.join(sorted(before))} {name}"
        for name, preposition in name_prepositions(claim)
        for before in [{other for key, other in theirs if key == name}]
        if before and before <= words("excluding") and preposition not in before
    ]


@Rule
def mixed_names(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Find a first name with the surname of another.

    >>> source = "Anna Kovac resigned after a talk with her deputy, Petra Holm."
    >>> mixed_names.reasons("Anna Holm resigned.", source)
    ['two names mixed: Anna Holm']
    >>> mixed_names.reasons("Anna Kovac resigned.", source)
    []
    """
    found = []
    for left, right in _name_pairs(claim):
        if left.title or any(_in_this_order(left, right, s) for s in source):
            continue
        after = {b.key for s in source for a, b in _name_pairs(s) if a.key == left.key}
        before = {a.key for s in source for a, b in _name_pairs(s) if b.key == right.key}
        if after or before:
            found.append(f"two names mixed: {left.text} {right.text}")
    return found


def _in_this_order(left: Word, right: Word, sentence: Sentence) -> bool:
    """Say whether the two stand in this order with little between them ("Mayor of Orsk")."""
    return any(
        same(left, a) and same(right, b) and 0 < b.at - a.at <= _APPOSITION
        for a in sentence.words
        for b in sentence.words
    )


def _name_pairs(sentence: Sentence) -> list[tuple[Word, Word]]:
    neighbours = zip(sentence.words, sentence.words[1:], strict=False)
    return [(a, b) for a, b in neighbours if a.name and b.name and b.at == a.at + 1]


@Rule
def wrong_speakers(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Find statements that the source attributes to somebody else.

    >>> source = "Anna Kovac said the dam was safe. Petra Holm said the town was flooded."
    >>> wrong_speakers.reasons("Petra Holm said the dam was safe.", source)
    ['said by another: Petra Holm']
    >>> wrong_speakers.reasons("Anna Kovac said the dam was safe.", source)
    []
    """
    found = []
    for mine in attributions(claim):
        if not mine.speaker:
            continue
        closest, rest = _by_likeness(mine, attributions(aligned(mine.statement, source)))
        speakers = [_named(other.speaker) for other in closest]
        if any(_share_word(mine.speaker, speaker) for speaker in speakers):
            continue
        elsewhere = any(_share_word(mine.speaker, other.speaker) for other in rest)
        if speakers and (elsewhere or all(speakers)):
            found.append(f"said by another: {' '.join(w.text for w in mine.speaker)}")
    return found


def _by_likeness(
    mine: Attribution, others: Sequence[Attribution]
) -> tuple[list[Attribution], list[Attribution]]:
    """Return those of ``others`` whose statement has most words of this one's, and the rest."""
    shares = [sum(among(w, other.statement) for w in mine.statement) for other in others]
    most = max(shares, default=0)
    pairs = list(zip(others, shares, strict=True))
    return [o for o, n in pairs if n == most], [o for o, n in pairs if n < most]


def _named(speaker: tuple[Word, ...]) -> tuple[Word, ...]:
    """Return the speaker, or nothing where all its words are general ("officials")."""
    return () if all(w.general and not w.name for w in speaker) else speaker


def _share_word(words: Sequence[Word], others: Sequence[Word]) -> bool:
    return any(among(word, others) for word in words)
