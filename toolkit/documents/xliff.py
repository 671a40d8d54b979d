"""Files that translators exchange (XLIFF 1.x, 2.x): each source gets a target, with its state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.documents.base import OBJECT, English, Part, Steps, Task
from toolkit.documents.mixed import Mixed
from toolkit.documents.packages import local, parsed, serialised
from toolkit.errors import InputError
from toolkit.languages import codes

if TYPE_CHECKING:
    from lxml.etree import _Element

_AROUND = frozenset({"g", "pc", "mrk"})
_UNITS = frozenset({"trans-unit", "segment"})
# States of a target that somebody has written or seen.
_DONE = frozenset({"final", "signed-off", "translated", "reviewed"})


def translate(task: Task) -> Steps:
    """Translate a file. Targets in the wanted language that are done stay."""
    root = parsed(task.source.read_bytes(), str(task.source))
    if local(root) != "xliff":
        raise InputError(
            f"{task.source}: no XLIFF, but <{local(root)}>", remedy="Export it as XLIFF 1.2 or 2.0."
        )
    units = [u for u in root.iter() if local(u) in _UNITS and _is_open(u, task.tag)]
    pairs = [(unit, source) for unit in units if (source := _child(unit, "source")) is not None]
    texts = [Mixed(source, _shows, folded=False) for _, source in pairs]
    english = yield Part(
        [text.unit for text in texts], _declared(root, "source-language", "srcLang")
    )
    for (unit, source), text, row in zip(pairs, texts, english, strict=True):
        target = _child(unit, "target")
        if target is None:
            target = source.makeelement(source.tag[: -len("source")] + "target")
            source.addnext(target)
        text.write(row, target)
        _set_state(unit, target, row)
    for element in root.iter():
        if local(element) == "file" and "source-language" in element.attrib:
            element.set("target-language", task.tag)
        elif local(element) == "xliff" and "srcLang" in element.attrib:
            element.set("trgLang", task.tag)
    task.target.write_bytes(serialised(root))


def _shows(element: _Element) -> str:
    return "" if local(element) in _AROUND else OBJECT


def _child(unit: _Element, name: str) -> _Element | None:
    return next((child for child in unit if local(child) == name), None)


def _declared(root: _Element, *names: str) -> str | None:
    found = (e.get(name) for e in root.iter() for name in names)
    return next((value for value in found if value), None)


def _is_open(unit: _Element, tag: str) -> bool:
    """Return whether a unit is to be translated and nobody has done so."""
    around = [unit, *unit.iterancestors()]
    asked = next((e.get("translate") for e in around if e.get("translate")), "yes")
    wanted = next((e.get(n) for e in around for n in _TARGET if e.get(n)), None)
    same = any(language.bcp47 == tag for language in codes.candidates(wanted or ""))
    target = _child(unit, "target")
    states = {unit.get("state"), target.get("state") if target is not None else None}
    done = unit.get("approved") == "yes" or not _DONE.isdisjoint(states)
    return asked != "no" and not (same and target is not None and done)


_TARGET = ("target-language", "trgLang")


def _set_state(unit: _Element, target: _Element, english: English) -> None:
    if local(unit) == "trans-unit":
        unit.attrib.pop("approved", None)
        target.set("state", "needs-review-translation" if english.doubtful else "translated")
    else:
        unit.set("state", "translated")
        if english.doubtful:
            unit.set("subState", "toolkit:needs-review")
