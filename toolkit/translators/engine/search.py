"""Choose tokens: greedily, or by beam search as transformers' ``generate`` does it.

A search belongs to one cohort, whose sequences are all at the same step. It is asked for the
tokens to feed, given the likeliest that can follow them, and says which sequences have ended. The
first token after the decoder's start is always the language code. Searches work where the network
is: a GPU would wait for a CPU that ranks thousands of hypotheses.

With ``ngram`` n above 0 no n tokens in a row are written twice, start and language counted in, as
``generate(no_repeat_ngram_size=n)`` has it: scores are those of all tokens, the forbidden ones
included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from toolkit.translators.engine.batching import Decoded

# The log-probability of hypotheses that must not be chosen.
_NEVER = -1.0e9
# The score of an output that is not there.
_NONE = float("-inf")
_CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class SpecialTokens:
    """The indices of tokens that mean something to a search."""

    start: int
    language: int
    end: int


class Greedy:
    """Chooses the likeliest token at each step. ``caps`` bound the tokens of each sequence, the
    end included. ``ended`` are the sequences that the last step ended, in ascending order."""

    def __init__(
        self,
        special: SpecialTokens,
        caps: Sequence[int],
        *,
        ngram: int = 0,
        device: torch.device = _CPU,
    ) -> None:
        self._special = special
        self._ngram = ngram
        self._caps = torch.tensor(caps, device=device)
        self._scores = torch.zeros(len(caps), dtype=torch.float64, device=device)
        self._written = torch.zeros(len(caps), 0, dtype=torch.long, device=device)
        self._begun = False
        self.ended: list[int] = []
        self.tokens = torch.full((len(caps),), special.start, device=device)

    @property
    def parents(self) -> Tensor | None:
        return None

    @property
    def wanted(self) -> int:
        """How many of the likeliest tokens the next step needs."""
        return 1 + _most_forbidden(self._written, self._special, self._ngram)

    def advance(self, scores: Tensor, found: Tensor) -> None:
        """Take one step. ``found`` are the likeliest tokens, best first, and ``scores`` their
        log-probabilities, both of shape (sequences, ``wanted`` or more)."""
        if not self._begun:
            self._begun = True
            self.tokens = torch.full_like(self.tokens, self._special.language)
            return
        if self._ngram:
            scores = _without_repeats(scores, found, self._written, self._special, self._ngram)
            best = scores.argmax(1, keepdim=True)
            scores, found = scores.gather(1, best), found.gather(1, best)
        self.tokens = found[:, 0]
        self._scores += scores[:, 0]
        self._written = torch.cat([self._written, self.tokens[:, None]], dim=1)
        over = (self.tokens == self._special.end) | (self._written.shape[1] >= self._caps)
        self.ended = over.cpu().nonzero()[:, 0].tolist()

    def results(self) -> list[Decoded]:
        """Return the outputs of the sequences in ``ended``."""
        if not self.ended:
            return []
        chosen = torch.tensor(self.ended, device=self.tokens.device)
        found = []
        for tokens, score in zip(
            self._written[chosen].tolist(), self._scores[chosen].tolist(), strict=True
        ):
            finished = tokens[-1] == self._special.end
            kept = tuple(tokens[:-1] if finished else tokens)
            found.append(Decoded(kept, score / len(tokens), finished))
        return found

    def keep(self, indices: Sequence[int]) -> None:
        """Forget all sequences but ``indices``, in that order."""
        chosen = torch.tensor(indices, dtype=torch.long, device=self.tokens.device)
        self._caps, self._scores = self._caps[chosen], self._scores[chosen]
        self._written, self.tokens = self._written[chosen], self.tokens[chosen]


class Beams:
    """Keeps the ``beams`` likeliest hypotheses of each sequence; the best by mean log-probability
    wins.

    As ``generate(num_beams=..., length_penalty=1, early_stopping=False)``: 2 x beams candidates
    a step; an end among the best ``beams`` is kept; a sequence is over when it has ``beams`` ended
    outputs and its best running one cannot beat the worst of them, or at its cap. fairseq and
    CTranslate2 stop as soon as ``beams`` outputs have ended. That is a tenth faster, and where a
    model is sure of itself all the likeliest outputs can lose to a worse one that ended before.
    """

    def __init__(
        self,
        special: SpecialTokens,
        caps: Sequence[int],
        beams: int,
        *,
        ngram: int = 0,
        device: torch.device = _CPU,
    ) -> None:
        count = len(caps)
        self._special = special
        self._beams = beams
        self._ngram = ngram
        self._caps = torch.tensor(caps, device=device)
        self._scores = torch.full((count, beams), _NEVER, device=device)  # (sequences, beams)
        self._scores[:, 0] = 0.0
        # (sequences, beams, steps)
        self._written = torch.zeros(count, beams, 0, dtype=torch.long, device=device)
        # The best outputs of each sequence that have ended, best first: score by length, tokens,
        # ended by itself. Their scores stand in ``_best`` too, (sequences, beams).
        self._outputs: list[list[tuple[float, list[int], bool]]] = [[] for _ in caps]
        self._best = torch.full((count, beams), _NONE, dtype=torch.float64, device=device)
        self._begun = False
        self.ended: list[int] = []
        self.tokens = torch.full((count * beams,), special.start, device=device)
        self.parents: Tensor | None = torch.arange(beams, device=device).repeat(count, 1)

    @property
    def wanted(self) -> int:
        """How many of the likeliest tokens after each beam the next step needs."""
        written = self._written.flatten(0, 1)
        return 2 * self._beams + _most_forbidden(written, self._special, self._ngram)

    def advance(self, scores: Tensor, found: Tensor) -> None:
        """Take one step. ``found`` are the likeliest tokens after each beam, best first, and
        ``scores`` their log-probabilities: both (sequences x beams, ``wanted`` or more)."""
        if not self._begun:
            self._begun = True
            self.tokens = torch.full_like(self.tokens, self._special.language)
            return
        if self._ngram:
            written = self._written.flatten(0, 1)
            scores = _without_repeats(scores, found, written, self._special, self._ngram)
        scores, parents, tokens = self._candidates(scores, found)
        capped = self._caps <= self._written.shape[2] + 1
        self._keep_ended(scores, parents, tokens, capped)
        ends = tokens == self._special.end
        self._scores, order = (scores + ends * _NEVER).topk(self._beams)
        self.parents = parents.gather(1, order)
        chosen = tokens.gather(1, order)
        history = self._written.gather(
            1, self.parents[:, :, None].expand(-1, -1, self._written.shape[2])
        )
        self._written = torch.cat([history, chosen[:, :, None]], dim=2)
        self.tokens = chosen.flatten()
        worst, running = self._best[:, -1], self._scores[:, 0].double()
        over = (worst > _NONE) & (running / (self._written.shape[2] + 1) <= worst)
        self.ended = (over | capped).cpu().nonzero()[:, 0].tolist()

    def _candidates(self, scores: Tensor, found: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the best 2 x beams continuations of each sequence, best first: log-probability
        of the whole output, the beam continued, and the token; each (sequences, 2 x beams)."""
        count = scores.shape[1]
        total = scores.view(-1, self._beams, count) + self._scores[:, :, None]
        best, order = total.flatten(1).topk(2 * self._beams)
        return best, order // count, found.view(-1, self._beams * count).gather(1, order)

    def _keep_ended(self, scores: Tensor, parents: Tensor, tokens: Tensor, capped: Tensor) -> None:
        """Note the best outputs that end here, and of ``capped`` sequences all."""
        ends = tokens[:, : self._beams] == self._special.end
        noted = ends | capped[:, None]
        where = noted.cpu().nonzero()
        if not len(where):
            return
        where = where.to(noted.device)
        length = self._written.shape[2] + 2  # the language code counts
        means = (scores[:, : self._beams].double() / length).masked_fill(~noted, _NONE)
        self._best = torch.cat([self._best, means], dim=1).topk(self._beams).values
        sequences, ranks = where.unbind(1)
        last = tokens[sequences, ranks]
        written = self._written[sequences, parents[sequences, ranks]]
        rows = torch.cat([written, last[:, None]], dim=1).tolist()
        for index, score, row in zip(
            sequences.tolist(), means[sequences, ranks].tolist(), rows, strict=True
        ):
            finished = row[-1] == self._special.end
            outputs = self._outputs[index]
            outputs.append((score, row[:-1] if finished else row, finished))
            outputs.sort(key=lambda output: -output[0])
            del outputs[self._beams :]

    def results(self) -> list[Decoded]:
        """Return the best outputs of the sequences in ``ended``, with the others that each has."""
        return [_decoded(self._outputs[index]) for index in self.ended]

    def keep(self, indices: Sequence[int]) -> None:
        """Forget all sequences but ``indices``, in that order."""
        assert self.parents is not None
        chosen = torch.tensor(indices, dtype=torch.long, device=self.tokens.device)
        self._outputs = [self._outputs[i] for i in indices]
        self._caps, self._best = self._caps[chosen], self._best[chosen]
        self._scores, self._written = self._scores[chosen], self._written[chosen]
        self.parents = self.parents[chosen]
        self.tokens = self.tokens.view(-1, self._beams)[chosen].flatten()


