"""A hub on loopback that speaks enough of the protocol for a fetch."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CONVERSION = "fedcba9876543210fedcba9876543210fedcba98"


@dataclass
class Hub:
    """One repository. ``files`` by revision name; ``cut`` names a file whose first ``cuts``
    transfers break off in the middle; ``whole`` ignores ranges; ``status`` answers everything
    with that code."""

    repository: str
    files: dict[str, dict[str, bytes]]
    author: str = "SFconvertbot"
    cut: str = ""
    cuts: int = 1
    whole: bool = False
    status: int = 0
    url: str = ""
    requests: list[str] = field(default_factory=list)

    def commit(self, revision: str) -> str | None:
        if revision in (COMMIT, CONVERSION):
            return revision
        return {"main": COMMIT, "refs/pr/7": CONVERSION}.get(revision)

    def content(self, revision: str) -> dict[str, bytes] | None:
        names = {COMMIT: "main", CONVERSION: "refs/pr/7"}
        return self.files.get(names.get(revision, revision))

    def info(self, revision: str) -> dict[str, object]:
        siblings = []
        for name, data in (self.content(revision) or {}).items():
            row: dict[str, object] = {"rfilename": name, "size": len(data), "blobId": "b" * 40}
            if name.endswith((".safetensors", ".bin")):
                sha = hashlib.sha256(data).hexdigest()
                row["lfs"] = {"sha256": sha, "size": len(data), "pointerSize": 100}
            siblings.append(row)
        return {
            "id": self.repository,
            "sha": self.commit(revision),
            "siblings": siblings,
            "cardData": {"license": "cc-by-nc-4.0"},
            "private": False,
        }

    def discussions(self) -> dict[str, object]:
        rows = [
            {
                "num": 7,
                "title": "Adding `safetensors` variant of this model",
                "author": {"name": self.author},
                "isPullRequest": True,
                "status": "open",
                "createdAt": "2023-03-05T00:00:00.000Z",
                "repo": {"name": self.repository, "type": "model"},
            }
        ]
        found = rows if "refs/pr/7" in self.files else []
        return {"discussions": found, "count": len(found), "start": 0}


class _Handler(BaseHTTPRequestHandler):
    """Answers for the hub that a subclass names."""

    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.requests.append(f"{self.command} {path} {self.headers.get('Range', '')}".strip())
        api = f"/api/models/{self.hub.repository}"
        if self.hub.status:
            self.reply(self.hub.status, b"{}", {})
        elif path == f"{api}/discussions":
            self.reply(200, json.dumps(self.hub.discussions()).encode(), {})
        elif path.startswith(f"{api}/revision/"):
            revision = path.removeprefix(f"{api}/revision/")
            if self.hub.content(revision) is None:
                self.reply(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
            else:
                self.reply(200, json.dumps(self.hub.info(revision)).encode(), {})
        elif path.startswith(f"/{self.hub.repository}/resolve/"):
            revision, _, name = path.removeprefix(f"/{self.hub.repository}/resolve/").partition("/")
            self.file(revision, name)
        else:
            self.reply(404, b"{}", {"X-Error-Code": "RepoNotFound"})

    def file(self, revision: str, name: str) -> None:
        data = (self.hub.content(revision) or {})[name]
        headers = {
            "X-Repo-Commit": str(self.hub.commit(revision)),
            "ETag": f'"{hashlib.sha256(data).hexdigest()}"',
            "Accept-Ranges": "bytes",
        }
        start = (
            0
            if self.hub.whole
            else int((self.headers.get("Range") or "bytes=0-")[6:].split("-")[0])
        )
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        if self.command == "GET" and name == self.hub.cut and self.hub.cuts:
            self.hub.cuts -= 1
            code, rest = 206 if start else 200, data[start:]
            self.reply(code, rest, headers, sent=len(rest) // 2)
            self.close_connection = True
        else:
            self.reply(206 if start else 200, data[start:], headers)

    def reply(
        self, code: int, body: bytes, headers: dict[str, str], sent: int | None = None
    ) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[:sent])


def _handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    return type("Handler", (_Handler,), {"hub": hub})


@pytest.fixture
def hub(tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """The tiny checkpoint as ``someone/tiny-nllb`` on loopback, with an empty cache here."""
    files = {file.name: file.read_bytes() for file in tiny_checkpoint.iterdir()}
    hub = Hub("someone/tiny-nllb", {"main": files | {"pytorch_model.bin": b"pickle", "a.py": b""}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    yield hub
    server.shutdown()
    server.server_close()
