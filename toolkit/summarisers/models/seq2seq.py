"""Briefs by a summarisation checkpoint of the hub (BART, PEGASUS, T5 ...) through transformers.

A long article is given in parts of whole sentences; the bullets are sentences of the outputs, and
only those are shown that the article supports.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain, zip_longest

from toolkit.data import Brief, Bullet, TranslatedArticle, Translation
from toolkit.errors import ModelError
from toolkit.hub.language_models import find_weights, load
from toolkit.languages import ENGLISH
from toolkit.summarisers.extractive.summariser import Extractive
from toolkit.summarisers.grounding.ground import Grounding
from toolkit.summarisers.grounding.verdict import Verifier
from toolkit.summarisers.models.answers import MIN_WORDS
from toolkit.summarisers.models.excerpt import body, excerpt, excerpt_notes
from toolkit.summarisers.models.tally import Tally
from toolkit.text.segmentation import sentences

# A part takes seconds on a CPU; of longer articles the best sentences are taken.
_MAX_PARTS = 6
# Tokens of input, where neither tokenizer nor configuration says (T5 has relative positions).
_USUAL_INPUT = 512
_PREFIX = "summarize: "

log = logging.getLogger(__name__)


class Seq2Seq:
    """The checkpoint in a folder or of a hub id, safetensors only.

    ``device`` is ``auto``, ``cpu`` or ``cuda``; ``beams`` 1 is greedy; ``max_new_tokens`` is for
    each part of an article; ``verifier`` is a second opinion on each bullet. Raises
    ``ModelError`` where the checkpoint cannot be had or is of another kind, ``ConfigError``
    for a name that means nothing.
    """

    def __init__(
        self,
        model: str,
        *,
        device: str = "auto",
        beams: int = 4,
        max_new_tokens: int = 142,
        verifier: Verifier | None = None,
    ) -> None:
        weights = find_weights(model)
        if weights.gguf is not None:
            raise ModelError(
                f"{model}: a GGUF file holds no summarisation model",
                remedy="Use --summariser prompted for it.",
            )
        self._grounding = Grounding(verifier)
        checked = self._grounding.signature
        self.signature = f"seq2seq-1 {weights.signature} beam {beams}{checked}"
        self._tokenizer, self._model = load(weights, "Seq2SeqLM", device)
        self._beams = beams
        self._max_new_tokens = max_new_tokens
        self._prefix = _PREFIX if self._model.config.model_type in ("t5", "mt5", "longt5") else ""
        self._room = self._longest_input() - self._count(self._prefix)
        self._own = Extractive()
        self._tally = Tally()

    def begin(self) -> None:
        """Count anew."""
        self._tally = Tally()

    @property
    def notice(self) -> str:
        """Return how many articles show no bullet of the model's, and why; empty if none."""
        return self._tally.notice("summarisation model")

    def summarise(self, article: TranslatedArticle, *, bullets: int) -> Brief:
        """See ``Summariser.summarise``."""
        if not body(article) or bullets < 1:
            return self._own.summarise(article, bullets=bullets)
        self._tally.asked += 1
        seen = excerpt(article, _MAX_PARTS * self._room * 3 // 4, self._count, self._own)
        written = [sentences(self._write(part), ENGLISH) for part in self._parts(seen)]
        drafts = [Bullet(text, ()) for text in _pick(written, bullets)]
        notes = excerpt_notes(article, seen)
        if drafts:
            draft = Brief(article.id, "", tuple(drafts), notes=notes)
            brief = self._grounding.ground(draft, article, self._own)
            self._tally.grounded(draft, brief)
            return brief
        self._tally.failed("")
        log.warning("%s: the summarisation model wrote nothing", article.source)
        note = "The model wrote nothing; these are the article's own sentences."
        return replace(self._own.summarise(article, bullets=bullets), notes=(*notes, note))

    def _parts(self, seen: Sequence[Translation]) -> Iterable[str]:
        """Return the sentences joined to texts that fit the model, as even in length as whole
        sentences allow."""
        sizes = [self._count(t.english) for t in seen]
        number = -(-sum(sizes) // self._room) or 1
        goal = min(self._room, sum(sizes) // number + max(sizes, default=0))
        part: list[str] = []
        used = 0
        for translation, size in zip(seen, sizes, strict=True):
            if part and used + size > goal:
                yield " ".join(part)
                part, used = [], 0
            part.append(translation.english.strip())
            used += size
        if part:
            yield " ".join(part)

    def _write(self, text: str) -> str:
        """Return the model's output for one part; empty where it fails."""
        import torch

        tokens = self._tokenizer(
            self._prefix + text,
            return_tensors="pt",
            truncation=True,  # one sentence that is longer than the model's input
            max_length=self._longest_input(),
        ).to(self._model.device)
        try:
            with torch.inference_mode():
                output = self._model.generate(
                    input_ids=tokens["input_ids"],
                    attention_mask=tokens["attention_mask"],
                    num_beams=self._beams,
                    max_new_tokens=self._max_new_tokens,
                    min_length=0,
                    no_repeat_ngram_size=3,
                    do_sample=False,
                )
        except RuntimeError as error:
            log.warning("%s: %s", self.signature, str(error).split("\n")[0][:200])
            return ""
        # PEGASUS writes its line breaks as a token of its own.
        written: str = self._tokenizer.decode(output[0], skip_special_tokens=True)
        return " ".join(written.replace("<n>", " ").split())

    def _count(self, text: str) -> int:
        return len(self._tokenizer(text, add_special_tokens=False)["input_ids"]) + 1

    def _longest_input(self) -> int:
        config = self._model.config
        known = (
            getattr(config, "max_position_embeddings", None),
            getattr(config, "n_positions", None),
            self._tokenizer.model_max_length,
        )
        # A tokenizer that does not know says 10^30.
        lengths = [int(n) for n in known if n and n < 100_000]
        return min(lengths, default=_USUAL_INPUT)


def _pick(written: Sequence[Sequence[str]], bullets: int) -> list[str]:
    """Return the first sentences of all the outputs, the parts taking turns, in the article's
    order."""
    numbered = [[(part, s) for s in found] for part, found in enumerate(written)]
    turns = (item for item in chain(*zip_longest(*numbered)) if item)
    chosen: dict[str, int] = {}
    for part, sentence in turns:
        if len(sentence.split()) >= MIN_WORDS and len(chosen) < bullets:
            chosen.setdefault(sentence, part)
    return sorted(chosen, key=lambda sentence: chosen[sentence])
