"""What must stay as it is: found where it was altered, and put back where that is sure."""

from __future__ import annotations

import pytest

from toolkit.data import Hypothesis
from toolkit.testing.fakes import FakeTranslator
from toolkit.translators.checks.retry import checked
from toolkit.translators.checks.verbatim import kept_differ, put_back


@pytest.mark.parametrize(
    ("item", "altered"),
    [
        ("https://news.example/2024/flood.html", "https: //news.example/2024/flood. html"),
        ("https://news.example/2024/flood.html", "https://news.example/2024/flod.html"),
        ("www.rivernews.org", "www. RiverNews. org"),
        ("www.rivernews.org", "www.rivernevs.org"),
        ("info@river.org", "info @ river.org"),
        ("info@river.org", "infos@river.org"),
        ("@RiverNews24", "@ RiverNews24"),
        ("@RiverNews24", "@RivrNews24"),
        ("#SaveTheRiver", "# savetheriver"),
        ("#SaveTheRiver", "#SaveTheRivers"),
        ("{count}", "{ Count }"),
        ("%(name)s", "% (name) s"),
        ("<b>", "< b >"),
        ("`run_all()`", "` run_all () `"),
    ],
)
def test_an_altered_form_is_put_back(item: str, altered: str) -> None:
    source = f"અહીં {item} જુઓ."
    assert kept_differ(source, f"See {altered} here.")
    assert put_back(source, f"See {altered} here.") == f"See {item} here."


@pytest.mark.parametrize(
    ("source", "english"),
    [
        ("@RiverNews અને @RiverNow", "@RiverNew and more"),  # of two it is not told which
        ("info@river.org પર લખો.", "Write to sales@market.com."),
        ("www.river.org જુઓ.", "See #river."),
        ("{count} લોકો", "{name} people"),
        ("@River", "@Riverside Park is at @Riverbank."),
    ],
)
def test_another_address_is_flagged_and_stays(source: str, english: str) -> None:
    assert put_back(source, english) == english
    assert kept_differ(source, english)


@pytest.mark.parametrize(
    ("source", "english"),
    [
        ("વધુ માહિતી: www.facebook.com/river", "More on our Facebook page."),
        ("https://news.example/a?b=1&c=2", "https://news.example/a?b=1&c=2"),
        ("@River અને @River2", "@River and @River2"),
        ("કિંમત 5 % છે", "The price is 5 % more"),
    ],
)
def test_what_is_right_stays(source: str, english: str) -> None:
    assert put_back(source, english) == english
    assert not kept_differ(source, english)


def test_an_address_that_stands_in_pieces_is_flagged() -> None:
    assert kept_differ("www.rivernews.org/flood", "See www rivernews org for more.")
    assert kept_differ("https://rivernews.org/flood", "See rivernews .org for more.")


def test_a_translator_s_output_is_mended() -> None:
    source = "વધુ માહિતી માટે info@river.org પર લખો અને #SaveTheRiver જુઓ."
    wrong = "For more information write to info @ river.org and see #SaveTheRivers."
    translator = checked(FakeTranslator({source: Hypothesis(wrong, -0.2)}))
    (found,) = translator.translate([source], source="guj_Gujr", target="eng_Latn")
    assert found.text == "For more information write to info@river.org and see #SaveTheRiver."
    assert found.flags == ()
