"""Finds predicates with their arguments, reported speech and modifiers, by the order of words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from toolkit.summarisers.grounding.lexicon import keys, words
from toolkit.summarisers.grounding.sentence import Sentence, Word, once
from toolkit.summarisers.grounding.tokens import token_at

_CLAUSE_ENDS = frozenset(";:()")
_RELATIVES = frozenset(["who", "which", "whose"])
# '..., said Rosa Tem, a teacher': tokens before and after a speaker who stands after the verb.
_BEFORE_LATE_SPEAKER = frozenset(',"?!')
_AFTER_LATE_SPEAKER = frozenset([".", ",", ";", "of", "who", '"'])
# Words after a predicate that can belong to its object.
_OBJECT_WORDS = 8
# Nouns after a possessor or a name that it can modify.
_MODIFIED_NOUNS = 2
# Tokens that a name can have ("the Republic of Orsk").
_NAME_TOKENS = 4


@dataclass(frozen=True, slots=True)
class Predication:
    """A predicate with its arguments.

    ``subject`` and ``object`` are the logical ones: in the passive voice the agent after "by" is
    the subject. ``open`` says that the subject is a pronoun or is not named, ``sure`` that the
    form of the verb shows the voice.
    """

    predicate: Word
    subject: tuple[Word, ...]
    object: tuple[Word, ...]
    open: bool
    sure: bool
    sentence: Sentence

    @property
    def direct_object(self) -> tuple[Word, ...]:
        """Return the word of the object that is nearest to the predicate."""
        after = [w for w in self.object if w.at > self.predicate.at]
        return tuple(after[:1]) or self.object[-1:]


def predications(sentence: Sentence, verbs: frozenset[str] = frozenset()) -> Iterator[Predication]:
    """Return each predicate of the sentence with its arguments. Words whose key is in ``verbs``
    count as predicates where they can be verbs."""
    for word in _may_be_predicates(sentence):
        if word.verb or word.key in verbs:
            yield _predication(sentence, word.at)


@once
def _may_be_predicates(sentence: Sentence) -> tuple[Word, ...]:
    return tuple(
        word
        for word in sentence.words
        if word.key not in keys("vague_verbs")
        and (
            word.verb
            or not (word.name or token_at(sentence.tokens, word.at - 1) in words("determiners"))
        )
    )


# Not ``once``: a predication refers to its sentence.
@lru_cache(maxsize=512)
def _predication(sentence: Sentence, position: int) -> Predication:
    """Return the predicate at a position with its arguments."""
    verb = sentence.content[position]
    tokens = sentence.tokens
    start, end = _clause(sentence, verb)
    candidates = [w for w in sentence.words if not w.verb and not _is_adverbial(sentence, w)]
    relative = _relative_clause(tokens, start, verb.at)
    before = tuple(w for w in candidates if start <= w.at < verb.at and w.at not in relative)
    after = tuple(w for w in candidates if verb.at < w.at < end)[:_OBJECT_WORDS]
    pronoun = _last_before(tokens, start, verb) in words("pronouns")
    if _is_passive(tokens, verb):
        agents = (i for i in range(verb.at + 1, end) if tokens[i] == "by")
        by = next((i for i in agents if not _is_measure(sentence, i + 1)), end)
        agent = tuple(w for w in after if w.at > by)
        return Predication(verb, agent, () if pronoun else before, not agent, True, sentence)
    following = tokens[verb.at + 1] if verb.at + 1 < len(tokens) else "."
    if pronoun or _is_gerund(tokens, verb):
        before = ()
    if following in words("third_person") and following not in words("possessives"):
        after = ()
    sure = _is_active(verb, following)
    return Predication(verb, before, after, not before, sure, sentence)


def _is_measure(sentence: Sentence, at: int) -> bool:
    """Say whether an amount stands at a position: "raised by half a point"."""
    at += token_at(sentence.tokens, at) in ("a", "about", "some")
    number = any(amount.start <= at < amount.end for amount in sentence.amounts)
    return number or token_at(sentence.tokens, at) in words("vague_amounts")


def _is_passive(tokens: Sequence[str], verb: Word) -> bool:
    near = tokens[max(0, verb.at - 3) : verb.at]
    if verb.text.lower() in words("one_form"):
        near = near[-1:]
    elif not verb.participle:
        return False
    return any(t in words("be_forms") for t in near)


def _is_active(verb: Word, following: str) -> bool:
    """Say whether the form of a verb, or the token after it, shows that it is in the active
    voice."""
    unclear = words("prepositions") | words("be_forms") | {".", ",", "and", "guilty"}
    finite = verb.text.lower() in words("past_only") or not verb.participle
    return finite or following not in unclear


def _clause(sentence: Sentence, verb: Word) -> tuple[int, int]:
    """Return the positions at which the clause of a verb begins and ends."""
    tokens = sentence.tokens
    start, end = _span(tokens, verb.at)
    verbs = {w.at for w in sentence.words if w.verb}
    ends = (
        i
        for i in range(verb.at + 1, end)
        if tokens[i] in _RELATIVES or (tokens[i] == "and" and i + 1 in verbs)
    )
    return max([start, *_reported_clauses(sentence, verb.at)]), next(ends, end)


def _span(tokens: Sequence[str], at: int) -> tuple[int, int]:
    """Return the positions of the punctuation and conjunctions before and after a token."""
    start = max((i + 1 for i in range(at) if _ends_clause(tokens[i])), default=0)
    ends = (i for i in range(at + 1, len(tokens)) if _ends_clause(tokens[i]))
    return start, next(ends, len(tokens))


def _ends_clause(token: str) -> bool:
    return token in _CLAUSE_ENDS or token in words("clause_splitters")


def _relative_clause(tokens: Sequence[str], start: int, end: int) -> range:
    """Return the positions of ", who ...," between a subject and its verb."""
    for at in range(start, end):
        if tokens[at] in _RELATIVES:
            close = next((i for i in range(at, end) if tokens[i] == ","), None)
            return range(at, close) if close is not None else range(0)
    return range(0)


def _reported_clauses(sentence: Sentence, end: int) -> Iterator[int]:
    """Return where the clauses begin that a reporting verb before ``end`` introduces ("says", "told
    CNN")."""
    for word in sentence.words:
        if word.at < end and word.verb and word.key in keys("reporting_verbs"):
            if "and" in sentence.tokens[max(word.at, end - 2) : end]:
                continue  # "denies this and blames": both verbs have one subject
            hearer = {w.at for w in sentence.words if w.name and word.key == "tell"}
            start = word.at + 1
            while start in hearer:
                start += 1
            yield start


def _is_adverbial(sentence: Sentence, word: Word) -> bool:
    """Say whether a word says where or when: it follows "in", "near" or the like."""
    return _preposition(sentence, word) in words("circumstances")


def _preposition(sentence: Sentence, word: Word) -> str:
    """Return the token before a word, the article left out."""
    before = [t for t in sentence.tokens[max(0, word.at - 2) : word.at] if t != "the"]
    return before[-1] if before else ""


def _last_before(tokens: Sequence[str], start: int, verb: Word) -> str:
    """Return the token before a verb, its auxiliaries and negations left out."""
    helpers = words("modals") | words("be_forms") | words("negators") | words("have_forms")
    return next((t for t in reversed(tokens[start : verb.at]) if t not in helpers), "")


def _is_gerund(tokens: Sequence[str], verb: Word) -> bool:
    before = token_at(tokens, verb.at - 1)
    return verb.text.endswith("ing") and (before == "," or before in words("prepositions"))


@dataclass(frozen=True, slots=True)
class Attribution:
    """A statement that the sentence attributes to ``speaker``, which is empty for a pronoun."""

    speaker: tuple[Word, ...]
    statement: tuple[Word, ...]


def attributions(sentence: Sentence) -> list[Attribution]:
    """Return the statements that the sentence attributes to somebody with a reporting verb."""
    found = []
    for verb in sentence.words:
        if not verb.verb or verb.key not in keys("reporting_verbs"):
            continue
        before = sentence.tokens[max(0, verb.at - 2) : verb.at]
        if any(t in words("be_forms") for t in before) or "to" in before[-1:]:
            continue
        speaker = _speaker(sentence, verb)
        start, end = _span(sentence.tokens, verb.at)
        said = (w for w in sentence.words if start <= w.at < end and w is not verb)
        found.append(Attribution(speaker, tuple(w for w in said if w not in speaker)))
    return found


def _speaker(sentence: Sentence, verb: Word) -> tuple[Word, ...]:
    tokens = sentence.tokens
    if late := _late_speaker(sentence, verb):
        return late
    if any(t in words("pronouns") for t in tokens[max(0, verb.at - 2) : verb.at]):
        return ()
    return _predication(sentence, verb.at).subject or _shared_subject(sentence, verb)


def _late_speaker(sentence: Sentence, verb: Word) -> tuple[Word, ...]:
    """Return the speaker after the verb, as in '..., said Rosa Tem, a teacher'; empty where none
    is."""
    tokens, by_position = sentence.tokens, sentence.content
    end = verb.at + 1
    while end in by_position or token_at(tokens, end) == "the":
        end += 1
    named = any(w.name for at, w in by_position.items() if verb.at < at < end)
    after = tokens[end] if end < len(tokens) else "."
    before = token_at(tokens, verb.at - 1)
    if not (before in _BEFORE_LATE_SPEAKER and named and after in _AFTER_LATE_SPEAKER):
        return ()
    stop = next((i for i in range(end, len(tokens)) if tokens[i] in '".;'), len(tokens))
    return tuple(w for w in sentence.words if verb.at < w.at < stop)


def _shared_subject(sentence: Sentence, verb: Word) -> tuple[Word, ...]:
    """Return the subject of the first predicate, in "X did this but said that"."""
    if token_at(sentence.tokens, verb.at - 1) not in ("but", "and"):
        return ()
    first = next((w for w in sentence.words if w.verb), verb)
    return _predication(sentence, first.at).subject if first.at < verb.at else ()


def modifiers(sentence: Sentence) -> list[tuple[Word, Word]]:
    """Return pairs of a modifier and its noun: "Orsk's mayor", "a cargo train", "Fors of the
    University"."""
    by_position = sentence.content
    found = []
    for modifier in sentence.words:
        head = by_position.get(_head_before_of(sentence.tokens, modifier.at))
        if modifier.name and head and head.name:
            found.append((modifier, head))
        if modifier.participle:
            continue
        possessor = modifier.name or modifier.text.lower().endswith(("'s", "s'"))
        reach = _MODIFIED_NOUNS if possessor else 1
        for at in range(modifier.at + 1, modifier.at + 1 + reach):
            noun = by_position.get(at)
            if noun is None or noun.name or noun.participle:
                break
            found.append((modifier, noun))
    return found


def _head_before_of(tokens: Sequence[str], at: int) -> int:
    """Return the position of the word before the "of (the)" that stands before ``at``; -1 without
    one."""
    at -= 1
    if token_at(tokens, at) == "the":
        at -= 1
    return at - 1 if token_at(tokens, at) == "of" else -1


def name_complements(sentence: Sentence) -> list[tuple[Word, str, tuple[Word, ...]]]:
    """Return each word that has a prepositional complement which is a name, with the preposition
    and the words of the name."""
    by_position = sentence.content
    found = []
    for head, start in _complements(sentence):
        at = start
        while at in by_position and by_position[at].title:
            at = _after_determiners(sentence.tokens, at + 1)
        name = tuple(
            w for i in range(at, at + _NAME_TOKENS) if (w := by_position.get(i)) and w.name
        )
        if name and name[0].at == at:
            found.append((head, sentence.tokens[head.at + 1], name))
    return found


def noun_complements(sentence: Sentence) -> list[tuple[Word, Word]]:
    """Return each word that has a prepositional complement, with the noun that ends it: ("members",
    "party") of "members of the ruling party"."""
    by_position = sentence.content
    found = []
    for head, at in _complements(sentence):
        noun = None
        while at in by_position and not by_position[at].verb:
            noun, at = by_position[at], at + 1
        if noun is not None:
            found.append((head, noun))
    return found


def _complements(sentence: Sentence) -> Iterator[tuple[Word, int]]:
    """Return each word before a preposition, and the position after this one and its
    determiners."""
    for word in sentence.words:
        if token_at(sentence.tokens, word.at + 1) in words("prepositions"):
            yield word, _after_determiners(sentence.tokens, word.at + 2)


def _after_determiners(tokens: Sequence[str], at: int) -> int:
    while token_at(tokens, at) in words("determiners"):
        at += 1
    return at


def name_prepositions(sentence: Sentence) -> list[tuple[str, str]]:
    """Return the key of each name with the preposition before it."""
    pairs = ((word, _preposition(sentence, word)) for word in sentence.words if word.name)
    return [(word.key, before) for word, before in pairs if before in words("prepositions")]
