"""NLLB and M2M100 as translators: from text to ids, through either engine in batches, and back to
text.

Token layout of the published checkpoints: source ``[language] tokens </s>``, target
``</s> [language] tokens </s>``. Sequences are built here rather than by the tokenizer's
``src_lang``, which rewrites its state and is not safe across threads.
"""

from __future__ import annotations

import copy
import difflib
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from toolkit.data import Hypothesis
from toolkit.errors import ConfigError, ModelError, UnknownLanguageError
from toolkit.hub.checkpoint import TOKENIZER, Checkpoint, damaged
from toolkit.languages import ENGLISH, UNSPACED, script_of
from toolkit.text.normalise import normalise
from toolkit.translators.choice import choose_device, choose_precision, count_parameters
from toolkit.translators.engine.batching import Decoded, run_batched
from toolkit.translators.long_text import split_long
from toolkit.translators.pieces import PieceTokenizer

if TYPE_CHECKING:
    from toolkit.translators.decoder import AnyDecoder
    from toolkit.translators.engine.linear import Precision
    from toolkit.translators.engine.weights import Weights

PAD, END, UNKNOWN = 1, 2, 3
# Part of the signature: raise it when the way from a text to ids changes (normalising, splitting,
# the English vocabulary), so that the cache forgets the old results.
TEXT_VERSION = 1
# Source tokens beyond which a text is split, since quality falls and clauses are lost.
LONGEST = 180
# The tokens of the published checkpoints, and the id of English in these.
_PUBLISHED_SIZE, _PUBLISHED_ENGLISH = 256_204, 256_047
_LANGUAGE = re.compile(r"[a-z]{3}_[A-Z][a-z]{3}")
# Source tokens times beams that the decoder is given at once; it bounds its own memory, and the
# more sequences wait, the longer it can keep its batches full.
_BUDGETS = {"cpu": 131_072, "cuda": 524_288}
# Texts of one call that keep a device busy: on an H200 the 600M makes 4.4 times the tokens of calls
# of 512. Zero leaves it to the caller.
_AT_ONCE = {"cpu": 0, "cuda": 4096}
# Parameters below which one thread is faster than several, and on a busy machine many times so:
# threads spin while they wait for one that is not scheduled.
_ONE_THREAD = 20_000_000


