"""The digest as JSON, and its schema."""

from __future__ import annotations

import datetime as dt
import json
from importlib import resources
from typing import Any

import jsonschema
import pytest

from toolkit.data import Digest
from toolkit.digest.example import example
from toolkit.digest.json_format import json_parts, to_json

EMPTY = Digest(dt.date(2026, 11, 21), "signature", (), ())


def schema() -> Any:
    file = resources.files("toolkit.digest") / "schema" / "digest.schema.json"
    return json.loads(file.read_text(encoding="utf-8"))


def check(value: Any) -> None:
    kind = jsonschema.Draft202012Validator
    kind.check_schema(schema())
    kind(schema(), format_checker=kind.FORMAT_CHECKER).validate(value)


def test_the_parts_of_the_json_are_the_whole(sample_digest: Digest, hostile_digest: Digest) -> None:
    for digest in (sample_digest, hostile_digest, EMPTY):
        whole = json.dumps(to_json(digest), ensure_ascii=False, indent=2)
        assert "".join(json_parts(digest)) == whole + "\n"


def test_json_follows_its_schema(sample_digest: Digest, hostile_digest: Digest) -> None:
    for digest in (sample_digest, hostile_digest, EMPTY):
        value = json.loads(json.dumps(to_json(digest), ensure_ascii=False).encode())
        check(value)
        assert value == to_json(digest)
    value = to_json(sample_digest)
    assert value["date"] == "2026-11-21"
    assert value["articles"][0]["original_title"].startswith("નવસાગર")
    assert value["articles"][0]["title"].startswith("Ferry service")
    assert value["stories"][0]["continues"] == "2026-11-18"
    assert value["stories"][0]["bullets"][1]["cites"] == [
        {"article": "6a1f09c2d37b4e58", "segments": [2, 4]}
    ]
    assert value["failures"][0]["remedy"] == "Fetch it again or take it out."


def test_json_has_the_versions_on_which_sources_differ() -> None:
    value = to_json(example())
    check(value)
    story = value["stories"][0]
    (dispute,) = story["disputed"]
    assert dispute["about"] == ["how many"]
    assert [(v["cites"][0]["article"], v["later"]) for v in dispute["versions"]] == [
        ("a0", False),
        ("a1", True),
    ]
    bullets = [
        {k: v for k, v in version.items() if k != "later"} for version in dispute["versions"]
    ]
    assert bullets == story["bullets"][1:]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("date",), "21 November"),
        (("articles", 0, "language"), "Gujarati"),
        (("articles", 0, "extra"), 1),
        (("stories", 0, "bullets", 0, "cites"), []),
        (("stories", 0, "bullets", 0, "cites", 0, "segments"), [-1]),
        (("failures", 0, "stage"), "dream"),
        (("signature",), None),
    ],
)
def test_the_schema_refuses_an_object_that_is_no_digest(
    sample_digest: Digest, path: tuple[str | int, ...], value: object
) -> None:
    whole = to_json(sample_digest)
    inner: Any = whole
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        check(whole)
