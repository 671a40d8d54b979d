"""NLLB on torch: the ids, the batches and the way back to text.

Token layout of the published checkpoints: source ``[language] pieces </s>``, target
``</s> [language] pieces </s>``. Rows are built here rather than by the tokenizer's ``src_lang``,
which rewrites its state and is not safe across threads.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from toolkit.data import Hypothesis
from toolkit.errors import ConfigError, ModelError, UnknownLanguageError
from toolkit.normalise import normalise
from toolkit.translators.batching import Decoded, run_batched
from toolkit.translators.checkpoint import TOKENIZER, Checkpoint, damaged
from toolkit.translators.long_text import split_long

if TYPE_CHECKING:
    import torch

Precision = Literal["float32", "bfloat16", "float16"]

PAD, END, UNKNOWN = 1, 2, 3
LONGEST = 180  # source tokens; beyond it quality falls and clauses are left out
_PUBLISHED_SIZE, _PUBLISHED_ENGLISH = 256_204, 256_047
_LANGUAGE = re.compile(r"[a-z]{3}_[A-Z][a-z]{3}")
# Source tokens of a batch times beams. On a CPU this keeps the logits of a step near 200 MB.
_BUDGETS = {"cpu": 8192, "cuda": 65536}
_LARGE = 100_000_000  # parameters from which on bfloat16 pays on a CPU that multiplies it
# Parameters below which one thread is faster than several, and on a busy machine many times so:
# threads spin while they wait for one that is not scheduled.
_SMALL = 20_000_000
_UNSPACED = ("Hans", "Hant", "Jpan", "Khmr", "Laoo", "Mymr", "Thai", "Tibt")


class TorchNllb:
    """A checkpoint of NLLB's family, loaded: see ``toolkit.translators.base.Translator``.

    ``device`` is ``auto``, ``cpu`` or ``cuda``. ``precision`` None chooses: bfloat16 on a GPU and
    for large models on a CPU with bfloat16 arithmetic, else float32. ``beam`` 1 is greedy.
    ``token_budget`` bounds rows x longest row x beams of a batch; when memory runs out, batches
    are halved. Raises ``ModelError`` for a device that is not there or weights of another kind.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        *,
        device: str = "auto",
        precision: Precision | None = None,
        beam: int = 4,
        token_budget: int | None = None,
    ) -> None:
        self.device = choose_device(device)
        self.beam = beam
        self._tokenizer = load_tokenizer(checkpoint)
        self._languages = language_ids(self._tokenizer, checkpoint)
        self._codes = frozenset(self._languages.values())
        self._model = load_model(checkpoint, self.device, precision)
        if self.device == "cpu" and self._model.num_parameters() < _SMALL:
            import torch

            torch.set_num_threads(1)
        precision = str(self._model.dtype).removeprefix("torch.")  # type: ignore[assignment]
        if self._model.config.vocab_size < self._tokenizer.get_vocab_size():
            raise ModelError(
                f"{checkpoint.path}: the tokenizer has more tokens than the model",
                remedy="Its files do not belong together; fetch or copy them again.",
            )
        self._budget = max(1, (token_budget or _BUDGETS[self.device]) // beam)
        self.signature = f"{checkpoint.signature} torch {precision} beam{beam}"
        self.notice = checkpoint.notice

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[Hypothesis]:
        """Translate each text by itself; see ``Translator.translate``.

        The only flag given here is ``cut_short``: the cap on new tokens stopped the output.
        """
        source_id, target_id = self._language(source), self._language(target)
        if source == target:
            return [Hypothesis(text) for text in texts]
        parts = [self._parts(text) for text in texts]
        rows = [[source_id, *part, END] for pieces in parts for part in pieces]
        decoded = iter(self.decode(rows, target_id))
        glue = "" if target.endswith(_UNSPACED) else " "
        return [self._hypothesis([next(decoded) for _ in pieces], glue) for pieces in parts]

    def decode(self, rows: Sequence[list[int]], target_id: int) -> list[Decoded]:
        """Translate rows of source ids (language first, end last): one result a row, in order."""
        return run_batched(
            [len(row) for row in rows],
            self._budget,
            lambda batch: self._generate([rows[i] for i in batch], target_id),
            out_of_memory,
        )

    def _language(self, code: str) -> int:
        if code not in self._languages:
            close = difflib.get_close_matches(code, self._languages, n=3)
            raise UnknownLanguageError(code, close)
        return self._languages[code]

    def _parts(self, text: str) -> list[list[int]]:
        """The pieces of the normalised text, cut where it is too long for the model."""
        text = normalise(text)
        whole = self._pieces(text)
        if len(whole) <= LONGEST:
            return [whole] if whole else []
        parts = split_long(text, lambda part: len(self._pieces(part)), LONGEST)
        return [pieces for part in parts if (pieces := self._pieces(part.strip()))]

    def _pieces(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def _hypothesis(self, decoded: list[Decoded], glue: str) -> Hypothesis:
        texts = [self._text(d.tokens) for d in decoded]
        weights = [len(d.tokens) + 1 for d in decoded]
        scores = [d.score * w for d, w in zip(decoded, weights, strict=True) if d.score is not None]
        return Hypothesis(
            glue.join(text for text in texts if text),
            sum(scores) / sum(weights) if scores else None,
            () if all(d.finished for d in decoded) else ("cut_short",),
        )

    def _text(self, tokens: Sequence[int]) -> str:
        """What cannot be spelt shows as SentencePiece shows it, and a stray code as itself."""
        runs = groupby(tokens, key=lambda token: token <= UNKNOWN or token in self._codes)
        parts = [self._tokenizer.decode(list(r), skip_special_tokens=False) for _, r in runs]
        return " ".join(part.strip() for part in parts).replace("<unk>", "⁇").strip()

    def _generate(self, rows: Sequence[list[int]], target_id: int) -> list[Decoded]:
        """One batch through transformers' ``generate``."""
        import torch
        from transformers import GenerationConfig

        longest = max(map(len, rows))
        positions = self._model.config.max_position_embeddings
        caps = [min(2 * len(row) + 20, positions - 2) for row in rows]
        ids = torch.tensor(
            [row + [PAD] * (longest - len(row)) for row in rows], device=self._model.device
        )
        mask = (torch.arange(longest) < torch.tensor([[len(row)] for row in rows])).to(ids.device)
        options = GenerationConfig(
            num_beams=self.beam,
            max_new_tokens=max(caps) + 1,  # the language code counts as new
            forced_bos_token_id=target_id,
            decoder_start_token_id=END,
            eos_token_id=END,
            pad_token_id=PAD,
            do_sample=False,
        )
        with torch.inference_mode():
            encoded = self._model.get_encoder()(input_ids=ids, attention_mask=mask)
            # generate repeats the encoder's output for each beam in place, so it gets a copy.
            out = self._model.generate(
                encoder_outputs=type(encoded)(last_hidden_state=encoded.last_hidden_state),
                attention_mask=mask,
                generation_config=options,
            )
            results = [_cut(row, cap) for row, cap in zip(out[:, 2:].tolist(), caps, strict=True)]
            scores = self._scores(encoded.last_hidden_state, mask, results, target_id)
        return [
            Decoded(tuple(tokens), score, finished)
            for (tokens, finished), score in zip(results, scores, strict=True)
        ]

    def _scores(
        self,
        encoded: torch.Tensor,
        mask: torch.Tensor,
        results: Sequence[tuple[list[int], bool]],
        target_id: int,
    ) -> list[float]:
        """The mean log-probability of each row's tokens and end, from one pass over the output:
        ``generate`` can only give it by keeping the logits of every step.

        ``encoded`` has shape (rows, source tokens, width), ``mask`` (rows, source tokens).
        """
        import torch

        wanted = [[*tokens, END] if finished else tokens for tokens, finished in results]
        longest = max(map(len, wanted))
        labels = torch.tensor([w + [PAD] * (longest - len(w)) for w in wanted], device=mask.device)
        start = torch.tensor([[END, target_id]], device=mask.device).expand(len(wanted), 2)
        hidden = self._model.get_decoder()(
            input_ids=torch.cat([start, labels[:, :-1]], dim=1),
            encoder_hidden_states=encoded,
            encoder_attention_mask=mask,
            use_cache=False,
        ).last_hidden_state[:, 1:]
        real = torch.tensor([[i < len(w) for i in range(longest)] for w in wanted])
        real = real.to(mask.device)
        flat, answers = hidden[real], labels[real]
        found = [
            self._model.lm_head(part).float().log_softmax(-1).gather(1, answer[:, None])[:, 0]
            for part, answer in zip(torch.split(flat, 64), torch.split(answers, 64), strict=True)
        ]
        sums = torch.zeros(labels.shape, device=mask.device)
        if found:
            sums[real] = torch.cat(found)
        return [s / max(1, len(w)) for s, w in zip(sums.sum(1).tolist(), wanted, strict=True)]


def _cut(row: list[int], cap: int) -> tuple[list[int], bool]:
    """The tokens before the end, and whether there is an end within the cap."""
    tokens = row[: row.index(END)] if END in row else [t for t in row if t != PAD]
    return tokens[:cap], END in row and len(tokens) <= cap


def choose_device(device: str) -> str:
    """``cpu`` or ``cuda``; ``auto`` takes the GPU where torch can use one."""
    if device == "cpu":
        return device
    import torch

    usable = torch.cuda.is_available()
    if device == "auto":
        return "cuda" if usable else "cpu"
    if device != "cuda":
        raise ConfigError(f"unknown device {device!r}", remedy="Say auto, cpu or cuda.")
    if not usable:
        built = "finds no GPU" if torch.version.cuda else "was built without CUDA"
        raise ModelError(
            f"--device cuda, but torch {torch.__version__} {built}",
            remedy="Use --device cpu, or install a driver and a CUDA build of torch.",
        )
    return device


def load_tokenizer(checkpoint: Checkpoint) -> Any:
    """The checkpoint's ``tokenizers.Tokenizer``. A special token's name in a text is text."""
    from tokenizers import Tokenizer

    path = checkpoint.path / TOKENIZER
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing narrower
        raise damaged(path, str(error)) from None
    tokenizer.encode_special_tokens = True
    return tokenizer


def language_ids(tokenizer: Any, checkpoint: Checkpoint) -> dict[str, int]:
    """FLORES-200 codes and their ids, with the layout checked against NLLB's."""
    special = {"<s>": 0, "<pad>": PAD, "</s>": END, "<unk>": UNKNOWN}
    wrong = [token for token, i in special.items() if tokenizer.token_to_id(token) != i]
    added = {token.content: i for i, token in tokenizer.get_added_tokens_decoder().items()}
    languages = {name: i for name, i in added.items() if _LANGUAGE.fullmatch(name)}
    published = tokenizer.get_vocab_size() >= _PUBLISHED_SIZE
    if published and languages.get("eng_Latn") != _PUBLISHED_ENGLISH:
        wrong.append("eng_Latn")
    if wrong or not languages:
        what = f"{', '.join(wrong)} out of place" if wrong else "no FLORES-200 codes"
        raise ModelError(
            f"{checkpoint.path / TOKENIZER} is not laid out as NLLB's ({what})",
            remedy="Use the tokenizer.json that was published with the checkpoint.",
        )
    return languages


def load_model(checkpoint: Checkpoint, device: str, precision: str | None) -> Any:
    """The weights as transformers' ``M2M100ForConditionalGeneration`` in evaluation mode."""
    import torch
    from transformers import GenerationConfig, M2M100Config, M2M100ForConditionalGeneration

    config = M2M100Config.from_pretrained(checkpoint.path)
    if config.pad_token_id != PAD:
        raise ModelError(
            f"{checkpoint.path / 'config.json'} has pad_token_id {config.pad_token_id}, not {PAD}",
            remedy="Positions are counted from it; use the config of the published checkpoint.",
        )
    dtype = getattr(torch, precision or choose_precision(device, config))
    try:
        with quiet():
            model, report = M2M100ForConditionalGeneration.from_pretrained(
                checkpoint.path, dtype=dtype, use_safetensors=True, output_loading_info=True
            )
    except (OSError, RuntimeError, ValueError) as error:
        raise damaged(checkpoint.path, str(error).splitlines()[0]) from None
    if report["missing_keys"]:
        raise damaged(checkpoint.path, f"no weights for {min(report['missing_keys'])}")
    # The published settings cap the output at 200 tokens; ours are given with every call.
    model.generation_config = GenerationConfig()
    return model.to(device).eval()


def choose_precision(device: str, config: Any) -> str:
    """bfloat16 where it is faster: on a GPU, and on a CPU that multiplies it for a model large
    enough to wait for memory."""
    import torch

    if device == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float16"
    layers = config.encoder_layers + config.decoder_layers
    size = config.d_model * (config.vocab_size + layers * (4 * config.d_model + 8192))
    able = torch.cpu.get_capabilities()
    fast = able.get("amx_bf16") or able.get("avx512_bf16")
    return "bfloat16" if fast and size > _LARGE else "float32"


def out_of_memory(error: BaseException) -> bool:
    """Whether a smaller batch may succeed."""
    import torch

    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)


@contextmanager
def quiet() -> Iterator[None]:
    """Hold back transformers' bars and remarks, and give the user's settings back after."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