class Nllb:
    """A checkpoint of NLLB's or M2M100's, loaded: see ``toolkit.translators.base.Translator``.

    ``engine`` is ``torch``, our own loop, or ``ctranslate2``. ``device`` is ``auto``, ``cpu`` or
    ``cuda``. ``precision`` None chooses: bfloat16 on a GPU, int8 for large models on a CPU (not
    where CTranslate2 has it wrong), else float32. ``beam`` 1 is greedy. ``token_budget`` bounds
    sequences x longest sequence x beams of a batch; when memory runs out it is halved. Raises
    ``ModelError`` for a device that is not there, a precision that is not computed there, or
    weights of another kind.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        *,
        engine: str = "torch",
        device: str = "auto",
        precision: Precision | None = None,
        beam: int = 4,
        token_budget: int | None = None,
    ) -> None:
        self.device = choose_device(device)
        self._engine = engine
        self.beam = beam
        self._longest = LONGEST
        self._no_repeat_ngram = 0
        self._checkpoint = checkpoint
        self._tokenizer = load_tokenizer(checkpoint)
        self._languages = language_ids(self._tokenizer, checkpoint)
        self._codes = frozenset(self._languages.values())
        self._weights = open_weights(checkpoint, self._tokenizer.get_vocab_size())
        config = self._weights.config
        self._one_thread = self.device == "cpu" and count_parameters(config) < _ONE_THREAD
        self._positions: int = config["max_position_embeddings"]
        self._precision = precision or choose_precision(self.device, config, engine)
        self._loaded = _Loaded()
        self._ready(self._languages[ENGLISH])
        self._tokens = token_budget or _BUDGETS[self.device]
        self.signature = (
            f"{checkpoint.signature} {engine} {self._precision} beam{beam} text{TEXT_VERSION}"
        )
        self.notice = checkpoint.notice
        self.at_once = _AT_ONCE[self.device]

    def variant(self, *, beam: int, longest: int = LONGEST, no_repeat_ngram: int = 0) -> Nllb:
        """Return the same weights, decoded another way: texts are split from ``longest`` source
        tokens on, and with ``no_repeat_ngram`` n above 1 no n tokens in a row are written twice.
        Its signature says only how."""
        other = copy.copy(self)
        other.beam, other._longest, other._no_repeat_ngram = beam, longest, no_repeat_ngram
        other.signature = f"beam{beam} longest{longest} ngram{no_repeat_ngram}"
        return other

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[Hypothesis]:
        """Translate each text by itself; see ``Translator.translate``.

        The only flag given here is ``cut_short``: the cap on new tokens stopped the output.
        """
        return [found[0] for found in self.candidates(texts, source=source, target=target)]

    def candidates(
        self, texts: Sequence[str], *, source: str, target: str
    ) -> list[list[Hypothesis]]:
        """See ``Searching.candidates``: of a text that was split, each part varies by itself."""
        source_id, target_id = self._language(source), self._language(target)
        if source == target:
            return [[Hypothesis(text)] for text in texts]
        if self._checkpoint.is_demo and target != ENGLISH:
            raise ConfigError(
                "the demo checkpoint has learnt English only", remedy="Use --model 600M."
            )
        parts = [self._parts(text) for text in texts]
        sequences = [[source_id, *tokens, END] for part in parts for tokens in part]
        decoded = iter(self.decode(sequences, target_id))
        glue = "" if script_of(target) in UNSPACED else " "
        found = [_variants([next(decoded) for _ in part]) for part in parts]
        return [[self._hypothesis(variant, glue) for variant in variants] for variants in found]

    def decode(self, sequences: Sequence[list[int]], target_id: int) -> list[Decoded]:
        """Translate sequences of source ids (language first, end last): one result each, in order.

        Equal sequences are decoded once, and the same sequences in another order in the same
        batches, so that their order changes nothing.
        """
        distinct = [list(ids) for ids in dict.fromkeys(map(tuple, sequences))]
        decoded = run_batched(
            distinct,
            max(1, self._tokens // self.beam),
            lambda batch: self._generate([distinct[i] for i in batch], target_id),
            out_of_memory,
        )
        found = {tuple(ids): result for ids, result in zip(distinct, decoded, strict=True)}
        return [found[tuple(ids)] for ids in sequences]

    def _language(self, code: str) -> int:
        if code not in self._languages:
            close = difflib.get_close_matches(code, self._languages, n=3)
            raise UnknownLanguageError(code, close)
        return self._languages[code]

    def _parts(self, text: str) -> list[list[int]]:
        """Return the tokens of the normalised text, split where it is too long for the model."""
        text = normalise(text)
        whole = self._encode(text)
        if len(whole) <= self._longest:
            return [whole] if whole else []
        parts = split_long(text, lambda part: len(self._encode(part)), self._longest)
        return [tokens for part in parts if (tokens := self._encode(part.strip()))]

    def _encode(self, text: str) -> list[int]:
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
        """Return tokens as text; an unknown one as SentencePiece shows it, a stray language code
        as itself."""
        runs = groupby(tokens, key=lambda token: token <= UNKNOWN or token in self._codes)
        parts = [self._tokenizer.decode(list(r), skip_special_tokens=False) for _, r in runs]
        return " ".join(part.strip() for part in parts).replace("<unk>", "⁇").strip()

    def _generate(self, sequences: Sequence[list[int]], target_id: int) -> list[Decoded]:
        """Decode one batch; one thread at a time may use the decoder."""
        caps = [min(2 * len(ids) + 20, self._positions - 2) for ids in sequences]
        with self._loaded.lock, _threads(1 if self._one_thread else None):
            return self._ready(target_id).decode(
                sequences, target_id, caps, beams=self.beam, no_repeat_ngram=self._no_repeat_ngram
            )

    def _ready(self, target_id: int) -> AnyDecoder:
        """Return the decoder for a target: English needs only a part of a large vocabulary. The
        other languages share one with all of it, and the two are not held together."""
        loaded = self._loaded
        english = target_id == self._languages[ENGLISH]
        if loaded.decoder is None or english != loaded.english:
            from toolkit.translators.decoder import english_vocabulary, load_decoder

            loaded.decoder = None
            kept = None
            if english:
                kept = english_vocabulary(self._checkpoint, self._tokenizer, self._codes)
            loaded.decoder = load_decoder(
                self._engine, self._checkpoint, self._weights, self._precision, self.device, kept
            )
            loaded.english = english
        return loaded.decoder


def _variants(parts: list[Decoded]) -> Iterator[list[Decoded]]:
    """Yield the best outputs of all parts, then these with another output of one part."""
    yield parts
    for place, part in enumerate(parts):
        for other in part.others:
            yield [*parts[:place], other, *parts[place + 1 :]]


@dataclass(slots=True)
class _Loaded:
    """The decoder in memory, which variants of a translator share."""

    decoder: AnyDecoder | None = None
    english: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)


def load_tokenizer(checkpoint: Checkpoint) -> Any:
    """Return the checkpoint's ``tokenizers.Tokenizer``, or M2M100's; names of special tokens are
    text to it."""
    from tokenizers import Tokenizer

    path = checkpoint.path / TOKENIZER
    if not path.is_file():
        return PieceTokenizer(checkpoint.path)
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing narrower
        raise damaged(path, str(error)) from None
    tokenizer.encode_special_tokens = True
    return tokenizer


def language_ids(tokenizer: Any, checkpoint: Checkpoint) -> dict[str, int]:
    """Return FLORES-200 codes and their ids, with the layout checked against NLLB's."""
    special = {"<s>": 0, "<pad>": PAD, "</s>": END, "<unk>": UNKNOWN}
    wrong = [token for token, i in special.items() if tokenizer.token_to_id(token) != i]
    added = {token.content: i for i, token in tokenizer.get_added_tokens_decoder().items()}
    languages = {name: i for name, i in added.items() if _LANGUAGE.fullmatch(name)}
    published = tokenizer.get_vocab_size() >= _PUBLISHED_SIZE
    if published and languages.get(ENGLISH) != _PUBLISHED_ENGLISH:
        wrong.append(ENGLISH)
    if wrong or not languages:
        about = f"{', '.join(wrong)} out of place" if wrong else "no FLORES-200 codes"
        raise ModelError(
            f"{checkpoint.path / TOKENIZER} is not laid out as NLLB's ({about})",
            remedy="Use the tokenizer.json that was published with the checkpoint.",
        )
    return languages