def _decoded(outputs: Sequence[tuple[float, list[int], bool]]) -> Decoded:
    """Return the first of a sequence's outputs, with the others beside it."""
    found = [
        Decoded(tuple(tokens), score * (counted + 1) / counted, finished)
        for score, tokens, finished in outputs
        if (counted := len(tokens) + finished)
    ]
    return replace(found[0], others=tuple(found[1:]))


def _followers(written: Tensor, special: SpecialTokens, ngram: int) -> tuple[Tensor, Tensor]:
    """Return for each hypothesis of ``written``, (hypotheses, length), the tokens that ended an
    n-gram, and whether the tokens before them are those that it ends in now: both of shape
    (hypotheses, n-grams)."""
    before = written.new_tensor([special.start, special.language]).expand(len(written), -1)
    history = torch.cat([before, written], dim=1)
    length = history.shape[1]
    if length < ngram:
        return history[:, :0], history[:, :0].bool()
    ngrams, last = history.unfold(1, ngram, 1), history[:, length - ngram + 1 :]
    return ngrams[..., -1], (ngrams[..., :-1] == last[:, None]).all(2)


def _most_forbidden(written: Tensor, special: SpecialTokens, ngram: int) -> int:
    """Return a bound on how many tokens would end an n-gram a second time, for any
    hypothesis."""
    if not ngram or not len(written):
        return 0
    return int(_followers(written, special, ngram)[1].sum(1).max())


def _without_repeats(
    scores: Tensor, found: Tensor, written: Tensor, special: SpecialTokens, ngram: int
) -> Tensor:
    """Return ``scores`` with minus infinity where ``found`` would end an n-gram a second time."""
    followers, forbidden = _followers(written, special, ngram)
    again = (found[:, :, None] == followers[:, None]) & forbidden[:, None]
    return scores.masked_fill(again.any(2), float("-inf"))
