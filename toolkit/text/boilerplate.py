"""Tell whether one line of a page is prose or boilerplate, judged by itself.

``toolkit.text.lines`` asks each question once. The phrases stand in ``phrases/*.json``, by
language; all of them are tried on every page, since sites mix languages. A line of prose is never
boilerplate unless it says so word for word.
"""

from __future__ import annotations

import json
import re
import unicodedata
from functools import lru_cache
from importlib import resources
from typing import Any, NamedTuple

from toolkit.languages import UNSPACED, scripts

# Sentence-final marks, and what may close a quotation or bracket after them.
STOP = re.compile(r"[.!?…।॥؟۔؛։።។။။。！？｡༎༏᙮᱾]+[\"'”’»›)\]」』）*_]*(?=\s|$|[\u3040-\u9fff])")
_UNSPACED = re.compile(f"[{scripts.characters_of(UNSPACED)}]")
_NEWSLETTER = re.compile(
    r"\b(?:sign up|subscribe|register|abonn|inscri|suscr|iscri|assin|prenumer|zapisz|podpis)"
    r".{0,80}\b(?:newsletter|mailing list)|\bnewsletter.{0,80}\b(?:sign up|subscribe)"
)
_NETWORKS = re.compile(
    r"\b(?:facebook|twitter|instagram|telegram|whatsapp|youtube|tiktok|linkedin|google news)\b"
)
_CONSENT = re.compile(
    r"cookie|\b(?:gdpr|dsgvo|rgpd|consent)|privacy|datenschutz|куки|クッキー|쿠키|"
    r"個人情報|개인정보|隐私|隱私|خصوصية|персональных данных|çerez|kişisel veri"
)
# Subscriptions, accounts, logging in, mail: stems in some forty languages.
_ACCOUNT = re.compile(
    r"subscri|abonn|abone|suscri|assin(?:e\b|ante|atura)|abbon|prenumer|subskri|předplat|predplat|"
    r"előfizet|tilaa|pretplat|prenumerat|abonē|tellimu|подпис|передплат|підпис|абонир|претплат|"
    r"συνδρομ|اشترا|اشترك|مشترک|اشتراک|מנוי|購読|会員|구독|회원|订阅|訂閱|会员|會員|สมาชิก|langganan|"
    r"đăng (?:ký|nhập)|newsletter|e-?mail|mailbox|log ?in\b|sign ?in\b|sign ?up\b|accedi\b|anmeld|"
    r"einlogg|inlogg|logga in|zaloguj|přihlás|prihlás|bejelentkez|kirjaudu|увійти|войти|войдите|"
    r"вход\b|σύνδεση|giriş yap|로그인|登录|登錄|ログイン|メール|सदस्य|ईमेल|লগইন|ইমেইল|சந்தா|கணக்கு|ఖాతా|"
    r"\baccount|\bcuenta\b|\bcompte\b|\bkonto\b|\bprofil\b|\bpassw|contraseña|mot de passe|"
    r"\bsenha\b|kennwort|wachtwoord|hasło|heslo|jelszó|пароль|şifre|密码|密碼|비밀번호|パスワード"
)
_CRUMB = re.compile(r"\s>\s")
_GUILLEMET_CRUMB = re.compile(r"\s[›»]\s")
# Kinds whose phrases begin no sentence of an article, however long it is.
_SURE_KINDS = ("comment form", "paywall")
_COPYRIGHT = ("©", "(c) 20", "copyright")
# Who took a picture, at the end of a caption, and a caption that says that it is one.
_CREDIT = re.compile(
    r"(?:[.!?…)\]]|^.{0,200}?\w)[\s(]*(?:photo(?:graph|graphie)?s?|pictures?|image|foto(?:grafía)?|"
    r"bild|фото|写真|사진|图|صورة|फोटो)\s?[:：/].{2,50}$|\(\w+ (?:photo|foto)/.{2,40}\)$"
    r"|^(?:image caption|caption|bildunterschrift|légende)[,:：]",
    re.I,
)
# Marks after which a phrase that could begin a headline is a label ("Tags: ...", "Tags | ...").
_AFTER_LABEL = re.compile(r"\s*(?:[:|»›>→•·/]|[-–—](?:\s|$)|$)")
# Numbers and words of a date; vowel signs are part of the word.
_DIGIT = re.compile(r"\d")
_PARTS = re.compile(r"\d+|[^\W\d_][^\s\d,./:|()–—-]*")
_VOWEL_MARKS = re.compile("[\u064b-\u0652\u0640]")
# A sentence of prose: so many words, or so many characters where words are not spaced.
_PROSE_WORDS, _PROSE_CHARACTERS = 6, 20
# A line this long is prose even without a stop: Thai and Lao have none.
_LONG_WORDS, _LONG_CHARACTERS = 40, 90
_LONGEST_LOOKED_AT = 5000
_LONGEST_CAPTION = 400
_MOST_BOILERPLATE_WORDS, _MOST_BOILERPLATE_SENTENCE = 25, 12
_MOST_DATE_WORDS, _MOST_CREDIT_WORDS, _MOST_OPENER_WORDS = 12, 6, 2