def open_weights(checkpoint: Checkpoint, vocabulary: int) -> Weights:
    """Return the checkpoint's weights, once its padding id is NLLB's and every token of the
    tokenizer has an embedding."""
    from toolkit.translators.decoder import prepared_folder
    from toolkit.translators.engine.weights import TABLE, Weights

    weights = Weights(checkpoint.path, prepared=prepared_folder(checkpoint))
    config = weights.config
    if config.get("pad_token_id") != PAD:
        raise ModelError(
            f"{checkpoint.path / 'config.json'} has pad_token_id {config.get('pad_token_id')}, "
            f"not {PAD}",
            remedy="Positions are counted from it; use the config of the published checkpoint.",
        )
    rows, width = weights(TABLE).shape
    if width != config["d_model"]:
        raise damaged(checkpoint.path / "config.json", f"d_model is not {width}")
    if rows < vocabulary:
        raise ModelError(
            f"{checkpoint.path}: the tokenizer has more tokens than the model",
            remedy="Its files do not belong together; fetch or copy them again.",
        )
    return weights


@contextmanager
def _threads(number: int | None) -> Iterator[None]:
    """Let torch use ``number`` threads, and as many as before afterwards."""
    import torch

    before = torch.get_num_threads()
    if number is not None:
        torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def out_of_memory(error: BaseException) -> bool:
    """Return whether a smaller batch may succeed."""
    import torch

    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
