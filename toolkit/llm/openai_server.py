"""A client for servers with OpenAI's chat interface: Ollama, llama.cpp, vLLM, ``transformers
serve`` and the like, near or far."""

from __future__ import annotations

import email.utils
import json
import logging
import random
import time
from typing import TYPE_CHECKING, Any

from toolkit.errors import ConfigError
from toolkit.llm.base import GeneratorError
from toolkit.llm.keys import KEY_VARIABLE, LOCAL_HOSTS, ServerKey, without_key

if TYPE_CHECKING:
    import httpx2

_RETRIED = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_FIRST_WAIT = 0.5  # seconds, doubled at each retry
_MAX_WAIT = 30.0  # seconds; a server that asks for more is given up
_CONNECT = 10.0  # seconds to reach a server at all
_MAX_BYTES = 4 << 20  # of an answer; a chat answer is a few kilobytes
_BYTES_PER_TOKEN = 3  # a low guess for English (about 4), so that counts are rather too high

log = logging.getLogger(__name__)


class OpenAIServer:
    """A model behind ``url`` (``http://localhost:11434/v1``).

    ``timeout`` is in seconds for one whole request, ``retries`` how often a request that failed
    for a passing reason (429, 5xx, no connection, out of time) is tried again, ``budget`` how
    many tokens, prompts and answers together, may be used in the life of this object,
    ``thinking`` how many of ``context`` an answer may take beyond what is asked for (models that
    think aloud need them, others leave them). ``endpoint`` is the address that is asked. Raises
    ``ConfigError`` for an address that is none or that carries a password.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        context: int = 8192,
        timeout: float = 120.0,
        retries: int = 2,
        budget: int = 1_000_000,
        thinking: int = 1024,
    ) -> None:
        import httpx2

        address = _address(url)
        self.signature = f"{model} at {address.netloc.decode('ascii')}"
        self.context = context - thinking
        self.endpoint = str(address)
        self._model = model
        self._timeout = timeout
        self._retries = retries
        self._left = budget
        self._thinking = thinking
        self._newer = False
        self._client = httpx2.Client(
            timeout=httpx2.Timeout(timeout, connect=min(timeout, _CONNECT)),
            follow_redirects=False,  # a redirect would carry the key to another host
            trust_env=address.host not in LOCAL_HOSTS,  # no proxy between this machine and itself
        )
        self._key = ServerKey(url, address)

    def count(self, text: str) -> int:
        """Return an estimate on the high side: the server's tokenizer is not known."""
        return len(text.encode()) // _BYTES_PER_TOKEN + 1

    def generate(self, prompt: str, *, max_tokens: int) -> str:
        """See ``Generator.generate``."""
        for attempt in range(self._retries + 1):
            if self._left < self.count(prompt) + max_tokens:
                raise GeneratorError(
                    f"the token budget of this run is used up ({self._left} left)",
                    remedy="Raise the budget, or leave the rest to the extractive summariser.",
                )
            try:
                return self._ask(prompt, max_tokens)
            except _PassingError as error:
                wait = _wait(attempt, error.retry_after)
                if attempt == self._retries or wait is None:
                    raise GeneratorError(f"{self.signature}: {error}") from None
                log.info("%s: %s; again in %.1f s", self.signature, error, wait)
                time.sleep(wait)
        raise AssertionError("unreachable")  # the last attempt returns or raises

    def models(self) -> list[str]:
        """Return the names of the models that the server offers, as far as it says. Raises
        ``GeneratorError`` where it cannot be reached or refuses."""
        import httpx2

        address = f"{self.endpoint.removesuffix('/chat/completions')}/models"
        try:
            answer = self._client.get(address, headers=self._key.header())
        except httpx2.HTTPError as error:
            raise GeneratorError(
                f"{self.signature}: no connection ({type(error).__name__})",
                remedy="Start the server, or check its address.",
            ) from None
        if answer.status_code in (401, 403):
            raise GeneratorError(
                f"{self.signature}: answered {answer.status_code}",
                remedy=self._remedy(answer.status_code),
            )
        try:
            return [str(model["id"]) for model in answer.json()["data"]]
        except (ValueError, LookupError, TypeError):
            return []

    def _remedy(self, status: int) -> str:
        if status in (401, 403):
            return self._key.remedy()
        return "Check the address and the name of the model." if status == 404 else ""

    def _ask(self, prompt: str, max_tokens: int) -> str:
        import httpx2

        try:
            status, headers, body = self._post(self._payload(prompt, max_tokens))
        except httpx2.TimeoutException:
            raise _PassingError("no answer in time") from None
        except httpx2.HTTPError as error:
            raise _PassingError(f"no connection ({type(error).__name__})") from None
        if status == 400 and not self._newer and b"max_completion_tokens" in body:
            # OpenAI's newer models renamed this and refuse a temperature.
            self._newer = True
            return self._ask(prompt, max_tokens)
        if status in _RETRIED:
            raise _PassingError(f"answered {status}", headers.get("retry-after"))
        if status != 200:
            raise GeneratorError(
                f"{self.signature}: answered {status}{_reason(status, body)}",
                remedy=self._remedy(status),
            )
        return self._read(body, self.count(prompt))

    def _payload(self, prompt: str, max_tokens: int) -> dict[str, Any]:
        limit = max_tokens + self._thinking
        payload: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": "user", "content": prompt}],
            "stream": False,
        }
        if self._newer:
            return payload | {"max_completion_tokens": limit}
        return payload | {"max_tokens": limit, "temperature": 0.0}

    def _post(self, payload: dict[str, Any]) -> tuple[int, httpx2.Headers, bytes]:
        """Return status, headers and body of the answer, within ``timeout`` from first to last."""
        import httpx2

        deadline = time.monotonic() + self._timeout
        with self._client.stream(
            "POST", self.endpoint, json=payload, headers=self._key.header()
        ) as answer:
            body = b""
            for part in answer.iter_bytes():
                body += part
                # A limit per read would let a server that drips keep a run for ever.
                if time.monotonic() > deadline:
                    raise httpx2.ReadTimeout("the whole answer took too long")
                if len(body) > _MAX_BYTES:
                    raise GeneratorError(f"{self.signature}: an answer of over {_MAX_BYTES} bytes")
            return answer.status_code, answer.headers, body

    def _read(self, body: bytes, prompt_tokens: int) -> str:
        """Return the text of an answer; what it used is taken off the budget."""
        try:
            answer = json.loads(body)
            text = answer["choices"][0]["message"]["content"]
        except (ValueError, LookupError, TypeError):
            self._left -= prompt_tokens
            raise GeneratorError(f"{self.signature}: an answer that is no chat answer") from None
        if not isinstance(text, str) or not text.strip():
            self._left -= prompt_tokens
            raise GeneratorError(f"{self.signature}: an empty answer")
        usage = answer.get("usage")
        used = usage.get("total_tokens") if isinstance(usage, dict) else None
        self._left -= used if isinstance(used, int) else prompt_tokens + self.count(text)
        return text


