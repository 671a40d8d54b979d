"""Finds in which things two bullets differ: who, where, when, how many, which way, how sure.

The bullets are read as grounding reads them, by their words and their order. A difference is found
only where both say something, and not the same, in one place of the sentence; a detail that only
one of them gives is none, unless it limits what is said ("only", "former", "if").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from toolkit.stories.contrasts import contrary, entries, markers, of_one_kind
from toolkit.stories.quantities import HOW_MANY, WHEN, Text, amounts, is_part
from toolkit.stories.slots import changed_places, other_causes, other_speakers
from toolkit.summarisers.grounding.lexicon import alike, calendar, key, keys, pairs, words
from toolkit.summarisers.grounding.sentence import Sentence, Word, matched_at, once, same
from toolkit.summarisers.grounding.tokens import is_content, is_negator, token_at
from toolkit.text.english import frequencies
from toolkit.text.places import places
from toolkit.text.places import plain as place_form

WHO, WHERE, WHAT, WHY = "who", "where", "what happened", "why"
SURE, WHETHER, SAYS = "how sure it is", "whether it happened", "who says so"
ROLES = "who did it to whom"

# Words before a noun, its determiners included, in which its preposition is looked for.
_PHRASE = 5
_TURNS = {"last": "last", "past": "last", "previous": "last", "next": "next", "coming": "next"}
_PRONOUNS = {"he": "m", "him": "m", "his": "m", "she": "f", "her": "f", "hers": "f"}
_ORDER = "which one"
_CONDITIONAL = ("if", "unless")
# Verbs that tell one event from its two sides are in ``converses``; these are not there.
_CONVERSES = frozenset(
    {frozenset({key("beat"), key("lose")}), frozenset({key("defeat"), key("lose")})}
)


@dataclass(frozen=True, slots=True)
class Differences:
    """``kinds`` are the things in which both bullets say something, and not the same; ``limits``
    those in which one of them limits what the other says ("only", "former", "if"). ``unclear``
    means that they may differ in more: a number that may agree with the other, a speaker that one
    of them names. ``denials`` means that one has a word such as "lift" or "refuse" where the other
    has another. ``rests`` are the parts of their words, 0 to 1, that only one of them has and that
    make no difference found."""

    kinds: frozenset[str]
    limits: frozenset[str]
    unclear: bool
    denials: bool
    rests: tuple[float, float]


def differences(one: Text, other: Text) -> Differences:
    """Return the differences of two bullets, read with the same names."""
    own, theirs = _unmatched(one, other), _unmatched(other, one)
    kinds: set[str] = set()
    unclear = False
    explained: set[int] = set()
    causes = {id(word) for word in other_causes(one, other)}
    rivals = [a for a in theirs if id(a[1]) not in causes]
    for word in (w for w in own if id(w[1]) not in causes):
        for against in rivals:
            if kind := _contrast(one, word, other, against):
                kinds.add(kind)
                explained |= {id(word[1]), id(against[1])}
    known = {w.key for _, w in (*own, *theirs)}
    marked = list(_marked(one, other))
    kinds |= {*_opposites(one, other, known), *_times(one, other)}
    kinds |= {kind for kind, both in marked if both}
    for kind, sure in (
        *amounts(one, other),
        *((SAYS, sure) for sure in other_speakers(one, other)),
    ):
        kinds |= {kind} if sure else set()
        unclear |= not sure
    kinds |= {WHY} if causes else set()
    explained |= causes
    if changed_places(one, other):
        kinds.add(ROLES)
    genders = _genders(one), _genders(other)
    if all(genders) and genders[0].isdisjoint(genders[1]):
        kinds.add(WHO)
    if _is_denied(one, other) != _is_denied(other, one):
        kinds.add(WHETHER)
    limits = frozenset(kind for kind, both in marked if not both)
    rests = _rest(one, own, explained), _rest(other, theirs, explained)
    denials = bool(own and theirs) and any(
        w.key in keys("implicit_negators") for _, w in (*own, *theirs)
    )
    return Differences(frozenset(kinds), limits, unclear, denials, rests)


_Placed = tuple[Sentence, Word]


def _unmatched(text: Text, other: Text) -> list[_Placed]:
    """Return the words that the other text lacks, those of markers left out."""
    return [
        (s, w)
        for s in text
        for taken in [_marked_places(s) | matched_at(s, tuple(other))]
        for w in s.words
        if w.at not in taken
    ]


@once
def _marked_places(sentence: Sentence) -> frozenset[int]:
    return frozenset(at for _, _, places in markers(sentence.tokens) for at in places)


def _rest(text: Text, unmatched: Sequence[_Placed], explained: set[int]) -> float:
    total = sum(len(s.words) for s in text)
    left = [w for s, w in unmatched if id(w) not in explained and w.at not in _idle(s)]
    return len(left) / total if total else 0.0


def _contrast(one: Text, mine: _Placed, other: Text, theirs: _Placed) -> str:
    """Return in what two words differ that stand in the same place of their sentences; empty where
    they do not, or may mean the same."""
    (sentence, word), (against_sentence, against) = mine, theirs
    place = _place(sentence, word.at)
    other_place = _place(against_sentence, against.at)
    names = _is_name(sentence, word) and _is_name(against_sentence, against)
    if names and _is_country(word) != _is_country(against):
        return ""
    if names and not word.title and not against.title:
        if place != other_place and not _is_one_name(one, word, other, against):
            return ""
        return WHERE if place in ("in", "near", "to", "from", "off", "outside") else WHO
    if contrary(word.key, against.key):
        if _is_converse(mine, theirs):
            return ""
        nouns = place == other_place == "subject" and not (word.verb or against.verb)
        return WHO if nouns else WHAT
    if place != other_place:
        return ""
    if of_one_kind(word.key, against.key):
        return WHERE if place == "in" else WHO if place == "subject" else WHAT
    bare = place == other_place == "subject" and word.at == against.at == 0
    return (
        WHO
        if bare and word.key == word.text.lower() and against.key == against.text.lower()
        else ""
    )


@once
def _idle(sentence: Sentence) -> frozenset[int]:
    """Return the positions of general words, titles, and the words of conditions."""
    found = markers(sentence.tokens)
    conditions = {sentence.clauses[at.start] for _, m, at in found if m in _CONDITIONAL}
    return frozenset(w.at for w in sentence.words if w.general or w.title or w.clause in conditions)


def _is_name(sentence: Sentence, word: Word) -> bool:
    """Say whether a word is a name, or one that no word list has at a sentence's start."""
    opening = word.at == 0 and word.text[0].isupper()
    return word.name or (opening and word.text.lower() not in frequencies())


