"""Stories are counted by publishers, copies folded, and the gravest come first."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from toolkit.data import (
    Article,
    PreparedArticle,
    Segment,
    Story,
    TranslatedArticle,
    Translation,
)
from toolkit.stories import day
from toolkit.summarisers.extractive.summariser import Extractive

FLOOD = [
    "Floods kill nine in northern Ghana",
    "Nine people have died in floods in the north of Ghana after the White Volta burst its banks.",
    "More than 3,000 people have left their homes in the districts of Savelugu and Kumbungu.",
    "Schools in Tamale will stay shut until Wednesday, and soldiers are bringing food by boat.",
    "President John Mahama is to visit the region on Monday.",
]
FLOOD_TOO = [
    "Ghana: nine dead as Volta overflows",
    "The White Volta has overflowed near Tamale in northern Ghana, and nine people are dead.",
    "In Savelugu, families spent the night on the roofs of a school before boats arrived.",
    "The disaster agency NADMO counts 3,000 displaced people in Kumbungu and fears cholera.",
    "President Mahama has promised tents and clean water.",
]


def article(
    name: str,
    text: Sequence[str],
    *,
    source: str = "",
    publisher: str | None = None,
    published: str | None = None,
    language: str = "eng_Latn",
    author: str | None = None,
) -> TranslatedArticle:
    segments = tuple(
        Segment(name, i, i, line, i + 1, "text" if i else "title") for i, line in enumerate(text)
    )
    read = Article(name, source or name, "", publisher=publisher, published=published)
    prepared = PreparedArticle(read, language, segments, author=author)
    return TranslatedArticle(prepared, tuple(Translation(s, s.text) for s in segments))


def stories(articles: Sequence[TranslatedArticle]) -> tuple[Story, ...]:
    return day.group([Extractive().summarise(a, bullets=3) for a in articles], articles)


def test_twelve_articles_of_seven_publishers_are_seven_sources() -> None:
    text = [FLOOD, FLOOD_TOO]
    names = ["The Guardian", "BBC News", "Le Monde", "RT", "Tamale Post", "Joy", "Graphic"]
    articles = [
        article(str(n), [*text[n % 2][:4], f"Reported by team {n}."], publisher=names[n % 7])
        for n in range(7)
    ]
    others = [
        article("7", FLOOD, source="https://www.theguardian.com/ghana"),
        article("8", FLOOD_TOO, source="https://www.bbc.co.uk/news/8"),
        article("9", FLOOD, source="https://www.lemonde.fr/9"),
        article("10", FLOOD_TOO, publisher="rt.com"),
        article("11", FLOOD, publisher="Tamale Post"),
    ]
    (story,) = stories([*articles, *others])
    assert story.why[0] == "7 publishers"


def test_an_agency_is_one_source_however_many_carry_it() -> None:
    tagged = [FLOOD[0], "TAMALE (AFP) - " + FLOOD[1], *FLOOD[2:]]
    carried = [
        article("a", tagged, publisher="One"),
        article("b", [FLOOD[0], "An own beginning.", *FLOOD[1:]], publisher="Two"),
        article("c", [*FLOOD_TOO[:4], "(AFP)"], publisher="Three"),
    ]
    own = article(
        "d",
        [
            "Boats reach flooded north of Ghana",
            "Our reporter saw soldiers in boats in Savelugu, where the Volta stands in houses.",
            "Nine people are dead, and 3,000 have fled to Tamale.",
        ],
        publisher="Four",
    )
    (story,) = stories([*carried, own])
    assert [(s.agency, s.publishers) for s in story.sources] == [("AFP", 3), ("", 1)]
    assert story.why[:2] == ("4 publishers", "2 sources")


def test_reports_with_the_same_quotations_are_sources_of_their_own() -> None:
    quotation = "The mayor said that never in his life had he seen so much water in the streets."
    both = [article("a", [*FLOOD, quotation]), article("b", [*FLOOD_TOO, quotation])]
    (story,) = stories(both)
    assert len(story.sources) == 2


def test_the_last_version_of_an_address_replaces_the_earlier_ones() -> None:
    later = ["Eleven dead in Ghana", FLOOD[1].replace("Nine", "Eleven"), *FLOOD[2:]]
    url = "https://joy.example/floods"
    two = [
        article("new", later, source=url + "?utm_source=x", published="2026-11-20T09:00Z"),
        article("old", FLOOD, source=url, published="2026-11-20T07:00Z"),
        article("other", FLOOD_TOO, published="2026-11-20"),
    ]
    (story,) = stories(two)
    assert set(story.articles) == {"new", "old", "other"}
    assert "old" not in {c.article_id for b in story.bullets for c in b.cites}
    assert story.notes
    assert story.why[0] == "2 publishers"


GRAVE = [
    ["President of Togo shot in Lome", "The president was shot by a guard in front of his house."],
    ["Quake in Tajikistan", "At least 340 people were killed when the earth shook in Rasht."],
    ["Soldiers announce coup in Gabon", "Officers said on television that they hold Libreville."],
]
ORDINARY = {
    "Minister opens bridge in {}": "The bridge over the river cost 12 million euros.",
    "Film festival begins in {}": "Directors from 14 countries show their films until Sunday.",
    "{} beat their rivals in cup match": "A penalty in the second half decided the game.",
    "Council of {} argues over parking": "A third of the places are to go, which shops oppose.",
    "Bakery in {} wins prize": "The jury praised the rye bread of the family firm.",
    "New tram for {}": "The first cars will run in March, the operator said.",
    "School in {} gets a garden": "Pupils planted apple trees with their parents.",
    "Museum of {} shows clocks": "The oldest was built in 1612 by a monk.",
    "Farmers in {} expect good harvest": "Rain in May came at the right time, they said.",
}
TOWNS = """
Graz Turku Nantes Cusco Enugu Pune Leeds Tampa Sapporo Bergen Lublin Salta Iquique Hobart Jaffna
Mwanza Sfax Kazan Batumi Ghent Split Basel Lugo Porto Cork Tartu Brno
""".split()  # noqa: SIM905


def test_grave_news_of_one_source_comes_before_ordinary_news_of_several() -> None:
    articles = []
    for n, town in enumerate(TOWNS):
        title, body = list(ORDINARY.items())[n % len(ORDINARY)]
        title = title.format(town)
        text = [title, f"{title}, the town's council said on Friday.", body]
        # Every other one has a second source in another language.
        for language in ("eng_Latn", "fra_Latn")[: 1 + n % 2]:
            name = f"{n}{language}"
            articles.append(article(name, text, publisher=name, language=language))
    grave = [article(f"grave{n}", text, publisher="Wire") for n, text in enumerate(GRAVE)]
    found = stories([*articles, *grave])
    assert len(found) > 20
    first = {a for story in found[:5] for a in story.articles}
    assert {"grave0", "grave1", "grave2"} <= first
    assert {s.why[-1] for s in found if "grave" in s.articles[0]} == {
        "head of state", "deaths", "upheaval"
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        ["Striker shot wide as Lyon lose cup match", "The coach said the match was dead."],
        ["Series about a war begins", "The film festival shows a novel of bombs and missiles."],
        ["Pianist dies at 88", "He died aged 88 in Lausanne, his family said."],
        ["Nobody hurt in quake", "No one was killed, the agency of Peru said."],
        ["Town remembers flood", "On the anniversary of the flood that killed 40 people."],
    ],
)
def test_words_of_death_alone_are_not_grave(text: list[str]) -> None:
    ferry = article("grave", ["Ferry sinks", "Twenty-three people drowned off Mindoro."])
    found = stories([article("other", text), ferry])
    assert found[0].articles == ("grave",)


def test_news_of_today_comes_before_news_of_last_week() -> None:
    text = {"Graz": "Tram for Graz", "Turku": "Harbour of Turku opens"}
    days = {"Graz": "2026-11-13", "Turku": "2026-11-20"}
    found = stories(
        [article(n, [t, f"{t}, they said."], published=days[n]) for n, t in text.items()]
    )
    assert [story.articles for story in found] == [("Turku",), ("Graz",)]


@pytest.mark.parametrize(
    ("headline", "source"),
    [
        ("Comment: Ghana must build dams", ""),
        ("Floods in Ghana: live updates", ""),
        ("Who let the water come?", ""),
        ("Ghana must build dams", "https://joy.example/opinion/dams"),
    ],
)
def test_a_report_leads_and_not_a_comment(headline: str, source: str) -> None:
    comment = article("comment", [headline, *FLOOD[1:]], source=source)
    report = article("report", FLOOD_TOO)
    (story,) = stories([comment, report])
    assert story.articles == ("report", "comment")
