"""The rule about words that a bullet brings into a sentence of the source from another one.

That is right where the sentence refers back ("He said", "its editor", "the two") and the words
name its referent. Everywhere else it is how two facts become a false one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolkit.summarisers.grounding.lexicon import words
from toolkit.summarisers.grounding.rule import Rule
from toolkit.summarisers.grounding.sentence import Sentence, Word, found_in, same
from toolkit.summarisers.grounding.tokens import token_at

_CLAUSE_STARTS = frozenset([";", "but", "while", "whereas"])
# How many phrases of a clause may come from other sentences.
_MOST = 2
# Tokens between the words of one phrase.
_PHRASE_GAP = 2
# Tokens by which two words may be apart that belong together in the source.
_REACH = 5


@Rule
def unlinked_words(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Find words from another sentence of the source to which nothing in the sentence refers back.

    >>> unlinked_words.reasons("Riga flooded the port.", "Orsk flooded the port.", "Riga slept.")
    ['said of something else in the source: Riga']
    >>> unlinked_words.reasons("Riga flooded the port.", "Riga slept.", "It flooded the port.")
    []
    """
    found = []
    for clause in _clauses(claim):
        place = max(range(len(source)), key=lambda i: (_likeness(claim, clause, source[i]), -i))
        best, before = source[place], source[:place]
        kept = [w for w in clause if found_in(w, best)]
        brought = [
            phrase
            for phrase in _phrases(claim, clause, best)
            if any(found_in(phrase[0], s) for s in source)
        ]
        for number, phrase in enumerate(brought):
            if _extends_name(phrase, kept, source):
                continue
            known = any(all(found_in(w, s) for w in phrase) for s in before)
            if known and _names_place(claim, phrase, best, before):
                continue
            linked = known and number < _MOST and _is_referent(claim, phrase, kept, best)
            if not linked:
                names = " ".join(word.text for word in phrase)
                found.append(f"said of something else in the source: {names}")
    return found


def _clauses(claim: Sentence) -> Iterator[list[Word]]:
    """Return the words of each main clause. "And" begins one where a verb stands on both sides.
    Words between two commas after the subject are one of their own."""
    aside = _between_commas(claim)
    if len(aside) > 1:
        yield aside
    kept = [w for w in claim.words if w not in aside]
    clause: list[Word] = []
    for at, token in enumerate(claim.tokens):
        rest = [w for w in kept if w.at > at and w.clause == claim.clauses[at]]
        subordinate = _is_subordinate(claim.tokens, at)
        joins = (token == "and" or subordinate) and any(w.verb for w in (*clause, *rest))
        if (token in _CLAUSE_STARTS or joins) and len(clause) > 1 and len(rest) + subordinate > 1:
            yield clause
            clause = []
        clause += [w for w in kept if w.at == at]
    if clause:
        yield clause


def _between_commas(claim: Sentence) -> list[Word]:
    """Return the words between the two commas of a sentence that goes on after them; else none."""
    commas = [i for i, token in enumerate(claim.tokens) if token == ","]
    if len(commas) != 2:
        return []
    start, end = commas
    around = [w.at for w in claim.words if not start < w.at < end]
    if not (any(at < start for at in around) and any(at > end for at in around)):
        return []
    return [w for w in claim.words if start < w.at < end]


def _is_subordinate(tokens: Sequence[str], at: int) -> bool:
    """Say whether a relative or participle clause begins here."""
    participle = token_at(tokens, at - 1) == "," and tokens[at].endswith("ing")
    return tokens[at] in ("which", "who", "whose") or participle


def _likeness(claim: Sentence, clause: Sequence[Word], sentence: Sentence) -> int:
    """Return how much of a clause a sentence has. Verbs, numbers and days count more than nouns;
    names count least, since a pronoun may stand for them."""
    positions = range(clause[0].at, clause[-1].at + 1)
    amounts = [a for a in claim.amounts if a.start in positions]
    return (
        sum((1 + word.verb + (not word.name)) * found_in(word, sentence) for word in clause)
        + sum(2 * any(a.value == b.value for b in sentence.amounts) for a in amounts)
        + sum(2 * (claim.tokens[i] in sentence.verbatim) for i in positions)
    )


