"""Says in which forms a term that a reader watches may stand in a text: as it is written, with
endings, and for countries and capitals by the names that CLDR and GeoNames have in each language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property

from toolkit.languages import UNSPACED, script_of
from toolkit.languages.scripts import written_with
from toolkit.numbers.words import fold
from toolkit.text.english import frequencies
from toolkit.text.places import plain, spellings
from toolkit.text.sounds import Name, script_of_word
from toolkit.translators.checks.english_names import name_table

# Characters of words: letters, and the marks that are vowels or part of a letter.
LETTER = (
    "[\\w\u0300-\u036f\u0591-\u05c7\u064b-\u0670"
    "\u0900-\u0963\u0966-\u0dff\u0e00-\u0fff\u1000-\u109f]"
)
# Scripts with capitals, in which a name has one.
CASED = frozenset(("Latn", "Cyrl", "Grek", "Armn"))
_WORD = re.compile(f"{LETTER}+(?:['’׳]{LETTER}+)*")
# Prepositions and articles that are written together with the word after them.
CLITICS = {
    "Arab": "(?:[وف]?[بلك]?(?:ال|لل)?)",
    "Hebr": "(?:[וש]?[הבלמכ]?)",
    "Ethi": "(?:[የበለከእስ]{0,2})",
}
_VOWELS = "aeiouyаеиоуыэюяёіїєαεηιουωაეიოუաեիոուը"
# Letters that an ending may have, after a name of so many letters.
_ENDINGS = ((3, 1), (4, 2), (5, 4), (99, 5))
# Letters of a name, and of a word in small letters, whose last vowel an ending may replace.
_REPLACED_IN_NAME, _REPLACED = 4, 6
# The price up to which a term in another script is taken for the name of a country.
_SAME = 0.2
# Letters of a term in Latin script, or consonants of another, that names a country in a language
# other than English.
_LONG_ENOUGH = 5, 4
# Consonants of the name of a country that is found by its sounds.
_TELLING_COUNTRY = 5


@dataclass(frozen=True)
class Term:
    """A name or a phrase that a reader watches."""

    text: str

    @cached_property
    def words(self) -> tuple[str, ...]:
        return tuple(_WORD.findall(unicodedata.normalize("NFC", self.text)))

    @cached_property
    def script(self) -> str:
        return script_of_word(self.text)

    @cached_property
    def names(self) -> tuple[Name, ...]:
        """The words of a name; none of a phrase, which is written without capitals."""
        common = all(word in frequencies() for word in self.words)
        return () if self.text.islower() and common else tuple(map(Name, self.words))

    @cached_property
    def joined(self) -> Name:
        """All words of the name as one: "Λεπέν"."""
        return Name("".join(self.words))

    @cached_property
    def weight(self) -> float:
        """How much the sounds of the name tell: about the number of its consonants. Nothing of the
        short name of a country, whose forms are known: "Niger" sounds like "Nigeria"."""
        weight = sum(name.weight for name in self.names)
        return 0 if self.country and weight < _TELLING_COUNTRY else weight

    @cached_property
    def country(self) -> str:
        """The code of the country that the term names in some language, empty if it names none."""
        return next(_countries(self), "") if self.names else ""

    @cached_property
    def capital(self) -> str:
        """The code of the country whose capital the term names, empty if it names none."""
        own = plain(self.text)
        for code, names in name_table()["capitals"].items() if self.names else ():
            if own in map(plain, names.get(self.script, ())) or own in map(plain, names["english"]):
                return str(code)
        return ""

    @cached_property
    def english(self) -> re.Pattern[str] | None:
        """A pattern for the forms of the term in English, whose letters have no marks."""
        forms = [self.text] if self.script == "Latn" else []
        table = name_table()
        forms += table["english"].get(self.country, ())
        forms += table["capitals"].get(self.capital, {}).get("english", ())
        forms += [name.title() for form in forms[:1] for name in spellings(form)]
        kept = [_in_english(form, _longer(form, self.country)) for form in dict.fromkeys(forms)]
        return re.compile("|".join(filter(None, kept))) if any(kept) else None

    def pattern(self, language: str) -> re.Pattern[str] | None:
        """Return a pattern for the forms of the term in a language, folded, None without any."""
        scripts = written_with(script_of(language))
        forms = {fold(self.text)} if self.script in scripts else set()
        longer: set[str] = set()
        table = name_table()
        if self.country and (entry := table["languages"].get(language)):
            capital = table["capitals"].get(self.country, {})
            capitals = {name for names in capital.values() for name in names}
            names = set(entry["countries"].get(self.country, ())) - capitals
            others = {
                word
                for code, forms_there in entry["countries"].items()
                for form in forms_there
                for word in (form, *form.split())
                if code != self.country
            }
            forms |= set(map(fold, names - others))
            longer = set(map(fold, others))
        for script in scripts:
            forms |= set(map(fold, table["capitals"].get(self.capital, {}).get(script, ())))
        unspaced = script_of(language) in UNSPACED
        kept = sorted(forms, key=len, reverse=True)
        parts = [re.escape(f) if unspaced else _inflected(f, longer) for f in kept if len(f) > 1]
        return re.compile("|".join(parts)) if parts else None


def _countries(term: Term) -> Iterator[str]:
    """Yield the codes of countries that a term names: by an English name, else by one that CLDR
    has in some language, else by one that sounds like it in its script."""
    own, table = plain(term.text), name_table()
    for code, names in table["english"].items():
        if own in map(plain, names):
            yield code
    letters, consonants = _LONG_ENOUGH
    if term.script == "Latn" and len(own) < letters:
        return
    alike = _by_script(term.script)
    for code, forms in alike.items():
        if fold(term.text).lower() in forms:
            yield code
    if term.script != "Latn" and len(term.names) == 1 and term.names[0].weight >= consonants:
        for code, forms in alike.items():
            if min(term.names[0].distance(Name(f).sounds, term.script) for f in forms) <= _SAME:
                yield code


@cache
def _by_script(script: str) -> dict[str, set[str]]:
    """Return the names of each country in the languages of a script."""
    found: dict[str, set[str]] = {}
    for language, entry in name_table()["languages"].items():
        if script in written_with(script_of(language)):
            for code, names in entry["countries"].items():
                found.setdefault(code, set()).update(fold(name).lower() for name in names)
    return found


def _cases(form: str) -> Iterable[str]:
    """Return a form as it is written, with a capital, and in capitals."""
    return dict.fromkeys((form, form[:1].upper() + form[1:], form.upper()))


def _longer(form: str, country: str) -> tuple[str, str]:
    """Return patterns that keep the name of a country from being found in the name of another:
    what stands before it there, and after it ("New" and "-Bissau" for "Guinea")."""
    before, after = set(), set()
    for code, names in name_table()["english"].items() if country else ():
        for name in names if code != country else ():
            start, found, end = name.partition(form)
            if found and not name[len(start) - 1 : len(start)].isalpha():
                before.add(start)
                after.add(end)
    behind = "".join(f"(?<!{re.escape(start)})" for start in sorted(before - {""}))
    ahead = "".join(f"(?!{re.escape(end)})" for end in sorted(after - {""}))
    return behind, ahead


def _in_english(form: str, around: tuple[str, str] = ("", "")) -> str:
    """Return a pattern of a form with the endings of English; words may be joined by a hyphen."""
    words = _WORD.findall(without_marks(form))
    if not words:
        return ""
    *first, last = words
    if form.islower():
        cut = last.removesuffix("y")
        body = r"[\s-]+".join(map(re.escape, (*first, cut)))
        endings = "(?:ies|y)" if last.endswith("y") else "(?:['’]?s|es)?"
        pattern = f"(?i:{body}{endings})['’]?"
    else:
        written = (words, [word.upper() for word in words])
        cases = dict.fromkeys(r"[\s-]+".join(map(re.escape, case)) for case in written)
        pattern = f"(?:{'|'.join(cases)})(?:['’]?[sS]|['’])?"
    return rf"(?<!\w){around[0]}{pattern}(?!\w){around[1]}"


def _inflected(form: str, others: Iterable[str]) -> str:
    """Return a pattern of a form in a script with spaces, and what may stand around it; it does not
    begin one of ``others``, names of other countries ("Niger" in "Nigeria")."""
    rests = {other[len(form) : -1] for other in others if other.startswith(form)}
    behind = "".join(f"(?!{re.escape(form + rest)})" for rest in sorted(rests - {""}))
    words = form.split()
    script = script_of_word(form)
    parts = [_with_ending(word, script) for word in words]
    body = r"[\s-]+".join(parts)
    return f"(?<!{LETTER}){CLITICS.get(script, '')}{behind}{body}(?!{LETTER})"


def _with_ending(word: str, script: str) -> str:
    most = next(most for letters, most in _ENDINGS if len(word) <= letters)
    most += script not in CASED
    least = _REPLACED_IN_NAME if word[0].isupper() else _REPLACED
    forms = [f"{re.escape(case)}{LETTER}{{0,{most}}}" for case in _cases(word)]
    if script == "Geor" and word[-1] in _VOWELS:
        forms.append(f"{re.escape(word[:-1])}{LETTER}{{0,{most}}}")
    elif script in CASED and len(word) >= least and plain(word)[-1:] in _VOWELS:
        forms += [f"{re.escape(case[:-1])}[{_VOWELS}]{LETTER}{{0,1}}" for case in _cases(word)]
    elif script == "Arab" and word.endswith("ة"):
        forms.append(re.escape(word[:-1]) + "ت")
    return f"(?:{'|'.join(forms)})"


def without_marks(text: str) -> str:
    """Return a text with its letters without marks, in the case that they have."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(c for c in decomposed if not "\u0300" <= c <= "\u036f")
