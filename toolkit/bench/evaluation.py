"""Score translations against references: chrF++ and BLEU per language, by sacrebleu; and count
what the checks find."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from toolkit.data import Hypothesis
from toolkit.errors import ConfigError, InputError
from toolkit.languages import codes, detection
from toolkit.readers.encodings import decode
from toolkit.terminology.terms import Terms
from toolkit.translators.base import Translator
from toolkit.translators.checks.rules import check

_SHAPE = "a table with tabs between its columns and a first line that names them: source, english"


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence with its reference translation."""

    language: str
    source: str
    reference: str


@dataclass(frozen=True, slots=True)
class Score:
    """The scores of one language: ``chrf`` is chrF++ (word order 2) and ``bleu`` BLEU, 0 to
    100, over ``rows`` sentences. ``signature`` is sacrebleu's of chrF++ and the translator's."""

    language: str
    rows: int
    chrf: float
    bleu: float
    flagged: int
    signature: str


@dataclass(frozen=True, slots=True)
class CheckRate:
    """What the checks found in the ``rows`` sentences of one language: how many have a flag, and
    how many have each. On good translations a flag is a false alarm."""

    language: str
    rows: int
    flagged: int
    share: float
    flags: dict[str, int]


def check_rates(pairs: Sequence[Pair], *, target: str) -> list[CheckRate]:
    """Return the findings of the checks on translations that are there, by language, the highest
    share first."""
    found: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for pair in pairs:
        flags = check(
            pair.source,
            Hypothesis(pair.reference),
            source_language=pair.language,
            target_language=target,
        )
        found[pair.language].append(flags)
    rates = []
    for code, given in found.items():
        flagged = sum(map(bool, given))
        counts = Counter(flag for flags in given for flag in flags)
        share = round(flagged / len(given), 4)
        rates.append(CheckRate(code, len(given), flagged, share, dict(counts.most_common())))
    return sorted(rates, key=lambda rate: (-rate.share, rate.language))


def read_reference(path: Path, *, language: str | None = None) -> list[Pair]:
    """Return the pairs in a TSV file with the columns ``source`` and ``english``.

    The language is ``language`` if given, else the column ``language``, else detected over all
    rows that share a ``file`` (or over all rows). Rows whose ``kind`` is ``boilerplate`` are left
    out. Raises ``InputError`` naming the file where it is no such table.
    """
    try:
        text = decode(path.read_bytes(), str(path))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}", remedy="Check the path.") from None
    rows = _rows(text, path)
    rows = [r for r in rows if r["source"] and r["english"] and r.get("kind") != "boilerplate"]
    together: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        together[row.get("file") or ""].append(row["source"])
    detected: dict[str, str] = {}
    pairs = []
    for row in rows:
        named = language or row.get("language")
        key = row.get("file") or ""
        if named:
            code = codes.resolve(named).code
        else:
            if key not in detected:
                detected[key] = detection.detect("\n".join(together[key])).code
            code = detected[key]
        pairs.append(Pair(code, row["source"], row["english"]))
    return pairs


def _rows(text: str, path: Path) -> list[dict[str, str]]:
    # Not the csv module: to it, a sentence that begins with a quotation mark and does not end
    # with one goes on over the next lines.
    numbered = [(n, line) for n, line in enumerate(text.split("\n"), start=1) if line.strip()]
    names = [_unquoted(cell) for cell in numbered[0][1].split("\t")]
    if len(numbered) < 2 or not {"source", "english"} <= set(names):
        raise InputError(f"{path}: not a table of references", remedy=f"It must be {_SHAPE}.")
    rows = []
    for number, line in numbered[1:]:
        cells = [_unquoted(cell) for cell in line.split("\t")]
        if len(cells) != len(names):
            raise InputError(
                f"{path}:{number}: {len(cells)} cells where the first line names {len(names)}",
                remedy="Each line must hold one row, with one tab between two cells.",
            )
        rows.append(dict(zip(names, cells, strict=True)))
    return rows


def _unquoted(cell: str) -> str:
    """Return ``cell`` without the quotation marks that programs put around cells, inner ones
    doubled."""
    inner = cell[1:-1]
    if len(cell) < 2 or cell[0] != '"' or cell[-1] != '"' or '"' in inner.replace('""', ""):
        return cell
    return inner.replace('""', '"')


def evaluate(
    pairs: Sequence[Pair], translator: Translator, *, target: str, terms: Terms | None = None
) -> list[Score]:
    """Translate each source and score it against its reference, language by language. The wording
    of ``terms`` comes before the translator's."""
    terms = terms or Terms(target=target)
    try:
        from sacrebleu.metrics import BLEU, CHRF
    except ImportError:
        raise ConfigError("sacrebleu is not installed", remedy="pip install sacrebleu") from None
    scores = []
    for code in dict.fromkeys(pair.language for pair in pairs):
        mine = [pair for pair in pairs if pair.language == code]
        work = partial(translator.translate, source=code, target=target)
        found = terms.around([p.source for p in mine], work, source=code)
        english, wanted = [h.text for h in found], [[p.reference for p in mine]]
        chrf, bleu = CHRF(word_order=2), BLEU()
        scores.append(
            Score(
                language=code,
                rows=len(mine),
                chrf=round(chrf.corpus_score(english, wanted).score, 1),
                bleu=round(bleu.corpus_score(english, wanted).score, 1),
                flagged=sum(bool(h.flags) for h in found),
                signature=f"{chrf.get_signature()} | {translator.signature}",
            )
        )
    return scores
