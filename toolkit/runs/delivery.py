"""Delivers digests, each once to each reader, and keeps what could not be delivered for later.

``deliveries.json`` in the outputs folder has what waits and what was done. What waits is written
there before it is sent: a run that is killed in between sends a mail again, with the same
Message-ID, rather than never. Whoever calls holds the lock of the outputs folder.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from toolkit.config import Config
from toolkit.data import Digest
from toolkit.errors import LockedError, OutputError, ToolkitError
from toolkit.runs import mail, notify
from toolkit.runs.mail import UndeliveredError
from toolkit.runs.outputs import LOCK, stories
from toolkit.storage import locked, write_whole

log = logging.getLogger(__name__)

STATE, MAIL = "deliveries.json", "digest.eml"
# Days after which news is no more worth delivering, and for which it is known what was.
_STALE, _REMEMBERED = dt.timedelta(days=3), dt.timedelta(days=400)
# Seconds between two tries of ``keep_trying``, at least and at most. Greylisting takes minutes.
_FIRST_PAUSE, _LONGEST_PAUSE = 60.0, 600.0


@dataclass(slots=True)
class Waiting:
    """A digest on its way to a reader: ``to`` is a mail address, or the label of a service."""

    channel: str
    to: str
    date: str
    identity: str
    since: str
    tries: int = 0
    reason: str = ""

    @property
    def key(self) -> str:
        return f"{self.channel} {self.to} {self.identity}"


@dataclass(slots=True)
class State:
    """What waits, and when each thing was delivered, by its key."""

    path: Path
    waiting: list[Waiting] = field(default_factory=list)
    delivered: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, outputs: Path) -> State:
        """Return the state of a folder; an empty one where there is none, or it is damaged."""
        path = outputs / STATE
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            waiting = [Waiting(**row) for row in raw["waiting"]]
            return cls(path, waiting, {str(k): str(v) for k, v in raw["delivered"].items()})
        except FileNotFoundError:
            return cls(path)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            log.warning("%s: cannot be read (%s); it is begun anew", path, error)
            return cls(path)

    def write(self, now: dt.datetime) -> None:
        """Write the state, without what is too old. Raises ``OutputError``."""
        known = {k: at for k, at in self.delivered.items() if _age(at, now) < _REMEMBERED}
        text = json.dumps(
            {"waiting": list(map(asdict, self.waiting)), "delivered": known},
            ensure_ascii=False,
            indent=2,
        )
        try:
            write_whole(self.path, text + "\n")
        except OSError as error:
            raise OutputError(
                f"{self.path}: cannot be written ({error.strerror or error}), so nothing is sent",
                remedy="Free space or mend the permissions.",
            ) from None


def identity(digest: Digest, named: str | None = None) -> str:
    """Return a name of what the digest ``named`` so says: another day's or other stories have
    another."""
    said = [[s.headline, *(bullet.text for bullet in s.bullets)] for s in digest.stories]
    text = json.dumps([named, digest.date.isoformat(), said])
    return f"{digest.date.isoformat()}.{hashlib.sha256(text.encode()).hexdigest()[:20]}"


def deliver(digest: Digest | None, config: Config, say: Callable[[str], None]) -> None:
    """Deliver ``digest``, whose files are written, and what waits from earlier runs. What fails
    waits for the next run; ``say`` is told. A folder without readers is left alone."""
    if not (config.mail_to or config.notify or (config.outputs / STATE).exists()):
        return
    now = dt.datetime.now(dt.UTC)
    try:
        state = State.read(config.outputs)
        known = list(state.waiting)
        if digest is not None:
            _add(digest, state, config, now, say)
        _expire(state, config, now, say)
        if known or digest is not None:
            state.write(now)
        _send_all(state, config, now, say)
    except ToolkitError as error:
        say(f"{error}. {error.remedy}".rstrip())


def deliver_waiting(config: Config, say: Callable[[str], None]) -> State:
    """Take the lock, deliver what waits, and return the state. Raises ``LockedError``."""
    if not config.outputs.is_dir():
        raise OutputError(f"{config.outputs}: no such folder", remedy="Name it with --outputs.")
    try:
        with locked(config.outputs / LOCK, wait=False):
            deliver(None, config, say)
            return State.read(config.outputs)
    except BlockingIOError:
        raise LockedError(
            f"a run is writing to {config.outputs}", remedy="It delivers at its end."
        ) from None
    except OSError as error:
        raise OutputError(
            f"{config.outputs}: cannot be locked ({error.strerror or error})",
            remedy="Mend its permissions.",
        ) from None


def keep_trying(
    config: Config,
    say: Callable[[str], None],
    *,
    seconds: float = 0.0,
    sleep: Callable[[float], None] = time.sleep,
) -> State:
    """Deliver what waits, again and again for so many ``seconds``; return what is left."""
    state, pause = deliver_waiting(config, say), _FIRST_PAUSE
    while state.waiting and seconds > 0:
        sleep(min(pause, seconds))
        seconds, pause = seconds - pause, min(2 * pause, _LONGEST_PAUSE)
        state = deliver_waiting(config, say)
    return state


def _add(
    digest: Digest, state: State, config: Config, now: dt.datetime, say: Callable[[str], None]
) -> None:
    """Let ``digest`` wait for all who have not had it. It replaces an earlier one of its day."""
    name, date = identity(digest, config.name), digest.date.isoformat()
    if config.mail_to:
        if missing := mail.lacks():
            say(missing)
        content = mail.compose(digest, name, config=config, now=now)
        try:
            write_whole(config.outputs / date / MAIL, content)
        except OSError as error:
            raise OutputError(
                f"{config.outputs / date / MAIL}: cannot be written ({error.strerror or error})",
                remedy="Free space or mend the permissions.",
            ) from None
    for channel, to in _readers(config):
        item = Waiting(channel, to, date, name, now.isoformat(timespec="seconds"))
        if item.key not in state.delivered:
            same = [(w.channel, w.to, w.date) == (channel, to, date) for w in state.waiting]
            state.waiting = [w for w, old in zip(state.waiting, same, strict=True) if not old] + [
                item
            ]


def _readers(config: Config) -> Iterator[tuple[str, str]]:
    yield from (("mail", address) for address in config.mail_to)
    yield from (("notify", notify.label(address)) for address in config.notify)


def _expire(state: State, config: Config, now: dt.datetime, say: Callable[[str], None]) -> None:
    """Give up what is stale, and what nobody is to have any more."""
    readers = set(_readers(config))
    kept = []
    for item in state.waiting:
        if _age(item.since, now) > _STALE or (item.channel, item.to) not in readers:
            say(f"{item.to}: the digest of {item.date} is not delivered any more ({item.reason}).")
        else:
            kept.append(item)
    state.waiting = kept


def _age(since: str, now: dt.datetime) -> dt.timedelta:
    try:
        return now - dt.datetime.fromisoformat(since)
    except (ValueError, TypeError):
        return dt.timedelta()


def _send_all(state: State, config: Config, now: dt.datetime, say: Callable[[str], None]) -> None:
    """Send what waits; after each the state is written, so that none is sent twice."""
    mails = [item for item in state.waiting if item.channel == "mail"]
    for item, error in chain(_sent(mails, config), _notified(state.waiting, config)):
        item.tries += 1
        if error is None:
            state.waiting.remove(item)
            state.delivered[item.key] = now.isoformat(timespec="seconds")
            log.info("%s: the digest of %s is delivered", item.to, item.date)
        else:
            item.reason = str(error)
            say(f"not delivered yet to {item.to}: {error}. {error.remedy}".rstrip())
        state.write(now)


_Outcome = tuple[Waiting, ToolkitError | None]


def _sent(mails: Sequence[Waiting], config: Config) -> Iterator[_Outcome]:
    """Send mails by one connection, and yield each with its error. Where there is no connection,
    or it is lost, the others are not tried."""
    waiting = list(mails)
    try:
        with ExitStack() as stack:
            server = mail.Server.of(config) if waiting else None
            smtp = stack.enter_context(mail.connected(server)) if server else None
            while server and smtp and waiting:
                item, error = waiting[0], None
                try:
                    mail.send(smtp, _mail(item, config), item.to, server)
                except UndeliveredError as failed:
                    if smtp.sock is None:
                        raise
                    error = failed
                waiting.pop(0)
                yield item, error
    except ToolkitError as error:
        yield from ((item, error) for item in waiting)


def _mail(item: Waiting, config: Config) -> Any:
    path = config.outputs / item.date / MAIL
    try:
        return mail.read(path)
    except OSError as error:
        raise UndeliveredError(f"{path}: cannot be read ({error.strerror or error})") from None


def _notified(waiting: Sequence[Waiting], config: Config) -> Iterator[_Outcome]:
    addresses = {notify.label(address): address for address in config.notify}
    for item in [item for item in waiting if item.channel == "notify"]:
        path = config.outputs / item.date / "digest.json"
        try:
            text = notify.text_of(str(story["headline"]) for story in stories(path))
            heading = mail.title(dt.date.fromisoformat(item.date), config)
            notify.notify(addresses[item.to], heading, text)
        except ToolkitError as error:
            yield item, error
        except (OSError, ValueError, KeyError, TypeError) as error:
            yield item, UndeliveredError(f"{path}: cannot be read ({error})")
        else:
            yield item, None
