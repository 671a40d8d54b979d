"""Scores translations against references, by language and system: chrF++, BLEU and TER by
sacrebleu, COMET where it is here; and counts what the checks find."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from toolkit.bench.references import Pair
from toolkit.data import Hypothesis, Shown
from toolkit.errors import ConfigError, described
from toolkit.terminology.terms import Terms
from toolkit.translators.base import Translator
from toolkit.translators.checks.rules import check

if TYPE_CHECKING:
    import pandas

# Bootstrap samples, as many as sacrebleu takes.
RESAMPLES = 1000
_COMET = "Unbabel/wmt22-comet-da"


@dataclass(frozen=True, slots=True)
class Score:
    """The scores of one system in one language: ``chrf`` is chrF++ (word order 2), ``bleu`` BLEU
    and ``ter`` TER (lower is better), in percent, and ``comet`` COMET or None, over ``rows``
    sentences. ``flagged`` of them failed a check, each of ``flags`` so many.

    ``ci`` holds, of each metric, half the width of the interval that has 95 % of the bootstrap
    samples, and ``p`` how likely such a difference from the first system is by chance (paired
    bootstrap). ``signatures`` are sacrebleu's; ``signature`` is that of chrF++ and the system's."""

    language: str
    rows: int
    chrf: float
    bleu: float
    flagged: int
    signature: str
    system: str = ""
    ter: float = 0.0
    comet: float | None = None
    flags: Mapping[str, int] | None = None
    ci: Mapping[str, float] | None = None
    p: Mapping[str, float] | None = None
    signatures: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """One translation of one system with its reference; ``chrf`` is chrF++ of it alone."""

    system: str
    language: str
    source: str
    reference: str
    text: str
    chrf: float
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evaluation(Shown):
    """The scores of all systems, each translation, and ``notes`` on how they were made. A notebook
    shows the tables and plots of the report."""

    scores: tuple[Score, ...]
    sentences: tuple[Sentence, ...]
    notes: tuple[str, ...] = ()

    def to_pandas(self) -> pandas.DataFrame:
        """Return the scores as a DataFrame; ``pandas.DataFrame(evaluation.sentences)`` has the
        translations."""
        import pandas

        return pandas.DataFrame(self.scores)


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


def translations(
    pairs: Sequence[Pair], translator: Translator, *, target: str, terms: Terms | None = None
) -> list[Hypothesis]:
    """Translate each source. The wording of ``terms`` comes before the translator's."""
    terms = terms or Terms(target=target)
    found: dict[int, Hypothesis] = {}
    for code, numbers in _by_language(pairs).items():
        work = partial(translator.translate, source=code, target=target)
        made = terms.around([pairs[n].source for n in numbers], work, source=code)
        found.update(zip(numbers, made, strict=True))
    return [found[n] for n in range(len(pairs))]


def checked_lines(pairs: Sequence[Pair], lines: Sequence[str], *, target: str) -> list[Hypothesis]:
    """Return translations that are there already, with the flags of the checks where there are
    sources."""
    flags = (
        check(p.source, Hypothesis(line), source_language=p.language, target_language=target)
        if p.source
        else ()
        for p, line in zip(pairs, lines, strict=True)
    )
    return [Hypothesis(line, None, found) for line, found in zip(lines, flags, strict=True)]


def evaluate(
    pairs: Sequence[Pair],
    systems: Mapping[str, Sequence[Hypothesis]],
    *,
    signatures: Mapping[str, str] | None = None,
    resamples: int = RESAMPLES,
) -> Evaluation:
    """Score what each of ``systems`` made of ``pairs``, language by language; the systems after
    the first are compared with it. ``signatures`` say how systems were made.

    The seed of the bootstrap is sacrebleu's, which ``SACREBLEU_SEED`` changes.
    """
    comet, note = _load_comet()
    scores: list[Score] = []
    for language, numbers in _by_language(pairs).items():
        mine = [pairs[n] for n in numbers]
        made = {name: [found[n] for n in numbers] for name, found in systems.items()}
        texts = {name: [h.text for h in found] for name, found in made.items()}
        measured = _measured(texts, [p.reference for p in mine], resamples)
        for name, found in made.items():
            own = measured[name]
            flags = Counter(flag for h in found for flag in h.flags)
            scores.append(
                Score(
                    language=language,
                    rows=len(mine),
                    chrf=own.values["chrf"],
                    bleu=own.values["bleu"],
                    ter=own.values["ter"],
                    comet=comet(mine, texts[name]) if comet and mine[0].source else None,
                    flagged=sum(bool(h.flags) for h in found),
                    flags=dict(flags.most_common()),
                    system=name,
                    signature=f"{own.signatures['chrf']} | {(signatures or {}).get(name, name)}",
                    ci=own.ci,
                    p=own.p,
                    signatures=own.signatures,
                )
            )
    return Evaluation(tuple(scores), tuple(_sentences(pairs, systems)), (note,) if note else ())