def _is_one_name(one: Text, word: Word, other: Text, against: Word) -> bool:
    """Say whether two words follow or precede the same name: "Elena Vasko", "Irina Vasko"."""
    return any(
        a.name and b.name and a.key == b.key and a.at - word.at == b.at - against.at
        for s in one
        for a in s.words
        if abs(a.at - word.at) == 1 and word in s.words
        for t in other
        for b in t.words
        if against in t.words
    )


def _is_country(word: Word) -> bool:
    return any(p.name.startswith("@") for *_, p in places([place_form(word.text)]))


@once
def _place(sentence: Sentence, position: int) -> str:
    """Return the preposition before the phrase that the word at ``position`` stands in ("in" for
    "at" and "on", and for "in the town of"), or ``subject``, ``object``."""
    tokens, content = sentence.tokens, sentence.content
    at = position - 1
    while at >= max(0, position - _PHRASE) and (
        tokens[at] in words("determiners")
        or tokens[at].isdecimal()
        or _is_modifier(content.get(at))
    ):
        at -= 1
    before = token_at(tokens, at)
    if before == "of" and token_at(tokens, at - 1) in entries("settlements"):
        return _place(sentence, at - 1)
    if before in words("prepositions") and before != "by":
        return "in" if before in ("at", "on", "inside") else before
    verbs = [w.at for w in sentence.words if w.verb]
    forms = [i for i, t in enumerate(tokens) if t in words("be_forms")]
    first = min([*verbs, *forms], default=len(tokens))
    passive = any(w.participle and forms and 0 < w.at - max(forms) <= 2 for w in sentence.words)
    agent = before == "by"
    return "subject" if agent or ((position < first) != passive) else "object"


