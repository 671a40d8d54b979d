"""A generator that needs no model, for tests."""

from __future__ import annotations

from collections.abc import Sequence


class FakeGenerator:
    """Gives the answers it was made with, in turn; an exception among them is raised. After the
    last answer it starts again. ``prompts`` keeps what it was asked."""

    def __init__(self, answers: Sequence[str | Exception], *, context: int = 8192) -> None:
        self.signature = "fake"
        self.context = context
        self.prompts: list[str] = []
        self._answers = tuple(answers)

    def count(self, text: str) -> int:
        """One token a word."""
        return len(text.split())

    def generate(self, prompt: str, *, max_tokens: int) -> str:
        """See ``Generator.generate``."""
        answer = self._answers[len(self.prompts) % len(self._answers)]
        self.prompts.append(prompt)
        if isinstance(answer, Exception):
            raise answer
        return answer
