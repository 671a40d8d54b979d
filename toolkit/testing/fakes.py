"""A translator and a text generator without weights, for tests of whatever stands on them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from toolkit.data import Hypothesis
from toolkit.errors import UnknownLanguageError

_LANGUAGE = re.compile(r"[a-z]{3}_[A-Z][a-z]{3}")


class FakeTranslator:
    """Answers from a table; a text that is not in it comes back marked with its language.

    >>> translator = FakeTranslator({"नमस्ते": "Hello"})
    >>> found = translator.translate(["नमस्ते", "घर"], source="hin_Deva", target="eng_Latn")
    >>> [hypothesis.text for hypothesis in found]
    ['Hello', '[hin_Deva] घर']

    A value may be a ``Hypothesis``, to give flags and a score. ``calls`` holds (texts, source,
    target) of each call, so that a test can tell what a cache spared.
    """

    def __init__(
        self,
        answers: Mapping[str, str | Hypothesis] | None = None,
        *,
        signature: str = "fake",
        notice: str = "",
    ) -> None:
        self.signature = signature
        self.notice = notice
        self.calls: list[tuple[tuple[str, ...], str, str]] = []
        self._answers = dict(answers or {})

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[Hypothesis]:
        """See ``Translator.translate``. Any code shaped like FLORES-200's is known."""
        for code in (source, target):
            if not _LANGUAGE.fullmatch(code):
                raise UnknownLanguageError(code)
        self.calls.append((tuple(texts), source, target))
        return [self._answer(text, source, target) for text in texts]

    def _answer(self, text: str, source: str, target: str) -> Hypothesis:
        if source == target or not text.strip():
            return Hypothesis(text if source == target else "")
        answer = self._answers.get(text, f"[{source}] {text}")
        return answer if isinstance(answer, Hypothesis) else Hypothesis(answer, -0.1)


class FakeGenerator:
    """Gives the answers it was made with, in turn; an exception among them is raised. After the
    last answer it starts again. ``prompts`` keeps what it was asked.

    >>> generator = FakeGenerator(["- The river rose. [1]"])
    >>> generator.generate("Summarise.", max_tokens=20)
    '- The river rose. [1]'
    """

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
