"""Decides which of the articles that are read are news on the day of a digest."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from toolkit.config import Config
from toolkit.data import Article, PreparedArticle
from toolkit.digest.wording import day
from toolkit.runs.records import prepared_article, records
from toolkit.runs.seen import ARTICLES, Seen, address
from toolkit.text.moments import day_of


@dataclass(frozen=True, slots=True)
class PassedOver:
    """An article that is no news, and why: ``seen``, or ``old``."""

    source: str
    kind: str
    reason: str


class News:
    """Passes over what an earlier digest had and what is too old, and brings back what earlier
    runs of the day took: their page is added to, never replaced by that of other inputs.

    With ``config.all`` every article is taken, and no others. In memory are kept the articles
    passed over and, where the day has had a run, the id and address of every other.
    """

    def __init__(self, config: Config, date: dt.date) -> None:
        self.passed_over: list[PassedOver] = []
        self.carried = 0
        self.replaced = 0
        self._all = config.all
        self._model = config.model
        self._max_age = config.max_age
        self._date = date
        self._seen = Seen(config.outputs, date)
        self._earlier = config.outputs / date.isoformat() / ARTICLES
        self._again = self._earlier.exists()
        self._ids: set[str] = set()
        self._addresses: set[str] = set()

    @property
    def oldest(self) -> dt.date | None:
        """Return the day before which nothing is news; None if all is wanted."""
        first = max(1, self._date.toordinal() - self._max_age)
        return None if self._all else dt.date.fromordinal(first)

    def wants(self, article: Article) -> bool:
        """Whether ``article`` may be news; what is not is in ``passed_over``."""
        if self._again:
            self._ids.add(article.id)
        if self._all:
            return True
        if earlier := self._seen.day_of(article):
            return self._pass_over(article, "seen", f"in the digest of {day(earlier)}")
        published = day_of(article.published or "")
        if published and (self._date - published).days > self._max_age:
            return self._pass_over(article, "old", f"published on {day(published)}")
        return True

    def checked(self, prepared: PreparedArticle) -> PreparedArticle | None:
        """Return ``prepared``, with the day of the digest that had an earlier version of it; None
        if an earlier digest had its sentences, from a page that was different around them."""
        if not self._all and (earlier := self._seen.day_of_text(prepared)):
            self._pass_over(prepared.article, "seen", f"in the digest of {day(earlier)}")
            return None
        key = address(prepared.article.source, prepared.title) if self._again else ""
        if key:
            self._addresses.add(key)
        return replace(prepared, replaces=self._seen.day_of_version(prepared))

    def standing(self) -> Iterator[PreparedArticle]:
        """Yield the articles of an earlier run of the day that was not given them or later versions
        of them this time. With ``config.all``, or where that run had another model, they are only
        counted, as ``replaced``."""
        if not self._again:
            return
        anew = self._all or _model(self._earlier.parent) not in ("", self._model)
        for record in records(self._earlier):
            prepared = prepared_article(record)
            key = address(prepared.article.source, prepared.title)
            if prepared.article.id in self._ids or key in self._addresses:
                continue
            if anew:
                self.replaced += 1
                continue
            self.carried += 1
            yield replace(prepared, replaces=self._seen.day_of_version(prepared))

    def notices(self) -> Iterator[str]:
        """Yield the sentences about it that readers of the digest must see."""
        kinds = Counter(passed.kind for passed in self.passed_over)
        if kinds["old"]:
            is_or_are = "article is" if kinds["old"] == 1 else "articles are"
            yield (
                f"{kinds['old']} {is_or_are} left out as more than {self._max_age} days old "
                "(the option --max-age)."
            )
        if self.replaced:
            yield (
                f"An earlier run of the day had {self.replaced} articles that this one was not "
                "given: its page is replaced."
            )

    def counts(self) -> dict[str, int]:
        """Return the numbers of articles by what became of them."""
        kinds = Counter(passed.kind for passed in self.passed_over)
        return {"seen": kinds["seen"], "old": kinds["old"], "carried": self.carried}

    def close(self) -> None:
        """Close the index of earlier digests."""
        self._seen.close()

    def _pass_over(self, article: Article, kind: str, reason: str) -> bool:
        self.passed_over.append(PassedOver(article.source, kind, reason))
        return False


def _model(folder: Path) -> str:
    """Return the model that the last run in ``folder`` was configured with, empty if unknown."""
    try:
        record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        return str(record["config"]["model"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
