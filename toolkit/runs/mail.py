"""Makes a mail of a digest, and sends mails by SMTP."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from pathlib import Path
from smtplib import (
    SMTP,
    SMTP_SSL,
    SMTPException,
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
    SMTPResponseException,
)
from urllib.parse import unquote, urlsplit

from toolkit.config import CONFIG_NAME, Config, UnconfirmedUrl
from toolkit.data import Digest
from toolkit.digest import render
from toolkit.digest.safe_text import clean_line
from toolkit.digest.wording import day
from toolkit.errors import ConfigError, OutputError
from toolkit.llm.keys import LOCAL_HOSTS, secret

PASSWORD_VARIABLE = "TOOLKIT_MAIL_PASSWORD"
# The name of the file in the folder that systemd names to a service.
PASSWORD_CREDENTIAL = "mail-password"
# Stories that a mail has. With their styles, 40 are some 100 kB, from which on Gmail cuts mails.
MOST_STORIES = 40
# Articles and failures that it lists, for those who read everything.
_MOST_ARTICLES, _MOST_FAILURES = 400, 40
# Characters of the lead's headline in the subject.
_SUBJECT = 90
_PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
# Seconds that a server may take for an answer, and for all of a mail.
_PATIENCE, _LIMIT = 30.0, 180.0


class UndeliveredError(OutputError):
    """Something could not be delivered. ``passing`` tells that it may be possible in a while."""

    def __init__(self, message: str, *, remedy: str = "", passing: bool = False) -> None:
        super().__init__(message, remedy=remedy)
        self.passing = passing


def compose(digest: Digest, identity: str, *, config: Config, now: dt.datetime) -> bytes:
    """Return ``digest`` as a mail: Markdown, and HTML with its styles in its elements. ``identity``
    is what is before the host in its Message-ID. Raises ``ConfigError``."""
    sender = _sender(config)
    shown = shortened(digest)
    message = EmailMessage(policy=policy.SMTP)
    headline = clean_line(digest.stories[0].headline) if digest.stories else "no stories"
    if len(headline) > _SUBJECT:
        headline = headline[:_SUBJECT].rsplit(" ", 1)[0] + " ..."
    message["Subject"] = f"{title(digest.date, config)}: {headline}"
    message["From"] = sender
    message["To"] = ", ".join(config.mail_to)
    message["Date"] = format_datetime(now.astimezone())
    message["Message-ID"] = f"<{identity}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(render.markdown(shown, templates=config.templates))
    page = render.mail_html(shown, templates=config.templates)
    message.add_alternative(_inlined(page), subtype="html")
    return message.as_bytes()


def title(date: dt.date, config: Config) -> str:
    """Return what the digest of a day is called in a subject."""
    about = f" ({config.name})" if config.name else ""
    return f"Morning briefing{about}, {day(date)}"


def shortened(digest: Digest) -> Digest:
    """Return ``digest`` with no more stories and failures than a mail should have, and the articles
    of these stories."""
    stories = tuple(digest.stories[:MOST_STORIES])
    failures = digest.failures[:_MOST_FAILURES]
    left = {
        "stories": len(digest.stories) - len(stories),
        "articles that were not processed": len(digest.failures) - len(failures),
    }
    if not any(left.values()) and len(digest.articles) <= _MOST_ARTICLES:
        return digest
    known = {article for story in stories for article in story.articles}
    known |= {cite.article_id for s in stories for bullet in s.bullets for cite in bullet.cites}
    more = [f"{n} more {what} are in the digest's page." for what, n in left.items() if n]
    return replace(
        digest,
        stories=stories,
        articles=tuple(article for article in digest.articles if article.id in known),
        failures=failures,
        notices=(*digest.notices, *more),
    )


def _inlined(page: str) -> str:
    """Return ``page`` with the rules of its style sheet in its elements, where css-inline is
    installed. ``@media`` stays in its head, for the programs that heed it."""
    try:
        from css_inline import CSSInliner
    except ImportError:
        return page
    inliner = CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
    return inliner.inline(page)


def lacks() -> str:
    """Return what to say where css-inline is not installed, else an empty text."""
    import importlib.util

    if importlib.util.find_spec("css_inline"):
        return ""
    return (
        "css-inline is not installed, so that some programs show mails without their styles: "
        "pip install css-inline"
    )


def _sender(config: Config) -> str:
    if config.mail_from:
        return config.mail_from
    user = Server.of(config).user
    if user and "@" in user:
        return user
    raise ConfigError("mail_to is set without mail_from", remedy="Set mail_from to an address.")


@dataclass(frozen=True, slots=True)
class Server:
    """A server for mail: ``scheme`` is smtp (STARTTLS), smtps (TLS) or smtp+plain."""

    scheme: str
    host: str
    port: int
    user: str | None
    confirmed: bool

    @classmethod
    def of(cls, config: Config) -> Server:
        """Return the server that ``config`` names. Raises ``ConfigError`` where it names none."""
        if config.mail_server is None:
            raise ConfigError(
                "mail_to is set without mail_server",
                remedy="Set mail_server, such as smtp://USER@HOST:587.",
            )
        parts = urlsplit(config.mail_server)
        user = unquote(parts.username) if parts.username else None
        if user and parts.scheme == "smtp+plain" and parts.hostname not in LOCAL_HOSTS:
            raise ConfigError(
                f"mail_server: a password would go to {parts.hostname} unencrypted",
                remedy="Write smtp:// (STARTTLS) or smtps:// (TLS), or leave out the user.",
            )
        return cls(
            parts.scheme,
            parts.hostname or "",
            parts.port or _PORTS[parts.scheme],
            user,
            not isinstance(config.mail_server, UnconfirmedUrl),
        )

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def password(self) -> str | None:
        """Return the password of the user, None where the server wants none. Raises
        ``ConfigError`` where there is none, or this server may not have it."""
        if self.user is None:
            return None
        password = secret(PASSWORD_VARIABLE, PASSWORD_CREDENTIAL, "password of the mail server")
        if password is None:
            raise ConfigError(
                f"there is no password for {self.user} at {self}",
                remedy=f"Set {PASSWORD_VARIABLE}, or {PASSWORD_VARIABLE}_FILE to a file with it.",
            )
        if not self.confirmed:
            raise ConfigError(
                f"the password is not sent to {self.host}, named by {CONFIG_NAME} of the working "
                "folder",
                remedy="Name the file with --config, or set TOOLKIT_MAIL_SERVER.",
            )
        return password


@contextlib.contextmanager
def connected(
    server: Server, *, patience: float = _PATIENCE, limit: float = _LIMIT
) -> Iterator[SMTP]:
    """Yield a connection that may send mails: encrypted and logged in as ``server`` says. It is cut
    after ``limit`` seconds. Raises ``UndeliveredError``."""
    password = server.password()
    context = ssl.create_default_context()
    name = socket.gethostname()
    if server.scheme == "smtps":
        smtp: SMTP = SMTP_SSL(timeout=patience, context=context, local_hostname=name)
    else:
        smtp = SMTP(timeout=patience, local_hostname=name)
    smtp._host = server.host  # type: ignore[attr-defined]  # TLS holds the certificate to it.
    alarm = threading.Timer(limit, _cut, [smtp])
    alarm.daemon = True
    alarm.start()
    try:
        with failures(server):
            smtp.connect(server.host, server.port)
            if server.scheme == "smtp":
                smtp.starttls(context=context)
            if server.user is not None and password is not None:
                smtp.login(server.user, password)
        yield smtp
        with contextlib.suppress(SMTPException, OSError):
            smtp.quit()
    finally:
        alarm.cancel()
        smtp.close()


def _cut(smtp: SMTP) -> None:
    with contextlib.suppress(OSError, AttributeError):
        smtp.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]


def send(smtp: SMTP, message: EmailMessage, recipient: str, server: Server) -> None:
    """Send ``message`` to one recipient, who sees no other. Raises ``UndeliveredError``."""
    del message["To"]
    message["To"] = recipient
    with failures(server):
        smtp.send_message(message, parseaddr(message["From"])[1], [parseaddr(recipient)[1]])


@contextlib.contextmanager
def failures(server: Server) -> Iterator[None]:
    """Raise what goes wrong with ``server`` as ``UndeliveredError``."""
    try:
        yield
    except SMTPRecipientsRefused as error:
        raise _refused(server, *next(iter(error.recipients.values()))) from None
    except SMTPResponseException as error:
        raise _refused(server, error.smtp_code, error.smtp_error) from None
    except SMTPNotSupportedError as error:
        raise UndeliveredError(
            f"{server}: {error}",
            remedy="Correct mail_server: smtps:// is TLS, smtp+plain:// a server of this machine.",
        ) from None
    except ssl.SSLError as error:
        raise UndeliveredError(
            f"{server}: no TLS ({error.reason or error})",
            remedy="Check mail_server; SSL_CERT_FILE may name the certificate of your own CA.",
        ) from None
    except UnicodeError as error:
        raise UndeliveredError(f"{server}: {error}", remedy="Check the addresses.") from None
    except OSError as error:  # an SMTPException is one, too
        raise UndeliveredError(
            f"{server}: no connection ({error.strerror or error})",
            remedy="Check the server and the network.",
            passing=True,
        ) from None


def _refused(server: Server, code: int, said: bytes | str) -> UndeliveredError:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return UndeliveredError(
        f"{server}: refused ({code} {clean_line(' '.join(text.split()))})",
        remedy=f"Check the user and {PASSWORD_VARIABLE}." if code in (530, 534, 535) else "",
        passing=code // 100 == 4 or code == -1,
    )


def read(path: Path) -> EmailMessage:
    """Return the mail in a file. Raises ``OSError``."""
    import email

    return email.message_from_bytes(path.read_bytes(), policy=policy.SMTP)
