"""Catalogues of messages (gettext's .po, .pot): ``msgid`` is the source, ``msgstr`` is written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from toolkit.documents.base import English, Part, Steps, Task, Unit
from toolkit.documents.tags import loose, loose_unit
from toolkit.errors import InputError
from toolkit.languages import codes
from toolkit.readers.encodings import declared_encoding, decode

if TYPE_CHECKING:
    from polib import POEntry, POFile

# The letter of a menu's item that a key chooses.
_KEY = re.compile(r"(?<!\w)[_&](?=\w)(?!\w+;)")
# Characters of a message that can be an item of a menu.
_MENU = 60
_PLURALS = "nplurals=2; plural=(n != 1);"


def translate(task: Task) -> Steps:
    """Translate a catalogue. Messages that have their English already keep it; those with a
    warning are fuzzy."""
    catalogue = _read(task)
    language = catalogue.metadata.get("Language", "")
    done = any(found.bcp47 == task.tag for found in codes.candidates(language))
    entries = [e for e in catalogue if not e.obsolete and not (done and e.translated())]
    texts = [text for e in entries for text in (e.msgid, e.msgid_plural) if text]
    english = yield Part([_unit(text) for text in texts])
    rows = iter(zip(texts, english, strict=True))
    for entry in entries:
        _fill(entry, [next(rows) for text in (entry.msgid, entry.msgid_plural) if text])
    catalogue.metadata["Language"] = task.tag
    catalogue.metadata["Content-Type"] = "text/plain; charset=UTF-8"
    if any(entry.msgid_plural for entry in catalogue):
        catalogue.metadata["Plural-Forms"] = _PLURALS
    catalogue.encoding = "utf-8"
    catalogue.save(str(task.target))


def _read(task: Task) -> POFile:
    import polib

    data = task.source.read_bytes()
    text = decode(data, str(task.source), declared_encoding(data))
    try:
        catalogue = polib.pofile(text)
    except (OSError, ValueError, IndexError, KeyError) as error:
        where = re.search(r"\(line \d+\)", str(error))
        reason = f"no catalogue of messages {where[0] if where else ''}".rstrip()
        raise InputError(f"{task.source}: {reason}", remedy="Check it with msgfmt -c.") from None
    if not len(catalogue):
        raise InputError(f"{task.source}: no messages", remedy="Check it with msgfmt -c.")
    return catalogue


def _unit(text: str) -> Unit:
    return loose_unit(_KEY.sub("", text, count=1) if _key(text) else text)


def _key(text: str) -> str:
    """Return the character that marks the key of a menu's item, if the text is one."""
    found = _KEY.findall(text) if len(text) <= _MENU else []
    return found[0] if len(found) == 1 else ""


def _fill(entry: POEntry, rows: list[tuple[str, English]]) -> None:
    """Write the English of a message, of one and of many."""
    found = [_key(text) + loose(row, text) for text, row in rows]
    if entry.msgid_plural:
        entry.msgstr_plural = dict(enumerate(found))
    else:
        entry.msgstr = found[0]
    doubtful = any(row.doubtful for _, row in rows)
    flags = [flag for flag in entry.flags if flag != "fuzzy"]
    entry.flags = [*flags, "fuzzy"] if doubtful else flags
