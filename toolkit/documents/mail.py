"""Messages (.eml): the subject, and each part that is text. What is attached stays as it is."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage

from toolkit.documents.base import Part, Steps, Task, Unit
from toolkit.documents.plain import Text
from toolkit.documents.web_pages import Page
from toolkit.errors import InputError
from toolkit.readers.mail import is_message

# Headers of a part that are not about how its text is written.
_KEPT = ("Content-ID", "Content-Disposition", "Content-Description", "Content-Location")
_ENCRYPTED = frozenset({"multipart/encrypted", "application/pkcs7-mime"})
_REMEDY = "Save the message again, in the program that received it."


def translate(task: Task) -> Steps:
    """Translate a message."""
    data = task.source.read_bytes()
    if not is_message(data[: 1 << 16]):
        raise InputError(f"{task.source}: no message", remedy=_REMEDY)
    line_end = "\r\n" if b"\r\n" in data[:4096] else "\n"
    message = email.message_from_bytes(data, policy=email.policy.default.clone(linesep=line_end))
    try:
        yield from _translated(task, message)
        task.target.write_bytes(message.as_bytes())
    # The parser leaves what is broken in a header or a part to whoever asks for it.
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        detail = " ".join(str(error).split())
        raise InputError(f"{task.source}: a broken message ({detail})", remedy=_REMEDY) from None


def _translated(task: Task, message: EmailMessage) -> Steps:
    kinds = {part.get_content_type() for part in message.walk()}
    if not _ENCRYPTED.isdisjoint(kinds):
        raise InputError(f"{task.source}: encrypted", remedy="Save its text as a file.")
    if "multipart/signed" in kinds:
        task.say("the signature is of the original: it does not hold for the English")
    texts: list[tuple[EmailMessage, Text | Page]] = []
    for part in message.walk():
        kind = part.get_content_type()
        if kind in ("text/plain", "text/html") and not part.is_attachment():
            content = part.get_content().replace("\r\n", "\n")
            texts.append((part, Text(content) if kind == "text/plain" else Page(content, task.tag)))
    subject = str(message["Subject"] or "")
    units = [Unit(subject), *(unit for _, text in texts for unit in text.units)]
    english = yield Part(units, message["Content-Language"])
    if subject:
        message.replace_header("Subject", english[0].text)
    position = 1
    for part, text in texts:
        count = len(text.units)
        _replace(part, text.text(english[position : position + count]))
        position += count


def _replace(part: EmailMessage, text: str) -> None:
    """Put a text in place of that of a part, whose other headers stay."""
    kept = [(name, part[name]) for name in _KEPT if part[name]]
    names = {name.lower() for name, _ in part.items()}
    part.set_content(text, subtype=part.get_content_subtype(), charset="utf-8")
    if "mime-version" not in names:
        del part["MIME-Version"]  # Of the whole message, not of its parts.
    for name, value in kept:
        part[name] = value
