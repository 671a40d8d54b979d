"""Paragraphs that were cut at the width of a screen are put together again."""

from __future__ import annotations

import textwrap

import pytest

from toolkit.text.cleaning import clean

TITLE = {"en": "Harbour to be dredged", "hi": "बंदरगाह की सफाई होगी", "ru": "Гавань углубят"}
FIRST = {
    "en": "The port authority said on Friday that the harbour would be dredged before the autumn "
    "storms, which have closed it in four of the last five years. Fishermen welcomed the plan.",
    "hi": "बंदरगाह प्राधिकरण ने शुक्रवार को कहा कि पतझड़ के तूफानों से पहले बंदरगाह की सफाई की जाएगी, "
    "जिनके कारण वह पिछले पाँच में से चार वर्षों में बंद रहा है। मछुआरों ने इस योजना का स्वागत किया।",
    "ru": "Управление порта сообщило в пятницу, что гавань углубят до осенних штормов, из-за "
    "которых она была закрыта четыре раза за последние пять лет. Рыбаки приветствуют этот план.",
}
SECOND = {
    "en": "Work is to begin in June and will cost two million. Ships will use the old pier until "
    "then, the head of the authority told reporters.",
    "hi": "काम जून में शुरू होगा और उस पर बीस लाख खर्च होंगे। तब तक जहाज़ पुराने घाट का उपयोग "
    "करेंगे, प्राधिकरण के प्रमुख ने पत्रकारों से कहा।",
    "ru": "Работы начнутся в июне и обойдутся в два миллиона. До тех пор суда будут заходить к "
    "старому причалу, сказал журналистам глава управления.",
}


@pytest.mark.parametrize("code", TITLE)
@pytest.mark.parametrize("width", [60, 72])
@pytest.mark.parametrize("between", ["\n", "\n\n"], ids=["lines", "blank lines between"])
def test_paragraphs_are_joined(code: str, width: int, between: str) -> None:
    wrapped = [textwrap.wrap(text[code], width) for text in (FIRST, SECOND)]
    lines = [TITLE[code], *wrapped[0], *([] if between == "\n\n" else [""]), *wrapped[1]]
    found = [p.text for p in clean(between.join(lines)).paragraphs]
    assert found[0] == TITLE[code]
    assert " ".join(found[1:]) == f"{FIRST[code]} {SECOND[code]}"
    assert len(found) <= 3


def test_lines_with_room_left_stay_apart() -> None:
    lines = [
        "The council meets on Monday to talk about the new harbour",
        "the ferry to the islands is late again",
        "three schools near the river stay closed until the end of the week",
        "what to do with a garden in the rain",
    ]
    assert [p.text for p in clean("\n".join(lines)).paragraphs] == lines