def _is_modifier(word: Word | None) -> bool:
    return word is not None and not word.verb


def _is_converse(mine: _Placed, theirs: _Placed) -> bool:
    """Say whether two verbs may tell one event from its two sides ("buy", "sell"): not where they
    have one subject."""
    (sentence, word), (other, against) = mine, theirs
    both = frozenset({word.key, against.key})
    if both not in pairs("converses") and both not in _CONVERSES:
        return False
    before = [w for w in other.words if w.at < against.at]
    return not any(same(w, b) for w in sentence.words if w.at < word.at for b in before)


def _opposites(one: Text, other: Text, known: set[str]) -> Iterator[str]:
    """Yield a difference for words that grounding lets stand for one another, or that no list has
    as contents, but that are opposites: "boy" and "girl", "higher" and "lower". Two in ``known``
    were compared already."""
    rivals = _only(other, one)
    for word in _only(one, other):
        for against in rivals:
            if contrary(word, against):
                both = frozenset({word, against})
                if not both <= known and both not in pairs("converses") | _CONVERSES:
                    yield WHEN if both <= keys("time_words") else WHAT


def _only(text: Text, other: Text) -> set[str]:
    """Return the keys of the tokens that only the first text has, those of markers left out."""
    return {k for s in text for k in _keys(s)[1]}.difference(*(_keys(s)[0] for s in other))


@once
def _keys(sentence: Sentence) -> tuple[frozenset[str], frozenset[str]]:
    """Return the keys of all tokens, and of those that are words and no part of a marker."""
    found = [key(token) for token in sentence.tokens]
    marked = _marked_places(sentence)
    words_there = (
        k
        for at, (k, token) in enumerate(zip(found, sentence.tokens, strict=True))
        if token[:1].isalpha() and at not in marked
    )
    return frozenset(found), frozenset(words_there)


def _marked(one: Text, other: Text) -> Iterator[tuple[str, bool]]:
    """Yield the kinds of which the two have other markers ("only", "if", "partly"), and whether
    both have one."""
    mine, theirs = _markers(one, other), _markers(other, one)
    for kind in mine.keys() | theirs.keys():
        here, there = mine.get(kind, set()), theirs.get(kind, set())
        limits = kind in entries("one_sided") and (here | there) - entries("wholes")
        if here != there and (limits or (here and there)):
            yield kind, bool(here and there)


def _markers(text: Text, other: Text) -> dict[str, set[str]]:
    """Return the meanings of the markers of each kind, in clauses that the other text shares. One
    that only repeats a word of the other text is none: "threatens to strike", "threatened a
    strike"."""
    found: dict[str, set[str]] = {}
    marked = [(s, limits) for s in text if (limits := _limits(s))]
    there = frozenset().union(*(_keys(s)[0] for s in other if marked))
    equal = {m for s in other if marked for _, m, _ in markers(s.tokens)}
    for sentence, limits in marked:
        shared = _shared_clauses(sentence, other)
        for kind, meaning, content, clause in limits:
            repeats = meaning not in equal and not content.isdisjoint(there)
            if not repeats and (clause in shared or meaning in _CONDITIONAL):
                found.setdefault(kind, set()).add(meaning)
    return found