def fold(text: str) -> str:
    """Return ``text`` for comparison: case, width and runs of white space do not matter."""
    folded = scripts.normal("NFKC", text).casefold()
    # The Turkish "İ" becomes "i" and a dot above it.
    return " ".join(folded.replace("i\u0307", "i").split())


def strip_signs(folded: str) -> str:
    """Return ``folded`` without punctuation and signs at its ends."""
    start, end = 0, len(folded)
    while start < end and not _solid(folded[start]):
        start += 1
    while end > start and not _solid(folded[end - 1]):
        end -= 1
    return folded[start:end]


def _solid(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"


def count_words(text: str) -> int:
    """Return how many words ``text`` has; two characters count as one where words are not spaced.
    Of a very long text, those at its start."""
    text = text[:_LONGEST_LOOKED_AT]
    unspaced = len(_UNSPACED.findall(text))
    return len(_UNSPACED.sub(" ", text).split()) + unspaced // 2 if unspaced else len(text.split())


def is_prose(text: str) -> bool:
    """Return whether ``text`` reads as one sentence or more."""
    text = text[:_LONGEST_LOOKED_AT]
    unspaced = len(_UNSPACED.findall(text)) > len(text) // 3
    if unspaced:
        long, short = len(text) >= _LONG_CHARACTERS, len(text) < _PROSE_CHARACTERS
    else:
        number = len(text.split())
        long, short = number >= _LONG_WORDS, number < _PROSE_WORDS
    return long or (not short and STOP.search(text) is not None)


def count_unspaced(text: str) -> int:
    """Return how many characters of ``text`` are of scripts without spaces between words."""
    return len(_UNSPACED.findall(text))


def is_unspaced(text: str) -> bool:
    """Return whether every character of ``text`` is of a script without spaces between words."""
    return all(map(_UNSPACED.match, text))


def kind(text: str, folded: str, prose: bool) -> str | None:
    """Return the kind of boilerplate that a line is by its signs and phrases, None for none."""
    if _is_breadcrumb(text, folded, prose):
        return "breadcrumb"
    found = _phrase(folded, prose)
    if found is None and not prose and _is_invitation(folded):
        return "invitation to follow or share"
    return found


def asks_consent(folded: str) -> bool:
    """Return whether ``folded`` speaks of cookies or of consent to the use of data."""
    return _CONSENT.search(folded) is not None


def speaks_of_accounts(folded: str) -> bool:
    """Return whether ``folded`` speaks of subscriptions, accounts, logging in or mail."""
    return _ACCOUNT.search(folded) is not None


def asks_to_subscribe(folded: str) -> bool:
    """Return whether a line is short and speaks of signing up for a newsletter."""
    short = count_words(folded) <= _MOST_BOILERPLATE_WORDS
    return short and _NEWSLETTER.search(folded) is not None


def is_caption(text: str) -> bool:
    """Return whether a line is a caption by its credit ("... on Monday. Photo: Ana Berg")."""
    return len(text) <= _LONGEST_CAPTION and _CREDIT.search(text) is not None


def opens_tail(folded: str, prose: bool) -> bool:
    """Return whether what follows such a line is usually no longer the article."""
    found, rest = _match(_plain(folded))
    if found not in _phrases().tails or _phrase(folded, prose) is None:
        return False
    # "Read also: how the bridge fell" is the whole of it; "Related articles" has more below.
    return found == "comment form" or count_words(rest) <= _MOST_OPENER_WORDS


def is_date(folded: str) -> bool:
    """Return whether ``folded`` is a date or a time and nothing else."""
    if _DIGIT.search(folded) is None:
        return False
    parts = _PARTS.findall(folded)
    if not 2 <= len(parts) <= 12 or not any(part.isdigit() for part in parts):
        return False
    known = _dates()
    named = [part for part in parts if not part.isdigit()]
    return all(part in known or re.fullmatch(r"th|st|nd|rd", part) for part in named) and any(
        len(part) == 4 or len(parts) >= 3 for part in parts if part.isdigit()
    )


def _is_breadcrumb(text: str, folded: str, prose: bool) -> bool:
    marks = len(_CRUMB.findall(text))
    if not prose and not any(quote in text for quote in "«‹"):
        marks += len(_GUILLEMET_CRUMB.findall(text))
    return marks >= 2 or (marks == 1 and count_words(folded) <= 6 and not prose)


def _is_invitation(folded: str) -> bool:
    """Two networks, or one after a verb of following, in a line that is no sentence."""
    named = set(_NETWORKS.findall(folded))
    verb = folded.startswith(("follow ", "join ", "subscribe ", "share ", "find ", "like "))
    return len(named) >= 2 or (len(named) == 1 and verb)


def _plain(folded: str) -> str:
    """Return ``folded`` without the marks that Arabic may leave out and without French spacing."""
    return _VOWEL_MARKS.sub("", folded).replace(" :", ":")


def _phrase(folded: str, prose: bool) -> str | None:
    length = count_words(folded)
    if length > _MOST_BOILERPLATE_WORDS:
        return None
    kind, rest = _match(_plain(folded))
    if kind == "date line":
        return kind if length <= _MOST_DATE_WORDS and _is_dated(rest) else None
    if kind == "counter":
        return kind if _is_count(rest) else None
    if kind == "photo credit":
        return None if prose or count_words(rest) > _MOST_CREDIT_WORDS else kind
    # In a sentence the opening words may be chance, unless it is short.
    surely = kind in _SURE_KINDS or asks_consent(folded) or folded.startswith(_COPYRIGHT)
    if prose and not surely and length > _MOST_BOILERPLATE_SENTENCE:
        return None
    return kind


def _match(text: str) -> tuple[str | None, str]:
    """Return the kind of the phrase that ``text`` is, begins or ends with, and what it leaves."""
    table = _phrases()
    stripped = strip_signs(text)
    core = stripped.strip("0123456789 ()[]")
    kind = table.whole.get(core or stripped) or table.whole.get(text)
    if kind is not None:
        return kind, ""
    # Asking for all of them at once is quick, and most lines have none.
    if text.startswith(table.openings):
        for phrase, kind, is_label in table.starts[text[0]]:
            if not text.startswith(phrase):
                continue
            rest = text[len(phrase) :]
            if _AFTER_LABEL.match(rest) if is_label else _ends_word(phrase, rest):
                return kind, rest
    if stripped.endswith(table.endings):
        for phrase, kind in table.ends:
            if stripped.endswith(phrase):
                return kind, stripped[: -len(phrase)]
    return None, ""


def _ends_word(phrase: str, rest: str) -> bool:
    """Return whether a word ends between the two; where words are not spaced, it may."""
    if not rest or _UNSPACED.match(rest):
        return True
    return not (_is_letter(phrase[-1]) and _is_letter(rest[0]))


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LM"


def _is_dated(text: str) -> bool:
    """Return whether ``text`` has a number and is for the most part a date ("by Ana on 3 May
    2024")."""
    parts = _PARTS.findall(text)
    known = [part for part in parts if part.isdigit() or part in _dates()]
    return any(part.isdigit() for part in parts) and len(known) >= 0.6 * len(parts)


def _is_count(text: str) -> bool:
    """Return whether ``text`` is numbers and nothing else but units of time ("5 minutes",
    "1.2k")."""
    tokens = [token for token in text.split() if any(map(str.isalnum, token))]
    return any(c.isdigit() for c in text) and all(
        any(map(str.isdigit, token)) or strip_signs(token) in _dates() for token in tokens
    )


class _Phrases(NamedTuple):
    """Whole lines, openings by their first letter (and whether they are labels), endings, and
    the kinds that open a tail; ``openings`` and ``endings`` are the same without their kinds."""

    whole: dict[str, str]
    starts: dict[str, list[tuple[str, str, bool]]]
    ends: list[tuple[str, str]]
    tails: frozenset[str]
    openings: tuple[str, ...]
    endings: tuple[str, ...]


@lru_cache(maxsize=1)
def _phrases() -> _Phrases:
    whole: dict[str, str] = {}
    starts: dict[str, list[tuple[str, str, bool]]] = {}
    ends: list[tuple[str, str]] = []
    tails: set[str] = set()
    for kind, table in _load("boilerplate.json").items():
        if not isinstance(table, dict):
            continue
        for key, phrases in table.items():
            if key == "tail":
                tails.add(kind)
                continue
            for phrase in phrases:
                is_label = phrase.endswith(":")
                text = _plain(fold(phrase.removesuffix(":") if is_label else phrase.strip("*")))
                if is_label or phrase.endswith("*"):
                    starts.setdefault(text[:1], []).append((text, kind, is_label))
                elif phrase.startswith("*"):
                    ends.append((f" {text}", kind))
                else:
                    whole[text] = kind
                if is_label:
                    whole[text] = kind
    openings = tuple(text for found in starts.values() for text, _, _ in found)
    return _Phrases(
        whole, starts, ends, frozenset(tails), openings, tuple(text for text, _ in ends)
    )


@lru_cache(maxsize=1)
def _dates() -> frozenset[str]:
    return frozenset(fold(word) for word in _load("months.json")["words"])


def _load(name: str) -> dict[str, Any]:
    text = (
        resources.files("toolkit.text")
        .joinpath("phrases")
        .joinpath(name)
        .read_text(encoding="utf-8")
    )
    table: dict[str, Any] = json.loads(text)
    return table
