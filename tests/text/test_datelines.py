"""When an article says that it was published, in the lines around it."""

from __future__ import annotations

import pytest

from toolkit.data import Article, CleanText, Dropped, Paragraph
from toolkit.runs.stages import prepare
from toolkit.text.datelines import published_in

BODY = "Three boats burned in the harbour on Thursday. Nobody was hurt, the police said."


@pytest.mark.parametrize(
    ("line", "language", "moment"),
    [
        ("Published 26 November 2026, 18:05", "eng_Latn", "2026-11-26T18:05"),
        ("Updated on November 26, 2026 at 6:05 GMT", "eng_Latn", "2026-11-26T06:05+00:00"),
        ("Thursday, 26 Nov 2026 4:55 PM", "eng_Latn", "2026-11-26T16:55"),
        ("12:10 a.m., 26 November 2026", "eng_Latn", "2026-11-26T00:10"),
        ("26 de noviembre de 2026 a las 18:05", "spa_Latn", "2026-11-26T18:05"),
        ("Publié le 26 nov. 2026 à 18h05, modifié le 27 nov. 2026", "fra_Latn", "2026-11-26T18:05"),
        ("Stand: 26.11.2026, 18:05 Uhr", "deu_Latn", "2026-11-26T18:05"),
        ("Опубликовано 26 ноября 2026 г., 18:05", "rus_Cyrl", "2026-11-26T18:05"),
        ("२६ नवंबर २०२६", "hin_Deva", "2026-11-26"),
        ("26 નવેમ્બર 2026", "guj_Gujr", "2026-11-26"),
        ("26 نوفمبر 2026", "arb_Arab", "2026-11-26"),
        ("2026年11月26日 18:05", "jpn_Jpan", "2026-11-26T18:05"),
        ("2026년 11월 26일 18:05", "kor_Hang", "2026-11-26T18:05"),
        ("26 listopada 2026", "pol_Latn", "2026-11-26"),
        ("26 listopada 2026", "hrv_Latn", "2026-10-26"),
        ("11/12/2026", "eng_Latn", None),
        ("11/12/2026", "ita_Latn", "2026-12-11"),
        ("31/02/2026", "ita_Latn", None),
        ("26 November", "eng_Latn", None),
        ("Between 3 May and 26 November 2026", "eng_Latn", None),
        ("Yesterday, 18:05", "eng_Latn", None),
    ],
)
def test_the_line_under_the_title_says_when(line: str, language: str, moment: str | None) -> None:
    body = (Paragraph(1, "Fire in the harbour", "title"), Paragraph(3, BODY))
    page = CleanText(body, (Dropped(2, line, "date line"),))
    assert published_in(page, language) == moment


def test_a_date_far_from_the_article_is_not_its_own() -> None:
    body = (Paragraph(20, "Fire in the harbour", "title"), Paragraph(21, BODY))
    dates = (Dropped(1, "Saturday, 28 November 2026", "menu"), Dropped(30, "1 May 2020", "menu"))
    assert published_in(CleanText(body, dates), "eng_Latn") is None


def test_a_dateline_says_when_and_what_the_source_declares_counts_more() -> None:
    text = f"Fire in the harbour\n\nHAMPTON, November 26, 2026 (Coast Agency) - {BODY}\n"
    assert prepare(Article("1", "a.txt", text)).article.published == "2026-11-26"
    declared = Article("1", "a.txt", text, published="2026-11-27")
    assert prepare(declared).article.published == "2026-11-27"
    said = Article("1", "a.txt", f"Fire in the harbour\n\nOn 1 May 2020 it was new. {BODY}\n")
    assert prepare(said).article.published is None
