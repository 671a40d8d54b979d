"""What ``toolkit bench`` runs in a process of its own: one engine, its weights loaded from disk,
the first sentence, a warm-up, then a workload."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from toolkit.hub.checkpoint import INDEX, WEIGHTS
from toolkit.storage import whole

if TYPE_CHECKING:
    from toolkit.translators.engine.linear import Precision

END = 2
Row = tuple[int, ...]
Lengths = Sequence[tuple[int, int]]
# Decodes rows in batches of a size, None for the engine's own; returns how many pieces were
# written. The lengths are as in ``Work``.
Run = Callable[[Sequence[Row], Lengths, int | None], int]
_WORSE = 0.9  # of the best speed: larger batches are not tried once one is as slow


@dataclass(frozen=True, slots=True)
class Files:
    """A checkpoint's folder, and the one for what is made of it once."""

    checkpoint: Path
    prepared: Path


@dataclass(frozen=True, slots=True)
class Subject:
    """What engines are measured with: a checkpoint, the pieces that a decoder for English is cut
    to (None for all), English's id, how many pieces a source may be of, and the rows to take from,
    shortest first. ``lengths`` are as in ``Work``."""

    name: str
    files: Files
    kept: tuple[int, ...] | None
    lengths: tuple[tuple[int, int], ...]
    rows: tuple[Row, ...] = ()
    language: int = 5
    vocabulary: int = 200_000


@dataclass(frozen=True, slots=True)
class Work:
    """One engine to time. ``engine`` is ``torch`` (our loop), ``ctranslate2`` or
    ``transformers``. ``batch`` is rows, for torch times beams; None is the engine's own limit.
    ``kept`` are the pieces of a cut decoder. ``lengths`` are (source, output) pieces of each row:
    without ``rows`` made-up sources are decoded to exactly these, with ``rows`` the output ends
    where it ends and is no longer. ``started`` is ``time.time()`` when the process was asked
    for."""

    engine: str
    precision: str
    beam: int
    batch: int | None
    files: Files
    kept: tuple[int, ...] | None
    lengths: tuple[tuple[int, int], ...]
    threads: int
    device: str = "cpu"
    rows: tuple[Row, ...] = ()
    language: int = 5
    vocabulary: int = 200_000
    started: float = 0.0


@dataclass(frozen=True, slots=True)
class Timing:
    """``seconds`` for the workload, the first sentence since the process was asked for, the
    process's largest resident memory, what it took of the GPU's, and the pieces written."""

    seconds: float
    first_sentence: float
    peak_mb: float
    pieces: int
    device_mb: float | None = None


def measure(work: Work) -> Timing:
    """Run ``work`` in this process.

    Loading, the first sentence and a warm-up of four short rows are not counted in ``seconds``:
    every engine sees the same rows in its warm-up, few enough to be slow for none.
    """
    before = _ready(work)
    run, rows = _make(work), make_rows(work)
    run(rows[:1], work.lengths[:1], work.batch)
    first = time.time() - work.started
    _warm_up(run, rows, work)
    start = time.perf_counter()
    pieces = run(rows, work.lengths, work.batch)
    seconds = time.perf_counter() - start
    return Timing(seconds, first, _peak_mb(), pieces, _taken_mb(before))


def sweep(work: Work, batches: Sequence[int]) -> list[tuple[int, float]]:
    """Pieces per second with each of ``batches``, ascending, in this process; it ends early where
    larger ones have become slower, or do not fit."""
    from toolkit.translators.nllb import out_of_memory

    _ready(work)
    run, rows = _make(work), make_rows(work)
    _warm_up(run, rows, work)
    found: list[tuple[int, float]] = []
    for batch in batches:
        start = time.perf_counter()
        try:
            pieces = run(rows, work.lengths, batch)
        except Exception as error:
            if found and out_of_memory(error):
                break
            raise
        found.append((batch, pieces / (time.perf_counter() - start)))
        if found[-1][1] < _WORSE * max(speed for _, speed in found):
            break
    return found


def prepare(files: Files, works: Sequence[Work]) -> None:
    """Make what ``works`` need and is not there: the checkpoint, of NLLB-600M's sizes with
    random weights, our 8-bit weights, and CTranslate2's conversions."""
    from toolkit.translators.ctranslate2 import convert
    from toolkit.translators.decoder import converted_folder, load_decoder
    from toolkit.translators.engine.weights import Weights

    if not any((files.checkpoint / name).is_file() for name in (WEIGHTS, INDEX)):
        _random_checkpoint(files.checkpoint)
    weights = Weights(files.checkpoint, prepared=files.prepared)
    for kept in {w.kept for w in works if w.engine == "torch" and w.precision == "int8"}:
        load_decoder(weights, "int8", "cpu", kept)
    for precision, kept in {(w.precision, w.kept) for w in works if w.engine == "ctranslate2"}:
        folder = converted_folder(files.prepared, precision, cut=kept is not None)
        if not (folder / "model.bin").is_file():
            folder.parent.mkdir(parents=True, exist_ok=True)
            convert(weights, folder, kept=kept, quantization=precision)


