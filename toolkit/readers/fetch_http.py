"""The parts of HTTP that fetching needs: addresses, bodies with a bound, and errors in words."""

from __future__ import annotations

import contextlib
import email.utils
import ssl
import time
import zlib
from collections.abc import Iterator
from http import HTTPStatus

import httpcore2
import httpx2

from toolkit.readers.fetch_network import FetchError

_PASSING = frozenset((408, 425, 429, 500, 502, 503, 504))
_REFUSED = frozenset((401, 402, 403, 451))
# Detects the header of gzip or of zlib.
_ANY_HEADER = 47
BY_HAND = "Save the page from a browser and name the file."
_CHECK = "Check the address."


def parse_url(text: str, base: httpx2.URL | None = None) -> httpx2.URL:
    """Return the address ``text``, seen from ``base``. Raises ``FetchError`` for one that cannot be
    fetched."""
    try:
        url = base.join(text) if base else httpx2.URL(text)
    except (httpx2.InvalidURL, ValueError):
        raise FetchError("not a valid address", remedy=_CHECK) from None
    if url.scheme not in ("http", "https") or not url.host:
        raise FetchError(
            "redirected to what is no web address" if base else "no web address",
            remedy="Only http:// and https:// are fetched.",
        )
    if url.userinfo:
        raise FetchError("the address carries a password", remedy="Leave it out.")
    return url.copy_with(fragment=None)


def core_url(url: httpx2.URL) -> httpcore2.URL:
    """Return ``url`` as the connections take it."""
    return httpcore2.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )


async def read_body(answer: httpcore2.Response, headers: dict[str, str], size: int) -> bytes:
    """Return the body of an answer, unpacked. Raises ``FetchError`` where either is larger than
    ``size`` bytes: of what is packed too tightly, no more than that is unpacked."""
    too_large = FetchError(f"larger than {size / 1e6:g} MB", remedy="Save the article alone.")
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > size:
        raise too_large
    unpack = _Unpacker(headers.get("content-encoding", "").lower())
    parts: list[bytes] = []
    packed = unpacked = 0
    async for part in answer.aiter_stream():
        packed += len(part)
        parts.append(unpack(part, size + 1 - unpacked))
        unpacked += len(parts[-1])
        if max(packed, unpacked) > size:
            raise too_large
    unpack.end()
    return b"".join(parts)


class _Unpacker:
    """Unpacks gzip and deflate, part by part."""

    def __init__(self, encoding: str) -> None:
        if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise FetchError(f"packed as {encoding[:40]!r}, which was not asked for")
        packed = encoding not in ("", "identity")
        self._zip = zlib.decompressobj(_ANY_HEADER) if packed else None
        self._begun = False

    def __call__(self, data: bytes, most: int) -> bytes:
        """Return what ``data`` unpacks to, at most ``most`` bytes of it."""
        if self._zip is None:
            return data
        found = b""
        while data and len(found) < most:
            if self._zip.eof:  # One file of gzip may follow another; zeros fill up the last.
                if not (data := data.lstrip(b"\0")):
                    break
                self._zip = zlib.decompressobj(_ANY_HEADER)
            try:
                found += self._zip.decompress(data, most - len(found))
            except zlib.error:
                if self._begun:
                    raise FetchError("packed wrongly", passing=True) from None
                # Deflate without a header, as some servers send it.
                self._zip, self._begun = zlib.decompressobj(-zlib.MAX_WBITS), True
                continue
            self._begun = True
            data = self._zip.unused_data
        return found

    def end(self) -> None:
        """Raise ``FetchError`` where the end is missing."""
        if self._zip is not None and self._begun and not self._zip.eof:
            raise FetchError("the connection broke off", passing=True)


@contextlib.contextmanager
def network_errors() -> Iterator[None]:
    """Turn the errors of connections into ``FetchError``."""
    try:
        yield
    except httpcore2.TimeoutException:
        raise FetchError("no answer in time") from None
    except httpcore2.ConnectError as error:
        raise FetchError(_no_connection(error)) from None
    except (httpcore2.NetworkError, httpcore2.RemoteProtocolError):
        raise FetchError("the connection broke off", passing=True) from None
    except httpcore2.ProxyError as error:
        raise FetchError(f"the proxy refused it ({error})") from None
    except (httpcore2.ProtocolError, httpcore2.UnsupportedProtocol):
        raise FetchError("no answer in HTTP", remedy=_CHECK) from None


def _no_connection(error: BaseException) -> str:
    """Return why there was no connection: the certificate, or nothing that is known."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not valid ({cause.verify_message})"
        if isinstance(cause, ssl.SSLError):
            return "no secure connection"
        cause = cause.__cause__ or cause.__context__
    return "no connection"


def answered(status: int, headers: dict[str, str]) -> FetchError:
    """Return the error that an answer other than 200 is."""
    with contextlib.suppress(ValueError):
        phrase = HTTPStatus(status).phrase
        reason = f"answered {status} ({phrase})"
        if status == HTTPStatus.GONE:
            remedy = "It is gone for good: take it off the list."
        elif status in _REFUSED:
            remedy = f"It lets no program in. {BY_HAND}"
        elif status in _PASSING:
            remedy = "Try again later."
        else:
            remedy = _CHECK
        wait = headers.get("retry-after")
        if wait and seconds(wait):
            reason += f" and asks to wait {seconds(wait):.0f} seconds"
        return FetchError(
            reason, remedy=remedy, passing=status in _PASSING, wait=wait, status=status
        )
    return FetchError(f"answered {status}", status=status)


def seconds(retry_after: str | None) -> float | None:
    """Return the seconds from now that a Retry-After header, a number or a date, asks for."""
    with contextlib.suppress(ValueError, TypeError):
        return max(0.0, float(retry_after or ""))
    with contextlib.suppress(ValueError, TypeError):
        moment = email.utils.parsedate_to_datetime(retry_after or "")
        return max(0.0, moment.timestamp() - time.time())
    return None
