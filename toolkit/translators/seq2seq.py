"""Any other checkpoint that translates, through transformers: MADLAD-400 and other T5, OPUS-MT
(Marian), mBART-50, SMaLL-100.

Each family says in its own way which language is which; ``_tags`` knows them.
"""

from __future__ import annotations

import copy
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from toolkit.data import Hypothesis
from toolkit.errors import ModelError, UnknownLanguageError
from toolkit.hub import language_models
from toolkit.hub.checkpoint import T5_PIECES, TOKENIZER, Checkpoint, is_small100
from toolkit.languages import ENGLISH, UNSPACED, codes, iso639_3_of, script_of
from toolkit.text.normalise import normalise
from toolkit.translators.choice import choose_device
from toolkit.translators.engine.batching import run_batched
from toolkit.translators.long_text import split_long
from toolkit.translators.nllb import LONGEST, out_of_memory

# Part of the signature: raise it when the way from a text to ids or back changes.
_TEXT_VERSION = 1
# Source tokens times beams of a batch.
_BUDGETS = {"cpu": 8_192, "cuda": 131_072}


@dataclass(frozen=True, slots=True)
class _Tags:
    """How a text is told its languages: what stands ``before`` its tokens and ``after`` them, and
    the id that every output begins with (``first``), if any."""

    before: tuple[int, ...] = ()
    after: tuple[int, ...] = ()
    first: int | None = None


