"""Time one engine in a process of its own: load, first sentence, warm-up, then the workload."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from toolkit import machine
from toolkit.hub.checkpoint import INDEX, WEIGHTS
from toolkit.storage import whole

if TYPE_CHECKING:
    from toolkit.translators.engine.linear import Precision

END = 2
TokenIds = tuple[int, ...]
Lengths = Sequence[tuple[int, int]]
# Decodes sources in batches of a size, None for the engine's own; returns the number of output
# tokens. The lengths are as in ``Work``.
Run = Callable[[Sequence[TokenIds], Lengths, int | None], int]
_WORSE = 0.9  # of the best speed: larger batches are not tried once one is as slow


@dataclass(frozen=True, slots=True)
class Files:
    """A checkpoint's folder, and the one for what is made of it once."""

    checkpoint: Path
    prepared: Path


@dataclass(frozen=True, slots=True)
class Subject:
    """A checkpoint and sentences to measure engines with.

    ``kept`` are the tokens of the decoder's English vocabulary, None for all. ``sources`` are
    sentences as token ids, shortest first; without any they are made up, of the ``lengths``, the
    ``language`` and the ``vocabulary`` size given here. ``lengths`` are as in ``Work``.
    """

    name: str
    files: Files
    kept: tuple[int, ...] | None
    lengths: tuple[tuple[int, int], ...]
    sources: tuple[TokenIds, ...] = ()
    language: int = 5
    vocabulary: int = 200_000


@dataclass(frozen=True, slots=True)
class Work:
    """One engine to time: ``torch`` (our loop), ``ctranslate2`` or ``transformers``.

    ``batch`` counts sentences, for torch times beams; None is the engine's own limit. ``kept`` are
    the tokens of a reduced vocabulary. ``lengths`` are the tokens of each (source, output): outputs
    of made-up sources have exactly that length, outputs of real ``sources`` at most. ``started`` is
    ``time.time()`` when the process was asked for.
    """

    engine: str
    precision: str
    beam: int
    batch: int | None
    files: Files
    kept: tuple[int, ...] | None
    lengths: tuple[tuple[int, int], ...]
    threads: int
    device: str = "cpu"
    sources: tuple[TokenIds, ...] = ()
    language: int = 5
    vocabulary: int = 200_000
    started: float = 0.0


@dataclass(frozen=True, slots=True)
class Timing:
    """Figures of one run. ``seconds`` is for the workload, ``first_sentence`` the seconds since the
    process was asked for; ``peak_mb`` is resident memory, ``device_mb`` the GPU's; ``tokens`` are
    those of all outputs."""

    seconds: float
    first_sentence: float
    peak_mb: float
    tokens: int
    device_mb: float | None = None


def measure(work: Work) -> Timing:
    """Run ``work`` in this process.

    Loading, the first sentence and a warm-up of four short sentences, the same for every engine,
    are not counted in ``seconds``.
    """
    before = _ready(work)
    run, sources = _make(work), make_sources(work)
    run(sources[:1], work.lengths[:1], work.batch)
    first = time.time() - work.started
    _warm_up(run, sources, work)
    start = time.perf_counter()
    tokens = run(sources, work.lengths, work.batch)
    seconds = time.perf_counter() - start
    return Timing(seconds, first, _peak_mb(), tokens, _taken_mb(before))


def sweep(work: Work, batches: Sequence[int]) -> list[tuple[int, float]]:
    """Measure tokens per second with each of ``batches``, ascending, in this process, until larger
    ones are slower or do not fit."""
    from toolkit.translators.nllb import out_of_memory

    _ready(work)
    run, sources = _make(work), make_sources(work)
    _warm_up(run, sources, work)
    found: list[tuple[int, float]] = []
    for batch in batches:
        start = time.perf_counter()
        try:
            tokens = run(sources, work.lengths, batch)
        except Exception as error:
            if found and out_of_memory(error):
                break
            raise
        found.append((batch, tokens / (time.perf_counter() - start)))
        if found[-1][1] < _WORSE * max(speed for _, speed in found):
            break
    return found


