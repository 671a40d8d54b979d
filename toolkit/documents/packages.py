"""Documents that are ZIP archives of XML: opened with care, and written again member by member, so
that whatever is not translated (pictures, styles, macros) stays byte for byte what it was."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.errors import InputError

if TYPE_CHECKING:
    from lxml.etree import _Element

# What unpacks to more than 250 times its size is no document, beyond bytes that harm nothing.
_MOST_RATIO, _HARMLESS = 250, 50_000_000
# Members of an archive, and bytes of an XML part, which is in memory as a whole.
_MOST_MEMBERS, _MOST_XML = 20_000, 200_000_000
_AGAIN = "Open it in the program that made it, and save it anew."
# How files begin that programs write for an encrypted document, and before the formats of today.
_COMPOUND = b"\xd0\xcf\x11\xe0"
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError)


class Package:
    """The members of a document, read when they are asked for. Raises ``InputError``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with path.open("rb") as file:
            if file.read(4) == _COMPOUND:
                raise InputError(
                    f"{path}: encrypted, or in the format of before 2007",
                    remedy="Open it, and save it without a password as .docx, .xlsx or .pptx.",
                )
        try:
            self._zip = zipfile.ZipFile(path)
        except _BROKEN as error:
            raise self._broken(error) from None
        members = self._zip.infolist()
        size = sum(member.file_size for member in members)
        if len(members) > _MOST_MEMBERS or size > max(_HARMLESS, _MOST_RATIO * path.stat().st_size):
            raise InputError(
                f"{path}: unpacks to {size / 1e6:,.0f} MB in {len(members):,} files", remedy=_AGAIN
            )
        if any(member.flag_bits & 1 for member in members):
            raise InputError(f"{path}: encrypted", remedy="Save it without a password.")

    @property
    def names(self) -> list[str]:
        return self._zip.namelist()

    def read(self, name: str) -> bytes:
        """Return the bytes of a member."""
        try:
            with self._zip.open(name) as member:
                # Not more than is announced: the size that a member gives may be a lie.
                data = member.read(_MOST_XML + 1)
        except (*_BROKEN, KeyError) as error:
            raise self._broken(error) from None
        if len(data) > _MOST_XML:
            raise InputError(f"{self._path}: {name} is too large", remedy=_AGAIN)
        return data

    def xml(self, name: str) -> _Element:
        """Return the root of a member in XML."""
        return parsed(self.read(name), f"{self._path}: {name}")

    def write(self, target: Path, changed: Mapping[str, bytes]) -> None:
        """Write all members to ``target`` in their order, those in ``changed`` with new bytes."""
        try:
            with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
                for member in self._zip.infolist():
                    if (data := changed.get(member.filename)) is None:
                        data = self._zip.read(member)
                    made.writestr(member, data)
        except _BROKEN as error:
            raise self._broken(error) from None
        finally:
            self._zip.close()

    def require(self, names: Iterable[str], kind: str) -> None:
        """Raise ``InputError`` where any of ``names``, which this ``kind`` has, is missing."""
        if missing := set(names).difference(self.names):
            raise InputError(f"{self._path}: no {kind} ({min(missing)} is missing)", remedy=_AGAIN)

    def _broken(self, error: Exception) -> InputError:
        detail = " ".join(str(error).split())
        return InputError(f"{self._path}: broken ({detail})", remedy=_AGAIN)


def parsed(data: bytes, where: str) -> _Element:
    """Return the root of ``data`` in XML. Nothing is loaded for it, and no entity is expanded."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise InputError(f"{where}: broken XML ({error.msg})", remedy=_AGAIN) from None
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and next(dtd.iterentities(), None) is not None:
        raise InputError(f"{where}: declares entities, which are not read", remedy=_AGAIN)
    return root


def serialised(root: _Element) -> bytes:
    """Return XML as bytes, with its declaration."""
    from lxml import etree

    data: bytes = etree.tostring(
        root.getroottree(), encoding="UTF-8", xml_declaration=True, standalone=True
    )
    return data


def local(element: _Element) -> str:
    """Return the name of an element without its namespace; empty for a comment."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
