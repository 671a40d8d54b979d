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
from toolkit.stories.slots import changed_places, other_causes
from toolkit.summarisers.grounding.lexicon import alike, calendar, key, keys, pairs, words
from toolkit.summarisers.grounding.predicates import attributions
from toolkit.summarisers.grounding.sentence import Sentence, Word, matched, same
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
    for word, against in ((w, a) for w in own for a in theirs):
        if {id(word[1]), id(against[1])} & causes:
            continue
        if kind := _contrast(one, word, other, against):
            kinds.add(kind)
            explained |= {id(word[1]), id(against[1])}
    known = {w.key for _, w in (*own, *theirs)}
    marked = list(_marked(one, other))
    kinds |= {*_opposites(one, other, known), *_times(one, other)}
    kinds |= {kind for kind, both in marked if both}
    for kind, sure in (*amounts(one, other), *_speakers(one, other)):
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
        for marked in [_marked_places(s)]
        for w in s.words
        if w.at not in marked and not matched(w, other)
    ]


def _marked_places(sentence: Sentence) -> set[int]:
    return {at for _, _, places in markers(sentence.tokens) for at in places}


def _rest(text: Text, unmatched: Sequence[_Placed], explained: set[int]) -> float:
    total = sum(len(s.words) for s in text)
    left = [
        w
        for s, w in unmatched
        if not (id(w) in explained or w.general or w.title or w.clause in _conditions(s))
    ]
    return len(left) / total if total else 0.0


def _contrast(one: Text, mine: _Placed, other: Text, theirs: _Placed) -> str:
    """Return in what two words differ that stand in the same place of their sentences; empty where
    they do not, or may mean the same."""
    (sentence, word), (against_sentence, against) = mine, theirs
    place, other_place = _place(sentence, word), _place(against_sentence, against)
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


def _conditions(sentence: Sentence) -> set[int]:
    """Return the numbers of the clauses that are conditions."""
    found = markers(sentence.tokens)
    return {sentence.clauses[places.start] for _, m, places in found if m in _CONDITIONAL}


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


def _place(sentence: Sentence, word: Word) -> str:
    """Return the preposition before the phrase that a word stands in ("in" for "at" and "on", and
    for "in the town of"), or ``subject``, ``object``."""
    tokens = sentence.tokens
    content = {w.at: w for w in sentence.words}
    at = word.at - 1
    while at >= max(0, word.at - _PHRASE) and (
        tokens[at] in words("determiners")
        or tokens[at].isdecimal()
        or _is_modifier(content.get(at))
    ):
        at -= 1
    before = token_at(tokens, at)
    if before == "of" and token_at(tokens, at - 1) in entries("settlements"):
        return _place(sentence, content[at - 1])
    if before in words("prepositions") and before != "by":
        return "in" if before in ("at", "on", "inside") else before
    verbs = [w.at for w in sentence.words if w.verb]
    forms = [i for i, t in enumerate(tokens) if t in words("be_forms")]
    first = min([*verbs, *forms], default=len(tokens))
    passive = any(w.participle and forms and 0 < w.at - max(forms) <= 2 for w in sentence.words)
    agent = before == "by"
    return "subject" if agent or ((word.at < first) != passive) else "object"


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
    for word in _only(one, other):
        for against in _only(other, one):
            both = frozenset({word, against})
            if (
                not both <= known
                and contrary(word, against)
                and both not in pairs("converses") | _CONVERSES
            ):
                in_time = {word, against} <= keys("time_words")
                yield WHEN if in_time else WHAT


def _only(text: Text, other: Text) -> set[str]:
    """Return the keys of the tokens that only the first text has, those of markers left out."""
    there = {key(token) for s in other for token in s.tokens}
    return {
        key(token)
        for s in text
        for marked in [_marked_places(s)]
        for at, token in enumerate(s.tokens)
        if token[:1].isalpha() and at not in marked
    } - there


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
    there = {key(token) for s in other for token in s.tokens}
    equal = {m for s in other for _, m, _ in markers(s.tokens)}
    for sentence in text:
        shared = _shared_clauses(sentence, other)
        for kind, meaning, at in markers(sentence.tokens):
            following = token_at(sentence.tokens, at.stop)
            condition = meaning in _CONDITIONAL
            number = following[:1].isdigit() or (kind == _ORDER and _is_of_time(following))
            phrase = sentence.tokens[at.start : at.stop]
            if meaning not in equal and {key(t) for t in phrase if is_content(t)} & there:
                continue
            if not number and (condition or sentence.clauses[at.start] in shared):
                found.setdefault(kind, set()).add(meaning)
        for amount in sentence.amounts:
            if is_part(sentence, amount) and sentence.clauses[amount.start] in shared:
                found.setdefault(HOW_MANY, set()).add("some")
    return found


