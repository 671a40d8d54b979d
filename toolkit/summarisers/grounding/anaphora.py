"""Words that a bullet brings into a sentence of the source from another of its sentences.

That is right where the sentence points back ("He said", "its editor", "the two") and the words
name what it points at. It is how two facts become a false one everywhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolkit.summarisers.grounding.claims import Sentence, Word, found_in, same
from toolkit.summarisers.grounding.lexicon import words

_PARTS = frozenset([";", "but", "while", "whereas"])
_MOST = 2
_REACH = 5


def imported(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Words from another sentence of the source that nothing in the sentence points back to."""
    found = []
    for part in _parts(claim):
        best = max(range(len(source)), key=lambda i: (_shared(claim, part, source[i]), -i))
        strange = [
            group
            for group in _groups(claim, part, source[best])
            if any(found_in(group[0], s) for s in source)
        ]
        said = [w for w in part if found_in(w, source[best])]
        for number, group in enumerate(strange):
            known = any(all(found_in(w, s) for w in group) for s in source[:best])
            if _completes(group, said, source):
                continue
            if known and _same_place(claim, group, source[best], source[:best]):
                continue
            if number >= _MOST or not known or not _points_back(claim, group, said, source[best]):
                names = " ".join(word.text for word in group)
                found.append(f"told of something else in the source: {names}")
    return found


def _parts(claim: Sentence) -> Iterator[list[Word]]:
    """The words of each main clause: "and" begins one where a verb stands on both sides. What
    stands between two commas after the subject is one of its own."""
    commas = [i for i, token in enumerate(claim.tokens) if token == ","]
    inner: list[Word] = []
    if len(commas) == 2:
        inner = [w for w in claim.words if commas[0] < w.at < commas[1]]
        outer = [w for w in claim.words if w not in inner]
        if any(w.at < commas[0] for w in outer) and any(w.at > commas[1] for w in outer):
            yield from ([inner] if len(inner) > 1 else [])
        else:
            inner = []
    part: list[Word] = []
    kept = [w for w in claim.words if w not in inner]
    for at, token in enumerate(claim.tokens):
        rest = [w for w in kept if w.at > at and w.clause == claim.clauses[at]]
        aside = token in ("which", "who", "whose") or (
            claim.tokens[at - 1 : at] == (",",) and token.endswith("ing")
        )
        joins = (token == "and" or aside) and any(w.verb for w in (*part, *rest))
        if (token in _PARTS or joins) and len(part) > 1 and len(rest) + aside > 1:
            yield part
            part = []
        part += [w for w in kept if w.at == at]
    if part:
        yield part


def _shared(claim: Sentence, part: Sequence[Word], sentence: Sentence) -> int:
    """How much of a part a sentence has; verbs, numbers and days tell more than nouns, and names
    least, since a pronoun may stand for them."""
    places = range(part[0].at, part[-1].at + 1)
    amounts = [a for a in claim.amounts if a.start in places]
    return (
        sum((1 + word.verb + (not word.name)) * found_in(word, sentence) for word in part)
        + sum(2 * any(a.value == b.value for b in sentence.amounts) for a in amounts)
        + sum(2 * (claim.tokens[i] in sentence.exact) for i in places)
    )


def _groups(claim: Sentence, part: Sequence[Word], best: Sentence) -> list[list[Word]]:
    """The words of the part that its sentence does not have, those that stand together in one
    list."""
    groups: list[list[Word]] = []
    for word in part:
        if word.light or found_in(word, best) or word.text.lower() in best.tokens:
            continue
        last = groups[-1][-1] if groups else None
        between = claim.tokens[last.at + 1 : word.at] if last else ()
        if last and len(between) <= _MOST and set(between) <= {"of", "the", ","}:
            groups[-1].append(word)
        else:
            groups.append([word])
    return groups


def _completes(group: Sequence[Word], said: Sequence[Word], source: Sequence[Sentence]) -> bool:
    """Whether the words only say more of a name beside them, as the source does elsewhere
    ("mayor Anna" of "Kovac")."""
    near = [
        w
        for w in said
        if w.name and -_MOST <= w.at - group[0].at <= group[-1].at - group[0].at + _MOST
    ]
    return any(
        all(any(same(g, a) and abs(a.at - b.at) <= _REACH for a in s.words) for g in group)
        for name in near
        for s in source
        for b in s.words
        if same(name, b)
    )


def _same_place(
    claim: Sentence, group: Sequence[Word], best: Sentence, before: Sequence[Sentence]
) -> bool:
    """Whether "in the town" stands where the bullet has "in Orsk", "the town of Orsk" before."""
    lead = claim.tokens[group[0].at - 1] if group[0].at else ""
    nouns = [
        w
        for w in best.words
        if w.definite and not w.name and best.tokens[max(0, w.at - 2) : w.at] == (lead, "the")
    ]
    return any(
        same(noun, a) and same(group[0], b) and abs(a.at - b.at) <= _REACH
        for noun in nouns
        for s in before
        for a in s.words
        for b in s.words
    )


def _points_back(
    claim: Sentence, group: Sequence[Word], said: Sequence[Word], best: Sentence
) -> bool:
    """Whether the source's sentence has a pronoun, or something definite, where the bullet has
    ``group``."""
    after = next((w for w in said if w.at > group[-1].at), None)
    if group[-1].text.lower().endswith(("'s", "s'")) and after is not None:
        return any(_before(best, w, words("possessives")) for w in best.words if same(after, w))
    start = _verb_place(claim)
    if group[0].at < start:
        verb = next((w for w in claim.words if w.at == start), None)
        return _subject_points_back(best, verb)
    lead = claim.tokens[group[0].at - 2 : group[0].at]
    event = not any(w.name for w in group) and lead[1:] == ("the",)
    circumstance = event and lead[0] in words("prepositions")
    return circumstance or any(t in words("object_pronouns") for t in best.tokens)


def _verb_place(sentence: Sentence) -> int:
    """Where the first verb or form of "be" stands; the end where there is none."""
    verbs = [w.at for w in sentence.words if w.verb]
    forms = [i for i, token in enumerate(sentence.tokens) if token in words("be_forms")]
    return min([*verbs, *forms], default=len(sentence.tokens))


def _subject_points_back(best: Sentence, verb: Word | None) -> bool:
    opening = {token.partition("'")[0] for token in best.tokens[:3]}
    if opening & words("subject_pronouns"):
        return True
    told = next((w.at for w in best.words if verb and same(verb, w)), _verb_place(best))
    left = [w for w in best.words if w.at < told]
    near = best.tokens[max(0, told - 4) : told]
    return (
        any(t in words("subject_pronouns") for t in near)
        or any(t in words("possessives") for t in best.tokens[:told])
        or all(w.definite and not w.name for w in left)
    )


def _before(sentence: Sentence, word: Word, wanted: frozenset[str]) -> bool:
    return any(t in wanted for t in sentence.tokens[max(0, word.at - 3) : word.at])
