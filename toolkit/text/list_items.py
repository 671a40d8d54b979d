"""Items of a list that stand in one line: "1) Bread 2) Milk", "• Bread • Milk"."""

from __future__ import annotations

import re

_BULLETS = "•●▪◦‣"
_MARKER = (
    rf"(?P<bullet>[{_BULLETS}])?\s*(?P<open>\(?)(?:(?P<count>\d{{1,2}}|[a-z]|[ivx]{{1,4}})\.?\))?"
)
_FIRST = re.compile(_MARKER)
NEXT_ITEM = re.compile(rf"(?<=\s)(?=[{_BULLETS}(\da-z]){_MARKER}\s+(?=[^\s{_BULLETS}])")
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")


def follows(block: str, start: int, item: re.Match[str]) -> bool:
    """Return whether ``item`` is the next of a list whose item before it begins at ``start``: the
    same bullet, or the number or letter after it in the same form."""
    first = _FIRST.match(block, start)
    if first is None or first["open"] != item["open"] or first["bullet"] != item["bullet"]:
        return False
    if first["count"] is None or item["count"] is None:
        return first["bullet"] is not None
    return item["count"] in _after(first["count"])


def _after(count: str) -> set[str]:
    """Return what may come after a number, a letter or a Roman number."""
    if count.isdigit():
        return {str(int(count) + 1)}
    roman = _ROMAN.index(count) + 1 if count in _ROMAN else len(_ROMAN)
    letter = {chr(ord(count) + 1)} if len(count) == 1 else set()
    return letter.union(_ROMAN[roman : roman + 1])
