"""Delivery: mail against a real server, webhooks, pings, metrics, and what waits."""

from __future__ import annotations

import datetime as dt
import email
import json
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from email import policy
from email.message import EmailMessage
from email.utils import parseaddr
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from toolkit.config import Config, UnconfirmedUrl
from toolkit.data import Digest
from toolkit.digest import json_format
from toolkit.errors import ConfigError, InputError
from toolkit.pipeline import run
from toolkit.runs import delivery, mail
from toolkit.runs.delivery import State, deliver, keep_trying
from toolkit.runs.outcome import LastRun
from toolkit.testing import FakeTranslator

PASSWORD = "open sesame"


class Server:
    """A server for mail on loopback. ``answers`` come before acceptance, one a mail; a None drops
    the connection instead, and a number waits as many seconds."""

    def __init__(self, certificate: trustme.LeafCert | None = None, *, login: bool = False) -> None:
        self.mails: list[tuple[list[str], EmailMessage]] = []
        self.answers: list[str | float | None] = []
        context = None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(context)
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            self.port = unused.getsockname()[1]
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            tls_context=context,
            require_starttls=context is not None,
            auth_required=login,
            authenticator=self._authenticate if login else None,
        )

    def _authenticate(self, *given: Any) -> AuthResult:
        data = given[-1]
        assert isinstance(data, LoginPassword)
        return AuthResult(success=data.password == PASSWORD.encode(), handled=False)

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if isinstance(answer, float):
            time.sleep(answer)
            answer = "250 OK"
        if answer is None:
            server.transport.abort()
            return "421 gone"
        if answer.startswith("250"):
            message = email.message_from_bytes(envelope.content, policy=policy.default)
            self.mails.append((envelope.rcpt_tos, message))
        return answer

    def __enter__(self) -> Server:
        self._controller.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._controller.stop()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def certificate(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert("127.0.0.1")


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def config(tmp_path: Path, server: Server, sample_digest: Digest) -> Config:
    """A configuration that mails to two readers, with the digest's JSON in its folder."""
    folder = tmp_path / "outputs" / sample_digest.date.isoformat()
    folder.mkdir(parents=True)
    text = "".join(json_format.json_parts(sample_digest))
    (folder / "digest.json").write_text(text, encoding="utf-8")
    return Config(
        outputs=tmp_path / "outputs",
        cache=tmp_path / "cache.sqlite",
        model="demo",
        mail_server=f"smtp+plain://127.0.0.1:{server.port}",
        mail_from="Morning <news@example.org>",
        mail_to=["Ana <ana@example.org>", "ben@example.org"],
    )


def left(config: Config) -> list[str]:
    return [item.to for item in State.read(config.outputs).waiting]


def test_each_reader_gets_a_mail_of_two_parts(
    config: Config, server: Server, sample_digest: Digest, said: list[str]
) -> None:
    deliver(sample_digest, config, said.append)
    assert not said
    assert [to for to, _ in server.mails] == [["ana@example.org"], ["ben@example.org"]]
    _, message = server.mails[0]
    assert not any(part.defects for part in message.walk())
    assert message["To"] == "Ana <ana@example.org>"
    assert message["Subject"].endswith(sample_digest.stories[0].headline)
    text, page = message.iter_parts()
    assert message.get_content_type() == "multipart/alternative"
    assert text.get_content().startswith("# Morning briefing")
    shown = page.get_content()
    for story in sample_digest.stories:
        assert all(bullet.text.split()[0] in shown for bullet in story.bullets)
    assert '<h1 style="' in shown
    written = mail.read(config.outputs / "2026-11-21" / delivery.MAIL)
    assert written["Message-ID"] == message["Message-ID"]
    assert written["To"] == ", ".join(config.mail_to)


def test_nothing_is_delivered_twice(
    config: Config, server: Server, sample_digest: Digest, said: list[str]
) -> None:
    for _ in range(2):
        deliver(sample_digest, config, said.append)
    assert len(server.mails) == 2
    more = replace(sample_digest, stories=sample_digest.stories[:1])
    deliver(more, config, said.append)
    assert len(server.mails) == 4
    assert len({message["Message-ID"] for _, message in server.mails}) == 2


@pytest.mark.parametrize(
    ("answers", "words", "gone"),
    [
        (["451 4.7.1 Greylisted, try again"], "451 4.7.1 Greylisted", 1),
        (["550 no such user"], "550 no such user", 1),
        (["421 closing"], "421 closing", 0),
        ([None], "no connection", 0),
        ([1.5], "no connection", 0),
    ],
)
def test_a_mail_that_fails_waits_and_is_sent_later(
    answers: list[Any],
    words: str,
    gone: int,
    config: Config,
    server: Server,
    sample_digest: Digest,
    said: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connected = mail.connected
    monkeypatch.setattr(mail, "connected", lambda s: connected(s, patience=1.0))
    server.answers = list(answers)
    deliver(sample_digest, config, said.append)
    assert any(words in line for line in said)
    assert len(left(config)) == 2 - gone
    slept: list[float] = []
    done = keep_trying(config, said.append, seconds=600, sleep=slept.append)
    assert not done.waiting
    wanted = {"ana@example.org", "ben@example.org"}
    assert {to[0] for to, _ in server.mails} == wanted
    assert len({m["Message-ID"] for _, m in server.mails}) == 1


def test_a_server_that_never_ends_its_answer_is_cut_off(
    config: Config, sample_digest: Digest, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    connected = mail.connected
    monkeypatch.setattr(mail, "connected", lambda s: connected(s, limit=0.5))
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            channel, _ = listening.accept()
            with channel:
                try:
                    while True:
                        channel.sendall(b"220-\r\n")
                        time.sleep(0.05)
                except OSError:
                    pass

        threading.Thread(target=drip, daemon=True).start()
        slow = replace(config, mail_server=f"smtp+plain://127.0.0.1:{listening.getsockname()[1]}")
        deliver(sample_digest, slow, said.append)
    assert len(left(config)) == 2
    assert "no connection" in said[0]


def test_a_mail_is_sent_over_tls_to_whom_the_certificate_names(
    config: Config,
    sample_digest: Digest,
    authority: trustme.CA,
    certificate: trustme.LeafCert,
    tmp_path: Path,
    said: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Server(certificate, login=True) as server:
        address = f"smtp://news%40example.org@127.0.0.1:{server.port}"
        secure = replace(config, mail_server=address)
        deliver(sample_digest, secure, said.append)
        assert "TOOLKIT_MAIL_PASSWORD" in said[-1]
        secret = tmp_path / "secret"
        secret.write_text(f"{PASSWORD}\n")
        monkeypatch.setenv("TOOLKIT_MAIL_PASSWORD_FILE", str(secret))
        keep_trying(secure, said.append)
        assert "certificate" in said[-1].lower()
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        monkeypatch.setenv("TOOLKIT_MAIL_PASSWORD", "wrong")
        keep_trying(secure, said.append)
        assert "535" in said[-1]
        monkeypatch.delenv("TOOLKIT_MAIL_PASSWORD")
        unknown = replace(secure, mail_server=UnconfirmedUrl(address))
        keep_trying(unknown, said.append)
        assert "the password is not sent" in said[-1]
        assert not server.mails
        assert not keep_trying(secure, said.append).waiting
        assert len(server.mails) == 2
    assert PASSWORD not in "".join(said) + (config.outputs / delivery.STATE).read_text()


def test_without_starttls_nothing_is_sent(
    config: Config, server: Server, sample_digest: Digest, said: list[str]
) -> None:
    plain = replace(config, mail_server=f"smtp://127.0.0.1:{server.port}")
    deliver(sample_digest, plain, said.append)
    assert "STARTTLS" in said[0]
    assert "smtp+plain://" in said[0]
    assert not server.mails


def test_old_news_and_readers_who_left_are_given_up(
    config: Config, server: Server, sample_digest: Digest, said: list[str]
) -> None:
    server.answers = ["451 later"] * 2
    deliver(sample_digest, config, said.append)
    state = State.read(config.outputs)
    state.waiting[1].since = "2001-01-01T00:00:00+00:00"
    state.write(dt.datetime.now(dt.UTC))
    without = replace(config, mail_to=("ben@example.org",))
    said.clear()
    assert not keep_trying(without, said.append).waiting
    assert len(said) == 2
    assert all("451 later" in line for line in said)
    assert not server.mails


def test_a_damaged_state_is_begun_anew(
    config: Config, server: Server, sample_digest: Digest, said: list[str]
) -> None:
    for text in ("{", "[]", '{"waiting": [{}], "delivered": {}}'):
        (config.outputs / delivery.STATE).write_text(text)
        deliver(sample_digest, config, said.append)
    assert len(server.mails) == 6


@pytest.mark.parametrize(
    ("written", "held"),
    [
        ("a@b.example", "a@b.example"),
        ("<a@b.example>", "a@b.example"),
        ("Doe, Ana <a@b.example>", '"Doe, Ana" <a@b.example>'),
        ('"Doe, Ana" <a@b.example>', '"Doe, Ana" <a@b.example>'),
        ("Añá <a@b.example>", "Añá <a@b.example>"),
    ],
)
def test_addresses_are_held_as_mail_wants_them(written: str, held: str) -> None:
    assert Config(mail_to=written).mail_to == (held,)
    assert parseaddr(Config(mail_from=written).mail_from or "")[1] == "a@b.example"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("mail_server", "smtp://user:password@example.org"),
        ("mail_server", "example.org"),
        ("mail_to", ["nobody"]),
        ("mail_to", ["a@b.example, c@d.example"]),
        ("mail_to", ["Ana a@b.example>"]),
        ("mail_to", ["a@b\nBcc: c@d"]),
        ("notify", ["no address"]),
        ("ping", "ftp://example.org"),
    ],
)
def test_settings_that_cannot_be_used(setting: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=setting):
        Config(**{setting: value})


@pytest.fixture
def asked() -> Iterator[tuple[str, list[tuple[str, str]], list[int]]]:
    """A web server: its address, what it was asked, and the codes that it answers before 200."""
    seen: list[tuple[str, str]] = []
    codes: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            seen.append((self.path, body.decode()))
            self.send_response(codes.pop(0) if codes else 200)
            self.end_headers()

    listening = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{listening.server_address[1]}", seen, codes
    listening.shutdown()
    listening.server_close()


def test_a_webhook_gets_the_headlines(
    config: Config, sample_digest: Digest, said: list[str], asked: Any
) -> None:
    host, seen, codes = asked
    hook = replace(config, mail_to=(), notify=(f"json://{host}/secret",))
    codes[:] = [500]
    deliver(sample_digest, hook, said.append)
    assert "500" in said[0]
    assert "secret" not in said[0] + (config.outputs / delivery.STATE).read_text()
    assert not keep_trying(hook, said.append).waiting
    assert [path for path, _ in seen] == ["/secret"] * 2
    sent = json.loads(seen[-1][1])
    assert sent["title"] == "Morning briefing, 21 November 2026"
    assert sample_digest.stories[0].headline in sent["message"]
    deliver(sample_digest, hook, said.append)
    assert len(seen) == 2


def test_a_run_tells_its_monitors(
    config: Config, tmp_path: Path, server: Server, asked: Any, said: list[str]
) -> None:
    host, seen, _ = asked
    page = tmp_path / "a.txt"
    page.write_text("Rain in Porto\n\nIt rained in Porto on Monday. Schools were shut.\n")
    whole = replace(
        config,
        inputs=(page,),
        date=dt.date(2026, 11, 22),
        ping=f"http://{host}/check/1",
        metrics=tmp_path / "news.prom",
    )
    server.answers = ["451 later"] * 2
    result = run(whole, translator=FakeTranslator(), say=said.append)
    assert not result.failures
    assert len(left(config)) == 2
    last = LastRun.read(config.outputs)
    assert last
    assert (last.exit, last.counts["articles"], last.succeeded) == (0, 1, last.ended)
    figures = dict(
        line.rsplit(" ", 1)
        for line in (tmp_path / "news.prom").read_text().splitlines()
        if not line.startswith("#")
    )
    assert figures['news_digest_last_run_count{of="articles"}'] == "1.000"
    nothing = replace(whole, inputs=(tmp_path / "none.txt",))
    with pytest.raises(InputError):
        run(nothing, translator=FakeTranslator(), say=said.append)
    assert not left(config), "a run that fails delivers, too"
    failed = LastRun.read(config.outputs)
    assert failed
    assert (failed.exit, failed.succeeded) == (1, last.succeeded)
    paths = [path.partition("?")[0] for path, _ in seen]
    assert paths == ["/check/1/start", "/check/1", "/check/1/start", "/check/1/fail"]
    assert "none.txt" in seen[-1][1]
    record = (result.paths["run"]).read_text(encoding="utf-8")
    assert "/check/1" not in record


def test_a_monitor_that_is_not_there_costs_a_line(
    config: Config, tmp_path: Path, said: list[str]
) -> None:
    page = tmp_path / "a.txt"
    page.write_text("Rain in Porto\n\nIt rained in Porto on Monday. Schools were shut.\n")
    dead = replace(config, inputs=(page,), mail_to=(), ping="http://127.0.0.1:1/abc")
    result = run(
        replace(dead, metrics=tmp_path / "no/such"), translator=FakeTranslator(), say=said.append
    )
    assert result.paths["html"].exists()
    assert sum("was not told" in line for line in said) == 2
    assert any("not written" in line for line in said)
    assert not any("abc" in line for line in said)


def test_without_apprise_the_command_that_installs_it_is_told(
    config: Config, sample_digest: Digest, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    deliver(sample_digest, replace(config, mail_to=(), notify=("json://h/secret",)), said.append)
    (line,) = said
    assert "pip install apprise" in line
    assert "secret" not in line
