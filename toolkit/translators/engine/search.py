"""Choosing pieces: greedily, or by beam search as transformers' ``generate`` does it.

A search belongs to one cohort of rows, which are all at the same step. It is asked for the pieces
to feed, told the likeliest that can follow them, and says which rows have ended. The first piece
after the decoder's start is always the language code. Searches work on the CPU, wherever the
network is: what they look at is small.

With ``ngram`` n above 0 no n pieces in a row are written twice, start and language counted in, as
``generate(no_repeat_ngram_size=n)`` has it: scores are those of all pieces, the forbidden ones
included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from toolkit.translators.engine.batching import Decoded

_NEVER = -1.0e9


@dataclass(frozen=True, slots=True)
class Pieces:
    """Indices that mean something to a search."""

    start: int
    language: int
    end: int


class Greedy:
    """The likeliest piece at each step. ``caps`` bound the pieces of each row, the end
    included. ``ended`` are the rows that the last step ended, in ascending order."""

    def __init__(self, pieces: Pieces, caps: Sequence[int], *, ngram: int = 0) -> None:
        self._pieces = pieces
        self._ngram = ngram
        self._caps = torch.tensor(caps)
        self._scores = torch.zeros(len(caps), dtype=torch.float64)
        self._written = torch.zeros(len(caps), 0, dtype=torch.long)
        self._begun = False
        self.ended: list[int] = []
        self.tokens = torch.full((len(caps),), pieces.start)

    @property
    def parents(self) -> Tensor | None:
        return None

    @property
    def wanted(self) -> int:
        """How many of the likeliest pieces the next step needs."""
        return 1 + _most_forbidden(self._written, self._pieces, self._ngram)

    def advance(self, scores: Tensor, found: Tensor) -> None:
        """Take one step. ``found`` are the likeliest pieces, best first, and ``scores`` their
        log-probabilities, both of shape (rows, ``wanted`` or more)."""
        if not self._begun:
            self._begun = True
            self.tokens = torch.full_like(self.tokens, self._pieces.language)
            return
        if self._ngram:
            scores = _without_repeats(scores, found, self._written, self._pieces, self._ngram)
            best = scores.argmax(1, keepdim=True)
            scores, found = scores.gather(1, best), found.gather(1, best)
        self.tokens = found[:, 0]
        self._scores += scores[:, 0]
        self._written = torch.cat([self._written, self.tokens[:, None]], dim=1)
        over = (self.tokens == self._pieces.end) | (self._written.shape[1] >= self._caps)
        self.ended = over.nonzero()[:, 0].tolist()

    def result(self, row: int) -> Decoded:
        tokens = self._written[row].tolist()
        score = self._scores[row].item() / len(tokens)
        finished = tokens[-1] == self._pieces.end
        return Decoded(tuple(tokens[:-1] if finished else tokens), score, finished)

    def keep(self, rows: Sequence[int]) -> None:
        """Forget all rows but ``rows``, in that order."""
        chosen = torch.tensor(rows, dtype=torch.long)
        self._caps, self._scores = self._caps[chosen], self._scores[chosen]
        self._written, self.tokens = self._written[chosen], self.tokens[chosen]


@dataclass(slots=True)
class _Row:
    """Where one row's search stands."""

    cap: int
    # Score by length, pieces, ended by itself; best first.
    done: list[tuple[float, list[int], bool]] = field(default_factory=list)


