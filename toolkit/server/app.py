"""Answer requests in the form of LibreTranslate's interface, so that its clients can be used.

``/translate``, ``/detect``, ``/languages`` and ``/frontend/settings`` take and give the same as
there. Beside the translation stands what the checks found wrong with it (``warnings``).
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from toolkit.data import TranslatedArticle, Translation
from toolkit.errors import ConfigError, InputError, ToolkitError
from toolkit.languages import ENGLISH, codes, detection
from toolkit.server.batching import Batcher, BusyError
from toolkit.server.texts import Text
from toolkit.translators.checks.rules import EXPLANATIONS

# Names that LibreTranslate has for languages, where they are not tags of BCP 47.
_ALIASES = {"zt": "zho_Hant", "pb": "por_Latn"}
_DETECTED = "auto"
# Bytes of a body for each character that may be translated: four in UTF-8, six as \uXXXX in
# JSON, nine where a form encodes them; and what stands around them.
_BYTES_A_CHARACTER, _OTHER_BYTES = 12, 4096


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may ask for: characters in all, and texts."""

    characters: int = 20_000
    texts: int = 256


@dataclass(frozen=True, slots=True)
class Service:
    """What the routes share. ``key`` is what clients must send, if anything; ``notice`` is what
    readers of every translation must see."""

    batcher: Batcher
    limits: Limits = field(default_factory=Limits)
    key: str | None = None
    notice: str = ""
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)


def create_app(service: Service) -> Starlette:
    """Return the application."""

    def route(path: str, handler: _Handler, *methods: str, open_to_all: bool = False) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                asked = await _parameters(request, service.limits)
                if not open_to_all:
                    _check_key(asked, service.key)
                response = await handler(service, asked)
            except HTTPException as error:
                response = JSONResponse({"error": error.detail}, error.status_code, error.headers)
            service.answers[path, response.status_code] += 1
            return response

        return Route(path, endpoint, methods=list(methods))

    return Starlette(
        routes=[
            route("/translate", _translate, "POST"),
            route("/detect", _detect, "POST"),
            route("/languages", _languages, "GET", open_to_all=True),
            route("/frontend/settings", _settings, "GET", open_to_all=True),
            route("/health", _health, "GET", open_to_all=True),
            route("/metrics", _metrics, "GET"),
        ],
        exception_handlers={HTTPException: _no_such_route, Exception: _unforeseen},
    )


_Handler = Callable[[Service, Mapping[str, Any]], Awaitable[Response]]