def _by_language(pairs: Sequence[Pair]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for number, pair in enumerate(pairs):
        found[pair.language].append(number)
    return found


@dataclass(frozen=True, slots=True)
class _Measured:
    """What sacrebleu says of one system, by metric."""

    values: dict[str, float]
    signatures: dict[str, str]
    ci: dict[str, float]
    p: dict[str, float]


def _metrics() -> dict[str, Any]:
    try:
        from sacrebleu.metrics import BLEU, CHRF, TER
    except ImportError:
        raise ConfigError("sacrebleu is not installed", remedy="pip install sacrebleu") from None
    return {"chrf": CHRF(word_order=2), "bleu": BLEU(), "ter": TER()}


def _measured(
    texts: Mapping[str, Sequence[str]], references: Sequence[str], resamples: int
) -> dict[str, _Measured]:
    """Return what sacrebleu says of each system."""
    metrics, wanted = _metrics(), [list(references)]
    if resamples > 1 and len(texts) > 1:
        return _paired(texts, metrics, wanted, resamples)
    measured = {}
    for name, lines in texts.items():
        scores = {
            m: metric.corpus_score(lines, wanted, n_bootstrap=max(resamples, 1))
            for m, metric in metrics.items()
        }
        measured[name] = _Measured(
            {m: float(score.score) for m, score in scores.items()},
            {m: str(metric.get_signature()) for m, metric in metrics.items()},
            {m: float(score._ci) for m, score in scores.items()} if resamples > 1 else {},
            {},
        )
    return measured


def _paired(
    texts: Mapping[str, Sequence[str]],
    metrics: Mapping[str, Any],
    references: list[list[str]],
    resamples: int,
) -> dict[str, _Measured]:
    """Return the same with a paired bootstrap of each system with the first."""
    from sacrebleu.significance import PairedTest

    named = list(texts.items())
    marks, found = PairedTest(named, metrics, references, test_type="bs", n_samples=resamples)()
    signatures = {m: str(mark) for m, mark in zip(metrics, marks.values(), strict=True)}
    # Before the metrics stand the names of the systems.
    columns = dict(zip(metrics, list(found.values())[1:], strict=True))
    measured = {}
    for place, name in enumerate(texts):
        own = {m: results[place] for m, results in columns.items()}
        measured[name] = _Measured(
            {m: float(result.score) for m, result in own.items()},
            signatures,
            {m: float(result.ci) for m, result in own.items()},
            {m: float(result.p_value) for m, result in own.items() if result.p_value is not None},
        )
    return measured


def _sentences(pairs: Sequence[Pair], systems: Mapping[str, Sequence[Hypothesis]]) -> Any:
    chrf = _metrics()["chrf"]
    for name, found in systems.items():
        for pair, made in zip(pairs, found, strict=True):
            score = chrf.sentence_score(made.text, [pair.reference]).score
            yield Sentence(
                name, pair.language, pair.source, pair.reference, made.text, score, made.flags
            )


def _load_comet() -> tuple[Callable[[Sequence[Pair], Sequence[str]], float] | None, str]:
    """Return what computes COMET; where its package or weights are not here, why it is left out."""
    try:
        import comet
    except ImportError:
        return None, "COMET is left out: pip install unbabel-comet"
    from huggingface_hub import try_to_load_from_cache

    weights = try_to_load_from_cache(_COMET, "checkpoints/model.ckpt")
    if not isinstance(weights, str):
        return None, f"COMET is left out: the weights of {_COMET} are not here."
    try:
        model = comet.load_from_checkpoint(weights)
    except Exception as error:  # of torch, lightning or the hub
        return None, f"COMET is left out: {described(error)[:200]}"

    def score(pairs: Sequence[Pair], lines: Sequence[str]) -> float:
        rows = [
            {"src": p.source, "mt": line, "ref": p.reference}
            for p, line in zip(pairs, lines, strict=True)
        ]
        return float(model.predict(rows, gpus=0, progress_bar=False).system_score)

    return score, f"COMET is {_COMET}."