def prepare(files: Files, works: Sequence[Work]) -> None:
    """Make what ``works`` need and is not there: the checkpoint, of NLLB-600M's sizes with
    random weights, our 8-bit weights, and CTranslate2's conversions."""
    from toolkit.translators.ctranslate2 import convert
    from toolkit.translators.decoder import converted_folder, load_torch
    from toolkit.translators.engine.weights import Weights

    if not any((files.checkpoint / name).is_file() for name in (WEIGHTS, INDEX)):
        _random_checkpoint(files.checkpoint)
    weights = Weights(files.checkpoint, prepared=files.prepared)
    for kept in {w.kept for w in works if w.engine == "torch" and w.precision == "int8"}:
        load_torch(weights, "int8", "cpu", kept)
    for precision, kept in {(w.precision, w.kept) for w in works if w.engine == "ctranslate2"}:
        folder = converted_folder(files.prepared, precision, cut=kept is not None)
        if not (folder / "model.bin").is_file():
            folder.parent.mkdir(parents=True, exist_ok=True)
            convert(weights, folder, kept=kept, quantization=precision)


def make_sources(work: Work) -> list[TokenIds]:
    """Return the sources of ``work``, or make some up of random tokens, the same for every engine.

    They use a few thousand tokens, as articles in one language do.
    """
    if work.sources:
        return list(work.sources)
    chance = random.Random(0)
    tokens = chance.choices(range(4, work.vocabulary), k=4000)
    return [(work.language, *chance.choices(tokens, k=n - 2), END) for n, _ in work.lengths]


def by_output(lengths: Lengths, batch: int | None, *, mixed: bool = False) -> list[list[int]]:
    """Group indices into batches of like output length, of one length each unless ``mixed``.

    With one length all sequences of a batch end together: the best case of engines that decode a
    batch until its last sequence ends, and the fair one where output lengths are made up.
    """
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i][1], -lengths[i][0]))
    size = batch or len(order)
    batches: list[list[int]] = []
    for i in order:
        full = not batches or len(batches[-1]) == size
        if full or not (mixed or lengths[batches[-1][0]][1] == lengths[i][1]):
            batches.append([])
        batches[-1].append(i)
    return batches


def _ready(work: Work) -> int:
    """Set up this process; returns how much of the GPU's memory others use."""
    # As the command line does (see ``console``): every engine is faster for it.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    machine.keep_freed_memory()
    import torch

    torch.set_num_threads(work.threads)
    if work.device != "cuda":
        return 0
    free, total = torch.cuda.mem_get_info()
    return total - free


def _taken_mb(before: int) -> float | None:
    """Return the MiB of the GPU's memory that this process took; allocators give none back."""
    if not before:
        return None
    import torch

    free, total = torch.cuda.mem_get_info()
    return (total - free - before) / (1 << 20)


def _make(work: Work) -> Run:
    return {"torch": _torch, "ctranslate2": _ctranslate2}.get(work.engine, _transformers)(work)


