"""Writes the page of all days, and their feed.

They are made by ``index.html.j2`` (with ``digest.css``) and ``digests.atom.j2``. Every value is
escaped.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from toolkit.digest.render import style
from toolkit.digest.safe_text import clean_line
from toolkit.digest.sandbox import environment, template_errors
from toolkit.digest.wording import day, weekday
from toolkit.version import VERSION

# Hides the days and stories that lack a word of what is looked for. Without scripts nothing is lost
# but the field, which it shows.
_SEARCH = """
const field = document.getElementById('query'), found = document.getElementById('found');
field.closest('form').hidden = false;
field.addEventListener('input', () => {
  const words = field.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let stories = 0;
  for (const day of document.querySelectorAll('section.day')) {
    let here = 0;
    for (const story of day.querySelectorAll('li')) {
      const text = story.textContent.toLowerCase();
      story.hidden = !words.every(word => text.includes(word));
      here += !story.hidden;
    }
    day.hidden = words.length > 0 && !here;
    stories += here;
  }
  found.textContent = words.length ? `${stories} stories` : '';
});
"""
# What XML 1.0 does not allow in a text.
_NOT_IN_XML = re.compile("[\ufffe\uffff]")
_ID = re.compile(r"<id>urn:uuid:([0-9a-f-]{36})</id>")


@dataclass(frozen=True, slots=True)
class PastStory:
    """A story in a digest: its place there from 1 on, its headline and its first bullet."""

    number: int
    headline: str
    bullet: str = ""


@dataclass(frozen=True, slots=True)
class PastDay:
    """The digest of a day. ``written`` is when; ``stories`` is None where they are not listed."""

    date: dt.date
    written: dt.datetime
    stories: tuple[PastStory, ...] | None = None

    @property
    def folder(self) -> str:
        return self.date.isoformat()


def index_parts(days: Sequence[PastDay]) -> Iterator[str]:
    """Yield the text of a page that lists ``days``, the latest first, and finds words in them."""
    from markupsafe import Markup

    jinja = environment(None, {"day": day, "weekday": weekday, "line": _line})
    css, css_hash = style(jinja)
    script = base64.b64encode(hashlib.sha256(_SEARCH.encode()).digest()).decode("ascii")
    with template_errors("index.html.j2"):
        yield from jinja.get_template("index.html.j2").generate(
            days=days, css=Markup(css), css_hash=css_hash, version=VERSION,
            script=Markup(_SEARCH), script_hash=f"sha256-{script}",
        )  # fmt: skip


def feed(days: Sequence[PastDay], before: str = "") -> str:
    """Return an Atom feed with an entry for each of ``days`` (RFC 4287).

    ``before`` is the feed that it replaces: it keeps that one's id, so that readers know the
    entries that they have.
    """
    known = _ID.search(before)
    number = uuid.UUID(known[1]) if known else uuid.uuid4()
    identities = {past.folder: uuid.uuid5(number, past.folder) for past in days}
    jinja = environment(None, {"day": day, "weekday": weekday, "line": _line})
    with template_errors("digests.atom.j2"):
        return jinja.get_template("digests.atom.j2").render(
            days=days, number=number, identities=identities, version=VERSION
        )


def _line(text: str) -> str:
    """Return ``text`` on one line, without what would not be shown as it is written."""
    return " ".join(_NOT_IN_XML.sub("", clean_line(text)).split())
