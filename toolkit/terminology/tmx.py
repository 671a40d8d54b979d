"""Reads and writes translation memories in TMX 1.4, which translators' programs exchange."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolkit.errors import InputError, OutputError, UnknownLanguageError
from toolkit.languages import codes
from toolkit.storage import whole
from toolkit.terminology.corrections import Correction
from toolkit.version import VERSION

_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
# Elements inside a segment that hold codes of another format; ``hi`` and ``sub`` hold text.
_CODES = ("bpt", "ept", "it", "ph", "ut")
# The form in which TMX writes a moment.
_MOMENT = "%Y%m%dT%H%M%SZ"
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(slots=True)
class Imported:
    """The ``corrections`` of a file, and its segments that are none: how many are in languages that
    nobody here knows, by their names, and how many lack a text or a translation."""

    corrections: list[Correction] = field(default_factory=list)
    unknown: dict[str, int] = field(default_factory=dict)
    without: int = 0


def read(path: Path, *, target: str) -> Imported:
    """Return the sentences of a TMX file that have a translation into ``target``.

    Raises ``InputError`` for a file that is not there or is no TMX.
    """
    from lxml import etree

    found, is_tmx = Imported(), False
    try:
        units = etree.iterparse(
            str(path),
            events=("start", "end"),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
        )
        for event, element in units:
            if event == "start":
                is_tmx = is_tmx or _name(element) == "tmx"
                if not is_tmx:
                    break
            elif _name(element) == "tu":
                _take(element, target, found)
                element.clear()
    except (etree.XMLSyntaxError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error).split("\n")[0]
        raise InputError(f"{path}: {reason}", remedy="It must be a TMX file.") from None
    if not is_tmx:
        raise InputError(f"{path}: no TMX file", remedy="Export it as TMX 1.4.")
    return found


def _take(unit: Any, target: str, found: Imported) -> None:
    """Add the sentences of one unit to ``found``."""
    texts: dict[str, str] = {}
    for variant in unit.iterchildren("{*}tuv"):
        name = variant.get(_LANG) or variant.get("lang") or ""
        segment = next(variant.iterchildren("{*}seg"), None)
        text = " ".join(_text(segment).split()) if segment is not None else ""
        try:
            code = codes.resolve(name).code
        except UnknownLanguageError:
            found.unknown[name] = found.unknown.get(name, 0) + 1
            continue
        if text:
            texts.setdefault(code, text)
    translation = texts.pop(target, "")
    if not texts or not translation:
        found.without += 1
        return
    moment = unit.get("changedate") or unit.get("creationdate") or ""
    found.corrections += [
        Correction(code, target, text, translation, _moment(moment)) for code, text in texts.items()
    ]


def _text(element: Any) -> str:
    """Return the text of a segment without codes of another format."""
    parts = [element.text or ""]
    for child in element:
        if isinstance(child.tag, str) and _name(child) not in _CODES:
            parts.append(_text(child))
        parts.append(child.tail or "")
    return "".join(parts)


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _moment(text: str) -> str:
    try:
        found = dt.datetime.strptime(text, _MOMENT).replace(tzinfo=dt.UTC)
    except ValueError:
        return ""
    return found.isoformat(timespec="seconds")


def write(path: Path, corrections: Iterable[Correction]) -> int:
    """Write ``corrections`` to a TMX file, whole or not at all, and return how many there were.

    Raises ``OutputError``.
    """
    from lxml import etree

    written = 0
    try:
        with whole(path) as made, etree.xmlfile(str(made), encoding="utf-8") as file:
            file.write_declaration()
            with file.element("tmx", version="1.4"):
                file.write(_header(etree), pretty_print=True)
                with file.element("body"):
                    for correction in corrections:
                        file.write(_unit(etree, correction), pretty_print=True)
                        written += 1
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror or error})", remedy="Name another file."
        ) from None
    return written


def _header(etree: Any) -> Any:
    return etree.Element(
        "header",
        creationtool="toolkit",
        creationtoolversion=VERSION,
        segtype="sentence",
        adminlang="en",
        srclang="*all*",
        datatype="plaintext",
        **{"o-tmf": "toolkit"},
    )


def _unit(etree: Any, correction: Correction) -> Any:
    unit = etree.Element("tu")
    if correction.made:
        moment = dt.datetime.fromisoformat(correction.made)
        unit.set("creationdate", moment.astimezone(dt.UTC).strftime(_MOMENT))
    for code, text in _sides(correction):
        variant = etree.SubElement(unit, "tuv")
        variant.set(_LANG, codes.get(code).bcp47)
        etree.SubElement(variant, "seg").text = _NOT_XML.sub("\ufffd", text)
    return unit


def _sides(correction: Correction) -> Iterator[tuple[str, str]]:
    yield correction.language, correction.text
    yield correction.target, correction.translation