class Seq2Seq:
    """A checkpoint of another family than NLLB's, loaded: see ``toolkit.translators.base``.

    ``beam`` 1 is greedy. On a GPU it computes in bfloat16, else in float32. Raises ``ModelError``
    for a device that is not there, and for files that transformers cannot read.
    """

    def __init__(self, checkpoint: Checkpoint, *, device: str = "auto", beam: int = 4) -> None:
        self.device = choose_device(device)
        self.beam = beam
        self._longest = LONGEST
        self._no_repeat_ngram = 0
        self._checkpoint = checkpoint
        precision = torch.bfloat16 if self.device == "cuda" else torch.float32
        self._tokenizer, self._model = _load(checkpoint, self.device, precision)
        self._tags = _tags(checkpoint, self._tokenizer)
        self._lock = threading.Lock()
        name = str(precision).removeprefix("torch.")
        self.signature = (
            f"{checkpoint.signature} transformers {name} beam{beam} text{_TEXT_VERSION}"
        )
        self.notice = checkpoint.notice

    def variant(self, *, beam: int, longest: int = LONGEST, no_repeat_ngram: int = 0) -> Seq2Seq:
        """Return the same weights, decoded another way: see ``Nllb.variant``."""
        other = copy.copy(self)
        other.beam, other._longest, other._no_repeat_ngram = beam, longest, no_repeat_ngram
        other.signature = f"beam{beam} longest{longest} ngram{no_repeat_ngram}"
        return other

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[Hypothesis]:
        """Translate each text by itself; see ``Translator.translate``. Raises
        ``UnknownLanguageError`` for a language that the checkpoint does not have."""
        if source == target:
            return [Hypothesis(text) for text in texts]
        tags = self._tags(source, target)
        parts = [self._parts(text) for text in texts]
        flat = [[*tags.before, *ids, *tags.after] for part in parts for ids in part]
        decoded = iter(
            run_batched(
                flat,
                max(1, _BUDGETS[self.device] // self.beam),
                lambda batch: self._generate([flat[i] for i in batch], tags),
                out_of_memory,
            )
        )
        glue = "" if script_of(target) in UNSPACED else " "
        return [_joined([next(decoded) for _ in part], glue) for part in parts]

    def _parts(self, text: str) -> list[list[int]]:
        """Return the ids of the normalised text, split where it is too long."""
        text = normalise(text)
        parts = split_long(text, lambda part: len(self._encode(part)), self._longest)
        return [ids for part in parts if (ids := self._encode(part.strip()))]

    def _encode(self, text: str) -> list[int]:
        ids = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return list(ids) if text else []

    def _generate(self, sequences: Sequence[list[int]], tags: _Tags) -> list[Hypothesis]:
        """Decode one batch; one thread at a time may use the model."""
        longest = max(map(len, sequences))
        pad = self._tokenizer.pad_token_id
        ids = torch.tensor([[*s, *[pad] * (longest - len(s))] for s in sequences])
        mask = torch.tensor([[1] * len(s) + [0] * (longest - len(s)) for s in sequences])
        cap = 2 * longest + 20 + (tags.first is not None)
        with self._lock, torch.inference_mode():
            found = self._model.generate(
                input_ids=ids.to(self.device),
                attention_mask=mask.to(self.device),
                num_beams=self.beam,
                do_sample=False,
                max_length=None,
                max_new_tokens=cap,
                no_repeat_ngram_size=self._no_repeat_ngram,
                forced_bos_token_id=tags.first,
                return_dict_in_generate=True,
                output_scores=True,
            )
        scores = getattr(found, "sequences_scores", None)
        kept = found.sequences.tolist()
        values = [None] * len(kept) if scores is None else scores.tolist()
        end = self._model.generation_config.eos_token_id
        begun = 1 if tags.first is None else 2  # The start, and the tag of the language.
        return [
            self._hypothesis(row[begun:], score, end)
            for row, score in zip(kept, values, strict=True)
        ]

    def _hypothesis(self, ids: list[int], score: float | None, end: int) -> Hypothesis:
        finished = end in ids
        text = self._tokenizer.decode(ids, skip_special_tokens=True).strip()
        return Hypothesis(text, score, () if finished else ("cut_short",))


def _joined(parts: list[Hypothesis], glue: str) -> Hypothesis:
    """Return the parts of a text that was split as one."""
    scores = [part.score for part in parts if part.score is not None]
    return Hypothesis(
        glue.join(part.text for part in parts if part.text),
        sum(scores) / len(scores) if scores else None,
        tuple(dict.fromkeys(flag for part in parts for flag in part.flags)),
    )


def _load(checkpoint: Checkpoint, device: str, precision: torch.dtype) -> tuple[Any, Any]:
    """Return tokenizer and model. No code that comes with a checkpoint is run."""
    folder = checkpoint.path
    if (folder / T5_PIECES).is_file() and not (folder / TOKENIZER).is_file():
        _need("google.protobuf", "protobuf", folder / T5_PIECES)
    weights = language_models.Weights(folder, None, checkpoint.signature)
    tokenizer, model = language_models.load(weights, "Seq2SeqLM", device)
    return tokenizer, model.to(precision)


def _need(module: str, package: str, file: Path) -> None:
    """Raise ``ModelError`` where a package that reading ``file`` takes is not installed."""
    try:
        there = find_spec(module) is not None
    except ModuleNotFoundError:
        there = False
    if not there:
        raise ModelError(f"{file} needs the package {package}", remedy=f"pip install {package}")


_Pair = Callable[[str, str], _Tags]


def _tags(checkpoint: Checkpoint, tokenizer: Any) -> _Pair:
    """Return what tells this checkpoint's texts their languages, by FLORES-200 codes."""
    family = checkpoint.family
    if family == "marian":
        return partial(_marian, tokenizer)
    if family == "m2m_100" and is_small100(checkpoint.path):
        return partial(_small100, _known(tokenizer.lang_code_to_id), tokenizer.eos_token_id)
    known = getattr(tokenizer, "lang_code_to_id", None)
    if known is not None:
        return partial(_tagged, _known(known), tokenizer.eos_token_id)
    vocabulary = tokenizer.get_vocab()
    found = {token[2:-1]: i for token, i in vocabulary.items() if re.fullmatch("<2.+>", token)}
    if not found:
        raise ModelError(
            f"{checkpoint.path} has no tags for languages, so it is no translator of many",
            remedy="Use NLLB, M2M100, MADLAD-400, mBART-50 or an OPUS-MT checkpoint.",
        )
    return partial(_prefixed, _known(found), tokenizer.eos_token_id)


def _known(ids: Mapping[str, int]) -> dict[str, int]:
    """Return ids by FLORES-200 code for names such as ``hi``, ``hi_IN``, ``zh_Hant``."""
    found: dict[str, int] = {}
    for name, number in ids.items():
        languages = codes.candidates(name.replace("_", "-"))
        if len(languages) == 1:
            found.setdefault(languages[0].code, number)
    return found


def _id(ids: Mapping[str, int], code: str) -> int:
    if code not in ids:
        raise UnknownLanguageError(code, reason=f"the checkpoint does not have {code}")
    return ids[code]


def _tagged(ids: Mapping[str, int], end: int, source: str, target: str) -> _Tags:
    """M2M100, mBART-50: the source's tag before the text, the target's before the output."""
    return _Tags((_id(ids, source),), (end,), _id(ids, target))


def _small100(ids: Mapping[str, int], end: int, source: str, target: str) -> _Tags:
    """SMaLL-100: the target's tag before the text."""
    _id(ids, source)
    return _Tags((_id(ids, target),), (end,))


def _prefixed(ids: Mapping[str, int], end: int, source: str, target: str) -> _Tags:
    """MADLAD-400: ``<2en>`` before the text, whatever language it is in."""
    _id(ids, source)
    return _Tags((_id(ids, target),), (end,))


def _marian(tokenizer: Any, source: str, target: str) -> _Tags:
    """OPUS-MT: a pair, or groups of languages with ``>>fra<<`` before the text where the target
    has several."""
    end = (tokenizer.eos_token_id,)
    for name, code in (("source_lang", source), ("target_lang", target)):
        named = codes.candidates(getattr(tokenizer, name, None) or "")
        if len(named) == 1 and named[0].code != code:
            raise UnknownLanguageError(
                code, reason=f"the checkpoint translates {named[0].name}, not {code}"
            )
    vocabulary = tokenizer.get_vocab()
    if target == ENGLISH and ">>eng<<" not in vocabulary:
        return _Tags((), end)
    names = (f">>{iso639_3_of(target)}_{script_of(target)}<<", f">>{iso639_3_of(target)}<<")
    tag = next((vocabulary[name] for name in names if name in vocabulary), None)
    if tag is None and any(token.startswith(">>") for token in vocabulary):
        raise UnknownLanguageError(target, reason=f"the checkpoint does not write {target}")
    return _Tags((tag,) if tag is not None else (), end)