def make_rows(work: Work) -> list[Row]:
    """The rows of ``work``, or rows of random pieces, the same for every engine. A row's
    vocabulary is a few thousand pieces, as that of a run over articles in one language is."""
    if work.rows:
        return list(work.rows)
    chance = random.Random(0)
    pieces = chance.choices(range(4, work.vocabulary), k=4000)
    return [(work.language, *chance.choices(pieces, k=n - 2), END) for n, _ in work.lengths]


def by_output(lengths: Lengths, batch: int | None, *, mixed: bool = False) -> list[list[int]]:
    """Batches of rows of like output length; of one output length each unless ``mixed``. Then no
    row outlives its batch, which is the best case of engines that decode a batch until its last
    row ends, and the only fair one where outputs are as long as they are told to be."""
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
    # As the command line does (see ``console``): it serves every engine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch

    torch.set_num_threads(work.threads)
    if work.device != "cuda":
        return 0
    free, total = torch.cuda.mem_get_info()
    return total - free


def _taken_mb(before: int) -> float | None:
    """What this process took of the GPU's memory; allocators keep what they once had."""
    if not before:
        return None
    import torch

    free, total = torch.cuda.mem_get_info()
    return (total - free - before) / (1 << 20)


def _make(work: Work) -> Run:
    return {"torch": _torch, "ctranslate2": _ctranslate2}.get(work.engine, _transformers)(work)


def _warm_up(run: Run, rows: Sequence[Row], work: Work) -> None:
    shorter = sorted(range(len(rows)), key=lambda i: work.lengths[i])[: (len(rows) + 1) // 2]
    chosen = shorter[:: -(-len(shorter) // 4)]
    run([rows[i] for i in chosen], [work.lengths[i] for i in chosen], work.batch)


def _written(outputs: Iterable[Any]) -> int:
    return sum(len(row.tokens) for row in outputs)


def _torch(work: Work) -> Run:
    from toolkit.translators.decoder import load_decoder
    from toolkit.translators.engine.decoding import Limits
    from toolkit.translators.engine.weights import Weights

    weights = Weights(work.files.checkpoint, prepared=work.files.prepared)
    precision = cast("Precision", work.precision)
    decoder = cast("Any", load_decoder(weights, precision, work.device, work.kept))

    def run(rows: Sequence[Row], lengths: Lengths, batch: int | None) -> int:
        limits = None if batch is None else Limits(rows=batch, tokens=65_536, places=1 << 40)
        return _written(
            decoder.decode(
                rows, work.language, [cap for _, cap in lengths], beams=work.beam, limits=limits,
                stops=bool(work.rows),
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

    def run(rows: Sequence[Row], lengths: Lengths, batch: int | None) -> int:
        pieces = 0
        for chosen in by_output(lengths, batch, mixed=bool(work.rows)):
            caps = [lengths[i][1] for i in chosen]
            sources = [rows[i] for i in chosen]
            stops = bool(work.rows)
            pieces += _written(
                decoder.decode(sources, work.language, caps, beams=work.beam, stops=stops)
            )
        return pieces

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

    def run(rows: Sequence[Row], lengths: Lengths, batch: int | None) -> int:
        pieces = 0
        for chosen in by_output(lengths, batch, mixed=bool(work.rows)):
            caps, longest = [lengths[i][1] for i in chosen], max(len(rows[i]) for i in chosen)
            ids = torch.tensor([[*rows[i], *[1] * (longest - len(rows[i]))] for i in chosen])
            ids = ids.to(work.device)
            most = max(caps) + 1  # the language code counts
            options = GenerationConfig(
                num_beams=work.beam, max_new_tokens=most, forced_bos_token_id=work.language,
                min_new_tokens=None if work.rows else most, decoder_start_token_id=END,
                eos_token_id=END, pad_token_id=1, do_sample=False,
            )  # fmt: skip
            out = model.generate(input_ids=ids, attention_mask=ids != 1, generation_config=options)
            for row, cap in zip(out[:, 2:].tolist(), caps, strict=True):
                pieces += min(cap, row.index(END) if END in row else len(row))
        return pieces

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
