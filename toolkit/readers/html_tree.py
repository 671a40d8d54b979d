"""The bytes of a web page to its tree of elements, whatever the page does."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from lxml import etree
from lxml import html as lxml_html

from toolkit.errors import InputError
from toolkit.readers import legacy_pages
from toolkit.readers.encodings import decode

# Bytes. Of 70 real pages the largest has 2.1 million; what is larger is a dump or an attack.
MAX_BYTES = 20_000_000
# Elements inside one another. Real pages have some 40; libxml2 gives up at 2,048.
_MAX_DEPTH = 250
# Bytes in which a page declares its encoding: HTML asks for 1,024, real pages are later.
_HEAD = 4096
_XML_ENCODING = re.compile(rb"""\s*<\?xml[^>]{0,200}?\bencoding\s*=\s*["']([\w.:-]+)""")
_META_CHARSET = re.compile(rb"""<meta\b[^>]{0,300}?\bcharset\s*=\s*["']?\s*([\w.:-]+)""", re.I)
# What pages say, and what browsers read by it (the Encoding Standard, where Python differs).
_READ_AS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "x-sjis": "cp932",
    "x-gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "windows-31j": "cp932",
    "x-mac-cyrillic": "mac_cyrillic",
    "x-user-defined": "cp1252",
}
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Encodings whose bytes are all ASCII: only what is declared tells them from it.
_ESCAPED = re.compile(r"iso2022|hz$")
# Runs of tags of all elements that can stand within one another.
_FLAT = re.compile(
    r"(?:</?(?!(?:p|h[1-6]|li|a|title|meta|link|script|style|html|head|body)\b)[a-z][^<>]*>\s*)+",
    re.I,
)
# UTF-8 that was read as Latin 1 or windows-1252, one letter.
_TWICE = re.compile(r"[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0192\u02c6\u02dc\u2013-\u2122]")
_MOST_TWICE = 5


def decode_page(data: bytes, source: str, declared: str | None = None) -> str:
    """Return the text of a page's bytes: as UTF-8 where they are valid, and else by what is
    declared, by the server (``declared``) or the page, unless another code page reads clearly
    better. Raises ``InputError``."""
    if len(data) > MAX_BYTES:
        raise InputError(
            f"{source}: a page of {len(data) / 1e6:.0f} MB; the most is {MAX_BYTES // 1_000_000}",
            remedy="Save the article alone, or its text.",
        )
    name = _python_name(declared) if declared else None
    name = name or _declared(data[:_HEAD])
    # A page that was converted to UTF-8 often still declares what it was in before.
    if name and _ESCAPED.match(name) and data.isascii():
        return data.decode(name, "replace").replace("\r\n", "\n")
    if data.strip() and not data.startswith(_MARKS) and b"\x00" not in data and _is_utf8(data):
        text = data.decode("utf-8")
        if len(_TWICE.findall(text)) <= _MOST_TWICE:
            return text.replace("\r\n", "\n")
    return decode(data, source, name)


def _declared(head: bytes) -> str | None:
    """Return Python's name of the encoding that a page declares, unless it is UTF-8 or unknown."""
    found = _XML_ENCODING.match(head) or _META_CHARSET.search(head)
    if not found:
        return None
    return _python_name(found[1].decode("ascii"))


def _python_name(label: str) -> str | None:
    label = label.lower()
    try:
        name = _READ_AS.get(label) or codecs.lookup(label).name
        name = _READ_AS.get(name, name)
    except (LookupError, ValueError):
        return legacy_pages.known(label)
    # Since these words could be read, the page is in neither of these.
    return None if name.startswith(("utf", "idna", "punycode", "unicode", "raw")) else name


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def parse(text: str) -> lxml_html.HtmlElement:
    """Return the root element of a page or a part of one. Raises ``ValueError`` if it has none."""
    root, complete = _parse(text)
    if not complete or _is_deep(root):
        root, _ = _parse(_FLAT.sub("\n<br>", text))
    return root


def _parse(text: str) -> tuple[lxml_html.HtmlElement, bool]:
    parser = lxml_html.HTMLParser(
        encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True
    )
    # Zeros end a C string; lone surrogates are in no encoding.
    data = text.replace("\x00", " ").encode("utf-8", "replace")
    try:
        root = lxml_html.document_fromstring(data, parser=parser, ensure_head_body=True)
    except etree.ParserError as error:
        raise ValueError(str(error)) from None
    return root, not any("depth" in entry.message for entry in parser.error_log)


def _is_deep(root: lxml_html.HtmlElement) -> bool:
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > _MAX_DEPTH:
            return True
    return False


def ancestors(element: lxml_html.HtmlElement) -> Iterator[lxml_html.HtmlElement]:
    """Yield ``element`` itself and what it stands in, from the inside out."""
    current: lxml_html.HtmlElement | None = element
    while current is not None:
        yield current
        current = current.getparent()
