"""Choosing pieces: greedily, or by beam search as transformers' ``generate`` does it.

A search belongs to one cohort of rows. It is asked for the pieces to feed, told the likeliest
that can follow them, and says which rows have ended. The first piece after the decoder's start is
always the language code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from toolkit.translators.batching import Decoded

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

    def __init__(self, pieces: Pieces, caps: Sequence[int], device: torch.device) -> None:
        self._pieces = pieces
        self._caps = list(caps)
        self._written: list[list[int]] = [[] for _ in caps]
        self._scores = [0.0] * len(caps)
        self._finished = [False] * len(caps)
        self._begun = False
        self.ended: list[int] = []
        self.tokens = torch.full((len(caps),), pieces.start, device=device)

    def advance(self, scores: Tensor, found: Tensor) -> None:
        """Take one step. ``found`` are the likeliest pieces and ``scores`` their
        log-probabilities, both of shape (rows, 1)."""
        if not self._begun:
            self._begun = True
            self.tokens = torch.full_like(self.tokens, self._pieces.language)
            return
        self.tokens = found[:, 0]
        likelihoods = scores[:, 0].tolist()
        self.ended = []
        for row, (token, score) in enumerate(zip(self.tokens.tolist(), likelihoods, strict=True)):
            self._scores[row] += score
            if token == self._pieces.end:
                self._finished[row] = True
            else:
                self._written[row].append(token)
            if self._finished[row] or len(self._written[row]) >= self._caps[row]:
                self.ended.append(row)

    @property
    def parents(self) -> Tensor | None:
        return None

    def result(self, row: int) -> Decoded:
        tokens = tuple(self._written[row])
        count = len(tokens) + self._finished[row]
        score = self._scores[row] / count if count else None
        return Decoded(tokens, score, self._finished[row])

    def drop(self, row: int) -> None:
        """Forget a row: the last one moves to its place."""
        columns: tuple[list[Any], ...] = (self._caps, self._written, self._scores, self._finished)
        for column in columns:
            column[row] = column[-1]
            column.pop()
        self.tokens[row] = self.tokens[-1].clone()
        self.tokens = self.tokens[:-1]


@dataclass(slots=True)
class _Row:
    """Where one row's search stands."""

    cap: int
    done: list[tuple[float, list[int], bool]]  # score by length, pieces, ended by itself


class Beams:
    """The ``beams`` likeliest outputs of each row; the best by mean log-probability wins.

    As ``generate(num_beams=..., length_penalty=1, early_stopping=False)``: 2 x beams candidates
    a step; an end among the best ``beams`` is kept; a row is over when it has ``beams`` ended
    outputs and its best running one cannot beat the worst of them, or at its cap.
    """

    def __init__(
        self, pieces: Pieces, caps: Sequence[int], device: torch.device, beams: int
    ) -> None:
        self._pieces = pieces
        self._beams = beams
        self._rows = [_Row(cap, []) for cap in caps]
        self._scores = torch.full((len(caps), beams), _NEVER, device=device)
        self._scores[:, 0] = 0.0
        self._written = torch.zeros(len(caps), beams, 0, dtype=torch.long, device=device)
        self._begun = False
        self.ended: list[int] = []
        self.tokens = torch.full((len(caps) * beams,), pieces.start, device=device)
        self.parents: Tensor | None = torch.arange(beams, device=device).repeat(len(caps), 1)

    def advance(self, scores: Tensor, found: Tensor) -> None:
        """Take one step. ``found`` are the likeliest pieces after each beam, best first, and
        ``scores`` their log-probabilities, both of shape (rows x beams, 2 x beams)."""
        if not self._begun:
            self._begun = True
            self.tokens = torch.full_like(self.tokens, self._pieces.language)
            return
        scores, parents, tokens = self._candidates(scores, found)
        ends = tokens == self._pieces.end
        ended = self._keep_ended(scores, parents, tokens)
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
        self.ended = [row for row in rows if row in ended or self._over(row, running[row])]

    def _candidates(self, scores: Tensor, found: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The best 2 x beams continuations of each row, best first: log-probability of the whole
        output, the beam continued, and the piece; each of shape (rows, 2 x beams)."""
        wanted = 2 * self._beams
        total = scores.view(-1, self._beams, wanted) + self._scores[:, :, None]
        best, order = total.flatten(1).topk(wanted)
        return best, order // wanted, found.view(-1, self._beams * wanted).gather(1, order)

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

    def drop(self, row: int) -> None:
        """Forget a row: the last one moves to its place."""
        self._rows[row] = self._rows[-1]
        self._rows.pop()
        tokens = self.tokens.view(-1, self._beams)
        assert self.parents is not None
        for part in (self._scores, self._written, self.parents, tokens):
            part[row] = part[-1].clone()
        self._scores, self._written = self._scores[:-1], self._written[:-1]
        self.parents, self.tokens = self.parents[:-1], tokens[:-1].flatten()
