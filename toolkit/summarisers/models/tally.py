"""Counts the articles for which a model wrote no bullet, for a notice in the digest."""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.data import Brief


@dataclass(slots=True)
class Tally:
    """Counts articles: those that a model was asked about, those of them for which it gave no
    bullet (``reason`` says why the first time) and those that supported none of its bullets."""

    asked: int = 0
    silent: int = 0
    unsupported: int = 0
    reason: str = ""

    def failed(self, reason: str) -> None:
        """Count an article for which the model gave no bullet."""
        self.silent += 1
        self.reason = self.reason or reason

    def grounded(self, draft: Brief, brief: Brief) -> None:
        """Count the article of ``brief`` if no bullet of the model's ``draft`` is left in it."""
        written = {bullet.text for bullet in draft.bullets}
        self.unsupported += not any(bullet.text in written for bullet in brief.bullets)

    def notice(self, model: str) -> str:
        """Return a sentence for readers, ``model`` being what they call it; empty where nothing
        failed."""
        lost = self.silent + self.unsupported
        if not lost:
            return ""
        reason = f" ({self.reason})" if self.reason else ""
        found = [f"it gave none for {self.silent}{reason}"] if self.silent else []
        if self.unsupported:
            found.append(f"it gave none that the article supports for {self.unsupported}")
        return (
            f"Sentences of the articles stand in place of the bullets of the {model} for {lost} of "
            f"{self.asked} articles: {', '.join(found)}."
        )