def _warm_up(run: Run, sources: Sequence[TokenIds], work: Work) -> None:
    shorter = sorted(range(len(sources)), key=lambda i: work.lengths[i])[: (len(sources) + 1) // 2]
    chosen = shorter[:: -(-len(shorter) // 4)]
    run([sources[i] for i in chosen], [work.lengths[i] for i in chosen], work.batch)


def _written(outputs: Iterable[Any]) -> int:
    return sum(len(output.tokens) for output in outputs)


def _torch(work: Work) -> Run:
    from toolkit.translators.decoder import load_torch
    from toolkit.translators.engine.decoding import Limits
    from toolkit.translators.engine.weights import Weights

    weights = Weights(work.files.checkpoint, prepared=work.files.prepared)
    precision = cast("Precision", work.precision)
    decoder = cast("Any", load_torch(weights, precision, work.device, work.kept))

    def run(sources: Sequence[TokenIds], lengths: Lengths, batch: int | None) -> int:
        limits = None if batch is None else Limits(batch, tokens=65_536, positions=1 << 40)
        return _written(
            decoder.decode(
                sources, work.language, [cap for _, cap in lengths], beams=work.beam, limits=limits,
                stops=bool(work.sources),
            )
        )  # fmt: skip

    return run


def _ctranslate2(work: Work) -> Run:
    from toolkit.translators.ctranslate2 import Ct2Decoder
    from toolkit.translators.decoder import converted_folder

    decoder = Ct2Decoder(
        converted_folder(work.files.prepared, work.precision, cut=work.kept is not None),
        device=work.device, precision=work.precision, threads=work.threads, token_budget=1 << 30,
    )  # fmt: skip

    def run(sources: Sequence[TokenIds], lengths: Lengths, batch: int | None) -> int:
        tokens = 0
        for chosen in by_output(lengths, batch, mixed=bool(work.sources)):
            caps = [lengths[i][1] for i in chosen]
            batch_sources = [sources[i] for i in chosen]
            stops = bool(work.sources)
            tokens += _written(
                decoder.decode(batch_sources, work.language, caps, beams=work.beam, stops=stops)
            )
        return tokens

    return run


def _transformers(work: Work) -> Run:
    import torch
    from transformers import GenerationConfig, M2M100ForConditionalGeneration
    from transformers.utils import logging

    logging.disable_progress_bar()
    dtype = getattr(torch, work.precision)
    loaded = M2M100ForConditionalGeneration.from_pretrained(work.files.checkpoint, dtype=dtype)
    model = cast("Any", loaded).to(work.device).eval()
    model.generation_config = GenerationConfig()

    def run(sources: Sequence[TokenIds], lengths: Lengths, batch: int | None) -> int:
        tokens = 0
        for chosen in by_output(lengths, batch, mixed=bool(work.sources)):
            caps, longest = [lengths[i][1] for i in chosen], max(len(sources[i]) for i in chosen)
            ids = torch.tensor([[*sources[i], *[1] * (longest - len(sources[i]))] for i in chosen])
            ids = ids.to(work.device)
            most = max(caps) + 1  # the language code counts
            options = GenerationConfig(
                num_beams=work.beam, max_new_tokens=most, forced_bos_token_id=work.language,
                min_new_tokens=None if work.sources else most, decoder_start_token_id=END,
                eos_token_id=END, pad_token_id=1, do_sample=False,
            )  # fmt: skip
            out = model.generate(input_ids=ids, attention_mask=ids != 1, generation_config=options)
            for output, cap in zip(out[:, 2:].tolist(), caps, strict=True):
                tokens += min(cap, output.index(END) if END in output else len(output))
        return tokens

    return run


def _random_checkpoint(folder: Path) -> None:
    import torch
    from safetensors.torch import save_file
    from transformers import M2M100Config, M2M100ForConditionalGeneration

    config = M2M100Config(vocab_size=256_206, d_model=1024, encoder_ffn_dim=4096,
                          decoder_ffn_dim=4096, scale_embedding=True)  # fmt: skip
    with torch.device("meta"):
        names = M2M100ForConditionalGeneration(config).state_dict()
    chance = torch.Generator().manual_seed(0)
    tensors = {}
    for name, like in names.items():
        if name != "model.shared.weight" and tuple(like.shape) == (config.vocab_size, 1024):
            continue  # tied to it
        fill = 1.0 if name.endswith("norm.weight") else 0.0
        tensors[name] = torch.full(like.shape, fill)
        if like.dim() == 2:
            tensors[name].normal_(0, 0.02, generator=chance)
    folder.mkdir(parents=True, exist_ok=True)
    config.save_pretrained(folder)
    with whole(folder / WEIGHTS) as made:
        save_file(tensors, made, metadata={"format": "pt"})


def _peak_mb() -> float:
    """Largest resident memory. The kernel's per-process figure where there is one: the other
    counts what a parent had in memory when it started this process."""
    try:
        text = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return int(text.partition("VmHWM:")[2].split()[0]) / 1024
