"""The tokenizer of M2M100's checkpoints, which come with SentencePiece's file and a vocabulary."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from toolkit.hub.checkpoint import PIECES, VOCABULARY, damaged
from toolkit.languages import codes

_UNKNOWN = "<unk>"
# M2M100's own name of a language that BCP 47 calls otherwise.
_ALIASES = {"ns": "nso"}


@dataclass(frozen=True, slots=True)
class Encoding:
    """The ``ids`` of a text."""

    ids: list[int]


@dataclass(frozen=True, slots=True)
class AddedToken:
    """A token that stands in no text, by its ``content``."""

    content: str


class PieceTokenizer:
    """Turns text into M2M100's ids and back, with the methods of ``tokenizers.Tokenizer`` that
    translating needs. The tags of languages have the names of FLORES-200; a language that is none
    of NLLB's has no name here. Raises ``ModelError`` for a file that cannot be read.

    The ids are those of transformers' ``M2M100Tokenizer``: pieces by the vocabulary, and after it
    the languages in the order of its training.
    """

    def __init__(self, folder: Path) -> None:
        from sentencepiece import SentencePieceProcessor
        from transformers.models.m2m_100.tokenization_m2m_100 import FAIRSEQ_LANGUAGE_CODES

        try:
            self._pieces = SentencePieceProcessor(model_file=str(folder / PIECES))
        except (OSError, RuntimeError) as error:
            raise damaged(folder / PIECES, str(error)) from None
        self._ids = _vocabulary(folder / VOCABULARY)
        self._names = {number: piece for piece, number in self._ids.items()}
        tags = FAIRSEQ_LANGUAGE_CODES["m2m100"]
        self._languages = {
            len(self._ids) + place: AddedToken(found[0].code)
            for place, tag in enumerate(tags)
            if len(found := codes.candidates(_ALIASES.get(tag, tag))) == 1
        }
        self._size = len(self._ids) + len(tags)

    def get_vocab_size(self) -> int:
        """Return the number of ids, languages included."""
        return self._size

    def get_vocab(self) -> dict[str, int]:
        """Return the id of each piece."""
        return self._ids

    def token_to_id(self, token: str) -> int | None:
        """Return the id of a piece; None where there is no such piece."""
        return self._ids.get(token)

    def get_added_tokens_decoder(self) -> dict[int, AddedToken]:
        """Return the languages by id."""
        return self._languages

    def encode(self, text: str, add_special_tokens: bool = False) -> Encoding:
        """Return the ids of ``text``; names of special tokens are text."""
        return self.encode_batch([text])[0]

    def encode_batch(
        self, texts: Sequence[str], add_special_tokens: bool = False
    ) -> list[Encoding]:
        """Return the ids of each text."""
        unknown = self._ids[_UNKNOWN]
        rows = self._pieces.encode(list(texts), out_type=str)
        return [Encoding([self._piece(piece, unknown) for piece in row]) for row in rows]

    def _piece(self, piece: str, unknown: int) -> int:
        number = self._ids.get(piece, unknown)
        return unknown if number in self._special else number

    @cached_property
    def _special(self) -> frozenset[int]:
        return frozenset(self._ids[name] for name in ("<s>", "<pad>", "</s>"))

    def decode(self, ids: Iterable[int], skip_special_tokens: bool = False) -> str:
        """Return ids as text, special tokens as their names."""
        text, waiting = "", list[str]()
        for number in ids:
            if number in self._names and number not in self._special | {self._ids[_UNKNOWN]}:
                waiting.append(self._names[number])
                continue
            language = self._languages.get(number)
            name = language.content if language else self._names.get(number, _UNKNOWN)
            text += self._pieces.decode(waiting) + name
            waiting = []
        return str(text + self._pieces.decode(waiting))


def _vocabulary(path: Path) -> dict[str, int]:
    """Return the id of each piece."""
    try:
        ids: Any = json.loads(path.read_text(encoding="utf-8"))
        if sorted(ids.values()) != list(range(len(ids))) or _UNKNOWN not in ids:
            raise ValueError("its ids are not the numbers from 0 on")
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise damaged(path, str(error)) from None
    return dict(ids)