def _phrases(claim: Sentence, clause: Sequence[Word], best: Sentence) -> list[list[Word]]:
    """Return the words of the clause that ``best`` does not have, neighbours in one list."""
    phrases: list[list[Word]] = []
    for word in clause:
        if word.general or found_in(word, best) or word.text.lower() in best.tokens:
            continue
        last = phrases[-1][-1] if phrases else None
        between = claim.tokens[last.at + 1 : word.at] if last else ()
        if last and len(between) <= _PHRASE_GAP and set(between) <= {"of", "the", ","}:
            phrases[-1].append(word)
        else:
            phrases.append([word])
    return phrases


def _extends_name(phrase: Sequence[Word], kept: Sequence[Word], source: Sequence[Sentence]) -> bool:
    """Say whether the words only add to a name next to them, as the source does elsewhere ("mayor
    Anna" of "Kovac")."""
    first, last = phrase[0].at, phrase[-1].at
    names = [w for w in kept if w.name and first - _PHRASE_GAP <= w.at <= last + _PHRASE_GAP]
    return any(
        all(any(same(w, a) and abs(a.at - b.at) <= _REACH for a in s.words) for w in phrase)
        for name in names
        for s in source
        for b in s.words
        if same(name, b)
    )


def _names_place(
    claim: Sentence, phrase: Sequence[Word], best: Sentence, before: Sequence[Sentence]
) -> bool:
    """Say whether "in the town" stands where the bullet has "in Orsk", "the town of Orsk"
    before."""
    preposition = token_at(claim.tokens, phrase[0].at - 1)
    nouns = [
        w
        for w in best.words
        if w.definite
        and not w.name
        and best.tokens[max(0, w.at - 2) : w.at] == (preposition, "the")
    ]
    return any(
        same(noun, a) and same(phrase[0], b) and abs(a.at - b.at) <= _REACH
        for noun in nouns
        for s in before
        for a in s.words
        for b in s.words
    )


def _is_referent(
    claim: Sentence, phrase: Sequence[Word], kept: Sequence[Word], best: Sentence
) -> bool:
    """Say whether ``best`` has a pronoun, or a definite noun, where the bullet has the phrase."""
    after = next((w for w in kept if w.at > phrase[-1].at), None)
    if phrase[-1].text.lower().endswith(("'s", "s'")) and after is not None:
        return any(_follows_possessive(best, w) for w in best.words if same(after, w))
    start = _first_verb(claim)
    if phrase[0].at < start:
        verb = next((w for w in claim.words if w.at == start), None)
        return _subject_refers_back(best, verb)
    lead = claim.tokens[phrase[0].at - 2 : phrase[0].at]
    event = not any(w.name for w in phrase) and lead[1:] == ("the",)
    adverbial = event and lead[0] in words("prepositions")
    return adverbial or any(t in words("third_person") for t in best.tokens)


def _first_verb(sentence: Sentence) -> int:
    """Return the position of the first verb or form of "be"; the end where there is none."""
    verbs = [w.at for w in sentence.words if w.verb]
    forms = [i for i, token in enumerate(sentence.tokens) if token in words("be_forms")]
    return min([*verbs, *forms], default=len(sentence.tokens))


def _subject_refers_back(best: Sentence, verb: Word | None) -> bool:
    opening = {token.partition("'")[0] for token in best.tokens[:3]}
    if opening & words("subject_pronouns"):
        return True
    end = next((w.at for w in best.words if verb and same(verb, w)), _first_verb(best))
    subject = [w for w in best.words if w.at < end]
    return (
        any(t in words("subject_pronouns") for t in best.tokens[max(0, end - 4) : end])
        or any(t in words("possessives") for t in best.tokens[:end])
        or all(w.definite and not w.name for w in subject)
    )


def _follows_possessive(sentence: Sentence, word: Word) -> bool:
    return any(t in words("possessives") for t in sentence.tokens[max(0, word.at - 3) : word.at])