async def _no_such_route(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return JSONResponse({"error": f"no {request.method} {request.url.path} here"}, status)


async def _unforeseen(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": "unforeseen error; the server's log has it"}, 500)


async def _parameters(request: Request, limits: Limits) -> dict[str, Any]:
    """Return what a request asks for: its query, and its body as JSON or as a form."""
    most = limits.characters * _BYTES_A_CHARACTER + _OTHER_BYTES
    received = 0

    async def receive() -> Any:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > most:
            raise HTTPException(413, f"the request is larger than {most} bytes")
        return message

    limited = Request(request.scope, receive)
    asked = _fields(request.query_params.multi_items())
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        form = await limited.form(max_files=0, max_part_size=most)
        return asked | _fields(form.multi_items())
    try:
        body = (await limited.body()).decode("utf-8-sig")
        if kind != "application/json":
            return asked | _fields(parse_qsl(body, keep_blank_values=True))
        found = json.loads(body)
    except (ValueError, RecursionError):
        expected = "JSON" if kind == "application/json" else "a form"
        raise HTTPException(400, f"the body is not {expected} in UTF-8") from None
    if not isinstance(found, dict):
        raise HTTPException(400, "the body is no JSON object")
    return asked | found


def _fields(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return the fields of a form or a query; several texts (``q``) as a list."""
    texts = [value for name, value in pairs if name == "q"]
    return dict(pairs) | ({"q": texts if len(texts) > 1 else texts[0]} if texts else {})


def _check_key(asked: Mapping[str, Any], key: str | None) -> None:
    given = asked.get("api_key")
    if key is None:
        return
    if not given:
        raise HTTPException(403, "an API key is needed: api_key")
    if not (isinstance(given, str) and hmac.compare_digest(given.encode(), key.encode())):
        raise HTTPException(403, "the API key is wrong")


def _texts(asked: Mapping[str, Any], limits: Limits) -> tuple[list[str], bool]:
    """Return the texts that a request holds, and whether it asked for several."""
    texts = asked.get("q")
    several = isinstance(texts, list)
    texts = texts if isinstance(texts, list) else [texts]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise HTTPException(400, "q must be a text, or a list of texts")
    if len(texts) > limits.texts:
        raise HTTPException(400, f"at most {limits.texts} texts a request; {len(texts)} given")
    size = sum(map(len, texts))
    if size > limits.characters:
        raise HTTPException(400, f"at most {limits.characters} characters a request; {size} given")
    return texts, several


def _language(asked: Mapping[str, Any], name: str) -> str:
    """Return the FLORES-200 code that the parameter ``name`` stands for."""
    given = asked.get(name)
    if not isinstance(given, str):
        raise HTTPException(400, f"{name} must be the code of a language")
    try:
        return _ALIASES.get(given.lower()) or codes.resolve(given).code
    except ConfigError as error:
        raise HTTPException(400, f"{name}: {error}") from None


@dataclass(frozen=True, slots=True)
class _Detected:
    """The language of one text, and how sure that is, in per cent."""

    code: str
    confidence: float

    def shown(self) -> dict[str, Any]:
        return {"confidence": self.confidence, "language": codes.get(self.code).bcp47}


def _detected(text: str) -> list[_Detected]:
    """Return the languages that ``text`` may be in, the likeliest first; none without letters."""
    try:
        found = detection.detect(text)
    except InputError:
        return []
    pairs = [(found.code, found.confidence), *found.runners_up]
    return [_Detected(code, round(100 * confidence, 1)) for code, confidence in pairs]


async def _detect(service: Service, asked: Mapping[str, Any]) -> Response:
    texts, several = _texts(asked, service.limits)
    found = await asyncio.to_thread(lambda: [_detected(text) for text in texts])
    shown = [[language.shown() for language in languages] for languages in found]
    return JSONResponse(shown if several else shown[0])


async def _translate(service: Service, asked: Mapping[str, Any]) -> Response:
    texts, several = _texts(asked, service.limits)
    if (form := asked.get("format", "text")) not in ("text", "html"):
        raise HTTPException(400, "format must be text or html")
    target = _language(asked, "target")
    guessed: list[_Detected] = []
    if asked.get("source", _DETECTED) == _DETECTED:
        found = await asyncio.to_thread(lambda: [_detected(text) for text in texts])
        guessed = [languages[0] if languages else _Detected(target, 0.0) for languages in found]
        sources = [language.code for language in guessed]
    else:
        sources = [_language(asked, "source")] * len(texts)
    pairs = list(zip(texts, sources, strict=True))
    cuts = await asyncio.to_thread(
        lambda: [Text(text, source, target, tags=form == "html") for text, source in pairs]
    )
    done = await _done(service, cuts, target)
    made = [text.english(article) for text, article in zip(cuts, done, strict=True)]
    answer: dict[str, Any] = {
        "translatedText": [text for text, _ in made],
        "warnings": [_warnings(rows) for _, rows in made],
    }
    if guessed:
        answer["detectedLanguage"] = [language.shown() for language in guessed]
    if asked.get("alternatives"):
        answer["alternatives"] = [[] for _ in texts]
    if not several:
        answer = {name: values[0] for name, values in answer.items()}
    return JSONResponse(answer | ({"notice": service.notice} if service.notice else {}))


async def _done(service: Service, cuts: list[Text], target: str) -> list[TranslatedArticle]:
    """Return the translations of all texts, once the model has had them."""
    try:
        job = service.batcher.submit([text.prepared for text in cuts], target=target)
        return await asyncio.wrap_future(job)
    except BusyError as error:
        raise HTTPException(503, str(error), headers={"Retry-After": "5"}) from None
    except ConfigError as error:
        raise HTTPException(400, str(error)) from None
    except ToolkitError as error:
        raise HTTPException(500, f"{error}. {error.remedy}".removesuffix(". ")) from None


def _warnings(rows: Sequence[Translation]) -> list[dict[str, Any]]:
    """Return what the checks found, sentence by sentence, in a reader's words."""
    return [
        {
            "source": row.segment.text,
            "translation": row.english,
            "reasons": [EXPLANATIONS.get(flag, flag) for flag in row.flags],
        }
        for row in rows
        if row.doubtful
    ]


async def _languages(service: Service, asked: Mapping[str, Any]) -> Response:
    known = codes.all_languages()
    tags = [language.bcp47 for language in known]
    return JSONResponse(
        [{"code": lang.bcp47, "name": lang.name, "targets": tags} for lang in known]
    )


async def _settings(service: Service, asked: Mapping[str, Any]) -> Response:
    english = codes.get(ENGLISH)
    return JSONResponse(
        {
            "apiKeys": service.key is not None,
            "keyRequired": service.key is not None,
            "charLimit": service.limits.characters,
            "batchLimit": service.limits.texts,
            "suggestions": False,
            "supportedFilesFormat": [],
            "language": {
                "source": {"code": _DETECTED, "name": "Auto Detect"},
                "target": {"code": english.bcp47, "name": english.name},
            },
        }
    )


async def _health(service: Service, asked: Mapping[str, Any]) -> Response:
    return JSONResponse({"status": "ok"})


async def _metrics(service: Service, asked: Mapping[str, Any]) -> Response:
    """Return what was done since the start, in Prometheus' text format."""
    counts = service.batcher.counts
    lines = ["# TYPE toolkit_requests_total counter"]
    for (path, status), number in sorted(service.answers.items()):
        lines.append(f'toolkit_requests_total{{path="{path}",status="{status}"}} {number}')
    for name, kind, value in (
        ("batches_total", "counter", counts.batches),
        ("segments_translated_total", "counter", counts.segments),
        ("segments_from_cache_total", "counter", counts.from_cache),
        ("segments_flagged_total", "counter", counts.flagged),
        ("segments_waiting", "gauge", service.batcher.waiting),
    ):
        lines += [f"# TYPE toolkit_{name} {kind}", f"toolkit_{name} {value}"]
    return PlainTextResponse("\n".join(lines) + "\n")
