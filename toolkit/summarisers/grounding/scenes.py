"""Who does what to whom, and what belongs to what, as far as word order tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from toolkit.summarisers.grounding.claims import Sentence, Word
from toolkit.summarisers.grounding.lexicon import keys, words

_STOPS = frozenset(";:()")
# "..., said Rosa Tem, a teacher": what stands before and after where the speaker comes last.
_QUOTED = frozenset(',"?!')
_CLOSED = frozenset([".", ",", ";", "of", "who", '"'])
# How many words after a verb are on its receiving side, and nouns after an owner its own.
_REACH = 8
_LINK = 2
# How many tokens a name may have ("the Republic of Orsk").
_NAME = 4


@dataclass(frozen=True, slots=True)
class Scene:
    """A verb with the words on the acting and on the receiving side. ``open`` tells that the
    acting side is a pronoun or is not named; ``sure`` that the form of the verb is clear;
    ``within`` is the sentence."""

    verb: Word
    acting: tuple[Word, ...]
    receiving: tuple[Word, ...]
    open: bool
    sure: bool
    within: Sentence

    @property
    def target(self) -> tuple[Word, ...]:
        """The word that the verb reaches first."""
        ahead = [w for w in self.receiving if w.at > self.verb.at]
        return tuple(ahead[:1]) or self.receiving[-1:]


def scenes(sentence: Sentence, verbs: frozenset[str] = frozenset()) -> Iterator[Scene]:
    """A scene for each verb of the sentence, words with a key in ``verbs`` counting as verbs
    where they may be."""
    for word in sentence.words:
        noun = word.at and sentence.tokens[word.at - 1] in words("determiners")
        verb = word.verb or (word.key in verbs and not noun and not word.name)
        if verb and word.key not in keys("vague_verbs"):
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
    start = max([start, *_told(sentence, verb.at)])
    verbs = {w.at for w in sentence.words if w.verb}
    end = next((i for i in range(verb.at + 1, end) if _turns_away(tokens, i, verbs)), end)
    sides = [w for w in sentence.words if not w.verb and not _circumstance(sentence, w)]
    apart = _relative(tokens, start, verb.at)
    left = tuple(w for w in sides if start <= w.at < verb.at and w.at not in apart)
    right = tuple(w for w in sides if verb.at < w.at < end)[:_REACH]
    be = words("be_forms")
    pronoun = _subject(tokens, start, verb) in words("pronouns")
    if verb.participle and any(t in be for t in tokens[max(0, verb.at - 3) : verb.at]):
        left = () if pronoun else left
        by = next((i for i in range(verb.at + 1, end) if tokens[i] == "by"), end)
        agents = tuple(w for w in right if w.at > by)
        return Scene(verb, agents, left, not agents, True, sentence)
    following = tokens[verb.at + 1] if verb.at + 1 < len(tokens) else "."
    unclear = words("prepositions") | be | {".", ",", "and", "guilty"}
    if pronoun or _gerund(tokens, verb):
        left = ()
    if following in words("object_pronouns") and following not in words("possessives"):
        right = ()
    clear = verb.text.lower() in words("past_only") or not verb.participle
    sure = clear or following not in unclear
    return Scene(verb, left, right, not left, sure, sentence)


def _relative(tokens: Sequence[str], start: int, end: int) -> range:
    """The places of ", who ...," between a subject and its verb."""
    for at in range(start, end):
        if tokens[at] in ("who", "which", "whose"):
            close = next((i for i in range(at, end) if tokens[i] == ","), None)
            return range(at, close) if close is not None else range(0)
    return range(0)


def _told(sentence: Sentence, at: int) -> Iterator[int]:
    """Where what somebody says begins, after each "says" or "told CNN" before ``at``."""
    for word in sentence.words:
        if word.at < at and word.verb and word.key in keys("reporting_verbs"):
            if "and" in sentence.tokens[max(word.at, at - 2) : at]:
                continue  # "denies this and blames": the same subject
            hearer = {w.at for w in sentence.words if w.name and word.key == "tell"}
            yield next(i for i in range(word.at + 1, at + 2) if i not in hearer)


def _turns_away(tokens: Sequence[str], at: int, verbs: set[int]) -> bool:
    """Whether something else begins: "who ...", "and killed ..."."""
    return tokens[at] in ("who", "which", "whose") or (tokens[at] == "and" and at + 1 in verbs)


def _circumstance(sentence: Sentence, word: Word) -> bool:
    """Whether a word tells where or when: it follows "in", "near" or the like."""
    before = [t for t in sentence.tokens[max(0, word.at - 2) : word.at] if t != "the"]
    return bool(before) and before[-1] in words("circumstances")


def _subject(tokens: Sequence[str], start: int, verb: Word) -> str:
    """The token before a verb and its auxiliaries."""
    helpers = words("modals") | words("be_forms") | words("negators") | words("have_forms")
    return next((t for t in reversed(tokens[start : verb.at]) if t not in helpers), "")


def _gerund(tokens: Sequence[str], verb: Word) -> bool:
    return (
        bool(verb.at) and verb.text.endswith("ing") and tokens[verb.at - 1] in words("prepositions")
    )


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
        before = sentence.tokens[max(0, verb.at - 2) : verb.at]
        if any(t in words("be_forms") for t in before) or "to" in before[-1:]:
            continue
        who = _speaker(sentence, verb)
        start, end = _span(sentence, verb.at)
        said = (w for w in sentence.words if start <= w.at < end and w is not verb)
        found.append(Speech(who, tuple(w for w in said if w not in who)))
    return found


def _speaker(sentence: Sentence, verb: Word) -> tuple[Word, ...]:
    tokens = sentence.tokens
    before = tokens[verb.at - 1] if verb.at else ""
    by_place = {w.at: w for w in sentence.words}
    end = verb.at + 1
    while end in by_place or tokens[end : end + 1] == ("the",):
        end += 1
    named = any(w.name for at, w in by_place.items() if verb.at < at < end)
    if before in _QUOTED and named and (tokens[end : end + 1] or (".",))[0] in _CLOSED:
        stop = next((i for i in range(end, len(tokens)) if tokens[i] in '".;'), len(tokens))
        return tuple(w for w in sentence.words if verb.at < w.at < stop)
    left = _scene(sentence, verb).acting or _subject_before(sentence, verb)
    if any(tokens[i] in words("pronouns") for i in range(max(0, verb.at - 2), verb.at)):
        return ()
    return left


def _subject_before(sentence: Sentence, verb: Word) -> tuple[Word, ...]:
    """Who acts in the first half of "X did this but said that"."""
    if not verb.at or sentence.tokens[verb.at - 1] not in ("but", "and"):
        return ()
    first = next((w for w in sentence.words if w.verb), verb)
    return _scene(sentence, first).acting if first.at < verb.at else ()


def links(sentence: Sentence) -> list[tuple[Word, Word]]:
    """Pairs of an owner or a describing word and its noun: "Orsk's mayor", "a cargo train",
    "Fors of the University"."""
    by_place = {word.at: word for word in sentence.words}
    found = []
    for owner in sentence.words:
        held = by_place.get(_before_of(sentence.tokens, owner.at))
        if owner.name and held and held.name:
            found.append((owner, held))
        if owner.participle:
            continue
        owns = owner.name or owner.text.lower().endswith(("'s", "s'"))
        for at in range(owner.at + 1, owner.at + 1 + (_LINK if owns else 1)):
            thing = by_place.get(at)
            if thing is None or thing.name or thing.participle:
                break
            found.append((owner, thing))
    return found


def _before_of(tokens: Sequence[str], at: int) -> int:
    """The place of the word that "of (the)" ties to the one at ``at``; -1 where none does."""
    at -= 1
    if at >= 0 and tokens[at] == "the":
        at -= 1
    return at - 1 if at >= 0 and tokens[at] == "of" else -1


def arguments(sentence: Sentence) -> list[tuple[Word, str, tuple[Word, ...]]]:
    """Each word with a preposition right after it and the name that this leads to."""
    by_place = {word.at: word for word in sentence.words}
    found = []
    for word in sentence.words:
        lead = sentence.tokens[word.at + 1] if word.at + 1 < len(sentence.tokens) else ""
        if lead in words("prepositions"):
            at = word.at + 2
            while at < len(sentence.tokens) and (
                sentence.tokens[at] in words("determiners")
                or (at in by_place and by_place[at].key in keys("titles"))
            ):
                at += 1
            ends = tuple(w for i in range(at, at + _NAME) if (w := by_place.get(i)) and w.name)
            if ends and ends[0].at == at:
                found.append((word, lead, ends))
    return found


def complements(sentence: Sentence) -> list[tuple[Word, Word]]:
    """Pairs of a word and the noun that ends the phrase behind its preposition: ("members",
    "party") of "members of the ruling party"."""
    by_place = {word.at: word for word in sentence.words}
    found = []
    for word in sentence.words:
        at = word.at + 1
        if at >= len(sentence.tokens) or sentence.tokens[at] not in words("prepositions"):
            continue
        at += 1
        while at < len(sentence.tokens) and sentence.tokens[at] in words("determiners"):
            at += 1
        noun = None
        while at in by_place and not by_place[at].verb:
            noun, at = by_place[at], at + 1
        if noun is not None:
            found.append((word, noun))
    return found


def led(sentence: Sentence) -> list[tuple[str, str]]:
    """Each name with the preposition before it, the article left out."""
    found = []
    for word in sentence.words:
        before = [t for t in sentence.tokens[max(0, word.at - 2) : word.at] if t != "the"]
        if word.name and before and before[-1] in words("prepositions"):
            found.append((word.key, before[-1]))
    return found