def _is_of_time(token: str) -> bool:
    return token in calendar("weekday") or key(token) in entries("periods")


def _shared_clauses(sentence: Sentence, other: Text) -> set[int]:
    """Return the numbers of the clauses that have a content word of another text, or a time."""
    times = {t for s in other for t in s.verbatim}
    tokens = zip(sentence.tokens, sentence.clauses, strict=True)
    return {w.clause for w in sentence.words if matched(w, other)} | {
        clause for token, clause in tokens if token in times
    }


def _times(one: Text, other: Text) -> Iterator[str]:
    """Yield a difference for days, months, parts of the day and scores that are not the same."""
    here, there = ({d for s in t for d in s.dates} for t in (one, other))
    if here and there and not any(_is_one_date(a, b) for a in here for b in there):
        yield WHEN
    verbatim = [{t for s in text for t in s.verbatim} for text in (one, other)]
    mine, theirs = verbatim[0] - verbatim[1], verbatim[1] - verbatim[0]
    days = frozenset(calendar("weekday"))
    if mine & days and theirs & days:
        yield WHEN
    if any(_turned(a, b) for a in _relative(one) for b in _relative(other)):
        yield WHEN
    if _scores(mine) and _scores(theirs):
        yield HOW_MANY
    vague = words("vague_amounts")
    mine, theirs = mine & vague - words("ranks"), theirs & vague - words("ranks")
    if any(not alike(key(a), key(b)) for a in mine for b in theirs):
        yield HOW_MANY


def _relative(text: Text) -> set[tuple[str, str]]:
    """Return the times of a text that are told from its day: ("last", "week")."""
    return {
        (_TURNS[token], key(token_at(s.tokens, at + 1)))
        for s in text
        for at, token in enumerate(s.tokens)
        if token in _TURNS and _is_of_time(token_at(s.tokens, at + 1))
    }


def _turned(one: tuple[str, str], other: tuple[str, str]) -> bool:
    return one[1] == other[1] and one[0] != other[0]


def _scores(tokens: set[str]) -> set[str]:
    return {t for t in tokens if "-" in t and t[0].isdigit()}


def _is_one_date(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] == other[0] and (one[1] == other[1] or not (one[1] and other[1]))


def _speakers(one: Text, other: Text) -> Iterator[tuple[str, bool]]:
    """Yield a difference where other people are named as speakers, unclear where one text names
    none."""
    mine, theirs = _said_by(one), _said_by(other)
    if bool(mine) != bool(theirs):
        yield SAYS, False
    elif mine and (_named_apart(mine, theirs) or not any(same(a, b) for a in mine for b in theirs)):
        general = all(w.general for w in mine) or all(w.general for w in theirs)
        yield SAYS, not general


def _named_apart(mine: Sequence[Word], theirs: Sequence[Word]) -> bool:
    """Say whether two speakers have names beside a word in common, and not the same: "the Iraqi
    government", "the American government"."""
    names, others = _names_beside(mine, theirs), _names_beside(theirs, mine)
    return bool(names and others) and not any(same(a, b) for a in names for b in others)


def _names_beside(speaker: Sequence[Word], other: Sequence[Word]) -> list[Word]:
    shared = {w.at for w in speaker if any(same(w, o) for o in other)}
    return [w for w in speaker if w.name and {w.at - 1, w.at + 1} & shared]


def _said_by(text: Text) -> list[Word]:
    """Return the words for those who say the rest of a text."""
    found = []
    for sentence in text:
        said = [w for w in sentence.words if w.verb and w.key in keys("plain_sayings")]
        for attribution in attributions(sentence):
            if said and not any(w in said for w in attribution.speaker):
                found += [w for w in attribution.speaker if w not in said]
        for at, token in enumerate(sentence.tokens[:-1]):
            if token == "according" and sentence.tokens[at + 1] == "to":
                found += [w for w in sentence.words if at + 1 < w.at <= at + _PHRASE]
    return found


def _genders(text: Text) -> set[str]:
    """Return the genders of the pronouns of a text."""
    return {_PRONOUNS[token] for s in text for token in s.tokens if token in _PRONOUNS}


def _is_denied(text: Text, other: Text) -> bool:
    """Say whether a clause that the other text shares has "not", "no" or the like."""
    odd = False
    for sentence in text:
        shared = _shared_clauses(sentence, other)
        for at, token in enumerate(sentence.tokens):
            odd ^= is_negator(token) and sentence.clauses[at] in shared
    return odd