class Beams:
    """The ``beams`` likeliest outputs of each row; the best by mean log-probability wins.

    As ``generate(num_beams=..., length_penalty=1, early_stopping=False)``: 2 x beams candidates
    a step; an end among the best ``beams`` is kept; a row is over when it has ``beams`` ended
    outputs and its best running one cannot beat the worst of them, or at its cap. fairseq and
    CTranslate2 stop as soon as ``beams`` outputs have ended. That is a tenth faster, and where a
    model is sure of itself all the likeliest outputs can lose to a worse one that ended before.
    """

    def __init__(self, pieces: Pieces, caps: Sequence[int], beams: int, *, ngram: int = 0) -> None:
        self._pieces = pieces
        self._beams = beams
        self._ngram = ngram
        self._rows = [_Row(cap) for cap in caps]
        self._scores = torch.full((len(caps), beams), _NEVER)
        self._scores[:, 0] = 0.0
        self._written = torch.zeros(len(caps), beams, 0, dtype=torch.long)
        self._begun = False
        self.ended: list[int] = []
        self.tokens = torch.full((len(caps) * beams,), pieces.start)
        self.parents: Tensor | None = torch.arange(beams).repeat(len(caps), 1)

    @property
    def wanted(self) -> int:
        """How many of the likeliest pieces after each beam the next step needs."""
        written = self._written.flatten(0, 1)
        return 2 * self._beams + _most_forbidden(written, self._pieces, self._ngram)

    def advance(self, scores: Tensor, found: Tensor) -> None:
        """Take one step. ``found`` are the likeliest pieces after each beam, best first, and
        ``scores`` their log-probabilities, both of shape (rows x beams, ``wanted`` or more)."""
        if not self._begun:
            self._begun = True
            self.tokens = torch.full_like(self.tokens, self._pieces.language)
            return
        if self._ngram:
            written = self._written.flatten(0, 1)
            scores = _without_repeats(scores, found, written, self._pieces, self._ngram)
        scores, parents, tokens = self._candidates(scores, found)
        capped = self._keep_ended(scores, parents, tokens)
        ends = tokens == self._pieces.end
        self._scores, order = (scores + ends * _NEVER).topk(self._beams)
        self.parents = parents.gather(1, order)
        chosen = tokens.gather(1, order)
        history = self._written.gather(
            1, self.parents[:, :, None].expand(-1, -1, self._written.shape[2])
        )
        self._written = torch.cat([history, chosen[:, :, None]], dim=2)
        self.tokens = chosen.flatten()
        running = self._scores[:, 0].tolist()
        rows = range(len(self._rows))
        self.ended = [row for row in rows if row in capped or self._over(row, running[row])]

    def _candidates(self, scores: Tensor, found: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The best 2 x beams continuations of each row, best first: log-probability of the whole
        output, the beam continued, and the piece; each of shape (rows, 2 x beams)."""
        count = scores.shape[1]
        total = scores.view(-1, self._beams, count) + self._scores[:, :, None]
        best, order = total.flatten(1).topk(2 * self._beams)
        return best, order // count, found.view(-1, self._beams * count).gather(1, order)

    def _keep_ended(self, scores: Tensor, parents: Tensor, tokens: Tensor) -> set[int]:
        """Note the best outputs that end here; returns the rows at their cap."""
        length = self._written.shape[2] + 1
        capped = [row for row, state in enumerate(self._rows) if length >= state.cap]
        ends = tokens[:, : self._beams] == self._pieces.end
        noted = ends.clone()
        noted[capped] = True
        for row, rank in noted.nonzero().tolist():
            done = self._rows[row].done
            score = scores[row, rank].item() / (length + 1)  # the language code counts
            pieces = self._written[row, parents[row, rank]].tolist()
            finished = bool(ends[row, rank])
            if not finished:
                pieces.append(int(tokens[row, rank]))
            done.append((score, pieces, finished))
            done.sort(key=lambda entry: -entry[0])
            del done[self._beams :]
        return set(capped)

    def _over(self, row: int, best_running: float) -> bool:
        done, length = self._rows[row].done, self._written.shape[2]
        return len(done) == self._beams and best_running / (length + 1) <= done[-1][0]

    def result(self, row: int) -> Decoded:
        score, pieces, finished = self._rows[row].done[0]
        counted = len(pieces) + finished
        return Decoded(tuple(pieces), score * (counted + 1) / counted, finished)

    def keep(self, rows: Sequence[int]) -> None:
        """Forget all rows but ``rows``, in that order."""
        assert self.parents is not None
        chosen = torch.tensor(rows, dtype=torch.long)
        self._rows = [self._rows[row] for row in rows]
        self._scores, self._written = self._scores[chosen], self._written[chosen]
        self.parents = self.parents[chosen]
        self.tokens = self.tokens.view(-1, self._beams)[chosen].flatten()


def _followers(written: Tensor, pieces: Pieces, ngram: int) -> tuple[Tensor, Tensor]:
    """For each row of ``written``, shape (rows, length), the pieces that ended an n-gram, and
    whether what stood before them is what the row ends in now: both of shape (rows, n-grams)."""
    before = written.new_tensor([pieces.start, pieces.language]).expand(len(written), -1)
    history = torch.cat([before, written], dim=1)
    length = history.shape[1]
    if length < ngram:
        return history[:, :0], history[:, :0].bool()
    ngrams, last = history.unfold(1, ngram, 1), history[:, length - ngram + 1 :]
    return ngrams[..., -1], (ngrams[..., :-1] == last[:, None]).all(2)


def _most_forbidden(written: Tensor, pieces: Pieces, ngram: int) -> int:
    """A bound on how many pieces would end an n-gram a second time, whatever the row."""
    if not ngram or not len(written):
        return 0
    return int(_followers(written, pieces, ngram)[1].sum(1).max())


def _without_repeats(
    scores: Tensor, found: Tensor, written: Tensor, pieces: Pieces, ngram: int
) -> Tensor:
    """``scores`` with minus infinity where ``found`` would end an n-gram a second time."""
    followers, forbidden = _followers(written, pieces, ngram)
    again = (found[:, :, None] == followers[:, None]) & forbidden[:, None]
    return scores.masked_fill(again.any(2), float("-inf"))