@once
def _limits(sentence: Sentence) -> tuple[tuple[str, str, frozenset[str], int], ...]:
    """Return the kind and meaning of each marker of a sentence, the keys of its content words and
    the number of its clause; without those that belong to a number or to a time."""
    tokens, found = sentence.tokens, []
    for kind, meaning, at in markers(tokens):
        following = token_at(tokens, at.stop)
        if not (following[:1].isdigit() or (kind == _ORDER and _is_of_time(following))):
            content = frozenset(key(t) for t in tokens[at.start : at.stop] if is_content(t))
            found.append((kind, meaning, content, sentence.clauses[at.start]))
    parts = (a for a in sentence.amounts if is_part(sentence, a))
    none: frozenset[str] = frozenset()
    return (*found, *((HOW_MANY, "some", none, sentence.clauses[a.start]) for a in parts))


def _is_of_time(token: str) -> bool:
    return token in calendar("weekday") or key(token) in entries("periods")


def _shared_clauses(sentence: Sentence, other: Text) -> set[int]:
    """Return the numbers of the clauses that have a content word of another text, or a time."""
    times = {t for s in other for t in s.verbatim}
    tokens = zip(sentence.tokens, sentence.clauses, strict=True)
    return {sentence.clauses[at] for at in matched_at(sentence, tuple(other))} | {
        clause for token, clause in tokens if token in times
    }


def _times(one: Text, other: Text) -> Iterator[str]:
    """Yield a difference for days, months, parts of the day and scores that are not the same."""
    here, there = ({d for s in t for d in s.dates} for t in (one, other))
    if here and there and not any(_is_one_date(a, b) for a in here for b in there):
        yield WHEN
    if any(_turned(a, b) for a in _relative(one) for b in _relative(other)):
        yield WHEN
    verbatim = [{t for s in text for t in s.verbatim} for text in (one, other)]
    mine, theirs = verbatim[0] - verbatim[1], verbatim[1] - verbatim[0]
    if not (mine and theirs):
        return
    days = calendar("weekday").keys()
    if mine & days and theirs & days:
        yield WHEN
    if _scores(mine) and _scores(theirs):
        yield HOW_MANY
    vague = words("vague_amounts") - words("ranks")
    if any(not alike(key(a), key(b)) for a in mine & vague for b in theirs & vague):
        yield HOW_MANY


def _relative(text: Text) -> list[tuple[str, str]]:
    """Return the times of a text that are told from its day: ("last", "week")."""
    return [time for s in text for time in _relative_times(s)]


@once
def _relative_times(sentence: Sentence) -> tuple[tuple[str, str], ...]:
    return tuple(
        (_TURNS[token], key(token_at(sentence.tokens, at + 1)))
        for at, token in enumerate(sentence.tokens)
        if token in _TURNS and _is_of_time(token_at(sentence.tokens, at + 1))
    )


def _turned(one: tuple[str, str], other: tuple[str, str]) -> bool:
    return one[1] == other[1] and one[0] != other[0]


def _scores(tokens: set[str]) -> set[str]:
    return {t for t in tokens if "-" in t and t[0].isdigit()}


def _is_one_date(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] == other[0] and (one[1] == other[1] or not (one[1] and other[1]))


def _genders(text: Text) -> set[str]:
    """Return the genders of the pronouns of a text."""
    return {_PRONOUNS[token] for s in text for token in _PRONOUNS.keys() & s.tokens}


def _is_denied(text: Text, other: Text) -> bool:
    """Say whether a clause that the other text shares has "not", "no" or the like."""
    odd = False
    for sentence in text:
        denied = _denied_clauses(sentence)
        shared = _shared_clauses(sentence, other) if denied else set()
        odd ^= sum(clause in shared for clause in denied) % 2 == 1
    return odd


@once
def _denied_clauses(sentence: Sentence) -> list[int]:
    """Return the number of the clause of each "not", "no" or the like."""
    pairs = zip(sentence.tokens, sentence.clauses, strict=True)
    return [clause for token, clause in pairs if is_negator(token)]
