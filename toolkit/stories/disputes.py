"""Makes the disputes of a story: the versions of one fact, and which of them was reported last."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from toolkit.data import Dispute, StoryBullet
from toolkit.text.moments import moment_of


def dispute(
    versions: Sequence[StoryBullet], about: frozenset[str], published: Mapping[str, str]
) -> Dispute:
    """Return the dispute of ``versions``. ``published`` has the time of articles by their ids; the
    version whose newest report is later than all others is the latest."""
    times = [_newest(version, published) for version in versions]
    known = sorted({time for time in times if time is not None})
    latest = times.index(known[-1]) if len(known) > 1 and None not in times else None
    if latest is not None and times.count(known[-1]) > 1:
        latest = None
    return Dispute(tuple(sorted(about)), tuple(versions), latest)


def _newest(version: StoryBullet, published: Mapping[str, str]) -> dt.datetime | None:
    times = [moment_of(published.get(cite.article_id, "")) for cite in version.cites]
    return max((time for time in times if time is not None), default=None)