class _PassingError(Exception):
    """A failure that may pass: the request is sent again."""

    def __init__(self, reason: str, retry_after: str | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


def _address(url: str) -> httpx2.URL:
    import httpx2

    try:
        address = httpx2.URL(url)
    except httpx2.InvalidURL:
        address = httpx2.URL("")
    if address.userinfo:
        raise ConfigError(
            "the address of a language model must not carry a password",
            remedy=f"Put the key into the environment variable {KEY_VARIABLE}.",
        )
    if address.scheme not in ("http", "https") or not address.host:
        raise ConfigError(
            f"{url!r} is no address of a server", remedy="Say for example http://localhost:11434/v1"
        )
    path = address.path.rstrip("/").removesuffix("/chat/completions")
    return address.copy_with(path=f"{path or '/v1'}/chat/completions")


def _wait(attempt: int, retry_after: str | None) -> float | None:
    """Return the seconds until the next try, as the server asks or doubling; None where it asks for
    more than a run can wait."""
    asked = _seconds(retry_after)
    if asked is not None:
        return asked if asked <= _MAX_WAIT else None
    wait: float = _FIRST_WAIT * 2**attempt * random.uniform(0.75, 1.25)
    return min(_MAX_WAIT, wait)


def _seconds(retry_after: str | None) -> float | None:
    """Return the seconds from now that a Retry-After header, a number or a date, asks for."""
    if retry_after is None:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        moment = email.utils.parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(0.0, moment.timestamp() - time.time())


def _reason(status: int, body: bytes) -> str:
    """Return the error that the server names, unless that might repeat the key."""
    if status in (401, 403):
        return ""
    try:
        error = json.loads(body)["error"]
        message = error["message"] if isinstance(error, dict) else error
    except (ValueError, LookupError, TypeError):
        return ""
    said = " ".join(str(message).split())[:200]
    return f" ({without_key(said)})"
