"""Places are found in running text, whatever their spelling."""

from __future__ import annotations

import doctest
import gzip
from importlib.resources import files

import pytest

from toolkit.stories.facts import facts
from toolkit.text import places as module
from toolkit.text.places import places, plain


@pytest.mark.parametrize(
    ("text", "countries"),
    [
        ("the peruvian president flew from kiev to ho chi minh city", ["PE", "UA", "VN"]),
        ("people's republic of china", ["CN"]),
        ("north koreans and south korean troops", ["KP", "KR"]),
        ("nobody here", []),
    ],
)
def test_places_of_a_text(text: str, countries: list[str]) -> None:
    assert [place.country for _, _, place in places(text.split())] == countries


def test_every_place_can_stand_in_an_article() -> None:
    packed = files("toolkit.text").joinpath("cities.tsv.gz").read_bytes()
    for line in gzip.decompress(packed).decode().splitlines():
        first = line.split("\t")[1].split(";")[0]
        assert facts([f"Fire in {first}"]).names


def test_marks_on_letters_do_not_matter() -> None:
    assert plain("Łódź São Tomé") == "lodz sao tome"


def test_examples() -> None:
    assert not doctest.testmod(module).failed
