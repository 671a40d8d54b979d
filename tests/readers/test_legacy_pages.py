"""Code pages that Python has no codec for, and encodings that pages declare wrongly."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest

from toolkit.data import Article
from toolkit.readers import legacy_pages
from toolkit.readers.encodings import decode
from toolkit.readers.formats import read

CASES = json.loads(
    (Path(__file__).parent.parent / "cases" / "encodings.json").read_text(encoding="utf-8")
)["texts"]
VIETNAMESE = (
    "Cảng vụ đã đóng cửa hai cầu cảng hôm thứ Hai sau khi một cần cẩu bị đổ. Không ai bị thương."
)
GEORGIAN = "ნავსადგურმა ორშაბათს ორი ნავმისადგომი დახურა. არავინ დაშავებულა."
TEXTS = {
    "armscii-8": "Նավահանգիստը փակեց երկու կառամատույց երկուշաբթի օրը։ Ոչ ոք չի տուժել, ասաց պետը։",
    "georgian-ps": GEORGIAN,
    "georgian-academy": GEORGIAN,
    "viscii": VIETNAMESE,
    "tcvn": VIETNAMESE,
    "cp1133": "ທ່າເຮືອໄດ້ປິດທ່າສອງແຫ່ງໃນວັນຈັນ ຫຼັງຈາກລົດເຄນລົ້ມ. ບໍ່ມີໃຜບາດເຈັບ.",
    "mik": "Пристанищната администрация затвори два кея в понеделник. Няма пострадали.",
    "iscii-deva": CASES["hi"],
    "iscii-beng": "বন্দর কর্তৃপক্ষ সোমবার দুটি ঘাট বন্ধ করেছে। কেউ আহত হয়নি বলে জানিয়েছেন কর্মকর্তা।",
    "iscii-guru": "ਬੰਦਰਗਾਹ ਨੇ ਸੋਮਵਾਰ ਨੂੰ ਦੋ ਘਾਟ ਬੰਦ ਕੀਤੇ। ਅਧਿਕਾਰੀ ਨੇ ਕਿਹਾ ਕਿ ਕੋਈ ਵੀ ਜਖਮੀ ਨਹੀਂ ਹੋਇਆ।",
    "iscii-gujr": CASES["gu"],
    "iscii-taml": "துறைமுகம் திங்கட்கிழமை இரண்டு துறைகளை மூடியது. யாரும் காயமடையவில்லை.",
    "iscii-telu": "నౌకాశ్రయం సోమవారం రెండు రేవులను మూసివేసింది. ఎవరూ గాయపడలేదని అధికారి చెప్పారు.",
    "iscii-knda": "ಬಂದರು ಸೋಮವಾರ ಎರಡು ಹಡಗುಕಟ್ಟೆಗಳನ್ನು ಮುಚ್ಚಿದೆ. ಯಾರಿಗೂ ಗಾಯವಾಗಿಲ್ಲ ಎಂದು ಅಧಿಕಾರಿ ಹೇಳಿದರು.",
    "iscii-mlym": "തുറമുഖം തിങ്കളാഴ്ച രണ്ട് കടവുകൾ അടച്ചു. ആർക്കും പരിക്കില്ലെന്ന് അധികൃതർ പറഞ്ഞു.",
}
# Letters of their own that Unicode has made of these, and ISCII has not.
CHILLU = str.maketrans({"ൾ": "ള\u0d4d\u200d", "ർ": "ര\u0d4d\u200d"})


def _encoded(text: str, name: str) -> bytes:
    """Write ``text`` in a code page, by what is read from each of its bytes."""
    byte_of: dict[str, bytes] = {}
    for byte in (*range(32, 127), *range(255, 127, -1), *range(32)):
        byte_of.setdefault(legacy_pages.decode(bytes([byte]), name), bytes([byte]))
    text = unicodedata.normalize("NFC", text.translate(CHILLU)).replace("ੰ", "ਂ")
    for virama in "\u094d\u09cd\u0a4d\u0acd\u0d4d":
        text = text.replace(f"{virama}\u200d", f"{virama}{chr(ord(virama) - 0x11)}")
    spelt = (c if c in byte_of else unicodedata.normalize("NFD", c) for c in text)
    return b"".join(byte_of[c] for c in "".join(spelt))


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_text_in_a_legacy_page_comes_back(name: str) -> None:
    text = unicodedata.normalize("NFC", TEXTS[name].translate(CHILLU))
    assert decode(_encoded(text, name), "a.txt") == text


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("iscii-deva", b"\xd8\xdb\xc6\xe8\xc4\xdc \xf1\xfa", "हिन्दी ०९"),
        ("iscii-deva", b"\xb3\xe8\xe8\xd6 \xb3\xe8\xe9\xd6 \xea\xea", "क्\u200cष क्\u200dष ॥"),
        ("iscii-deva", b"\xef\x4a\xb3\xda\xef\x44\xb3\xda", "કાகா"),
        ("viscii", b"Ti\xaang Vi\xaet", "Tiếng Việt"),
        ("tcvn", b"Ti\xd5ng Vi\xd6t", "Tiếng Việt"),
        ("armscii-8", b"\xd0\xb3\xdb", "Հայ"),
        ("georgian-ps", b"\xc0\xc1\xc2", "აბგ"),
    ],
)
def test_bytes_stand_for_what_the_standards_say(name: str, data: bytes, text: str) -> None:
    assert legacy_pages.decode(data, name) == text


@pytest.mark.parametrize(
    ("declared", "written"),
    [
        ("iso-8859-1", "cp1251"),
        ("windows-1252", "cp1251"),
        ("koi8-r", "cp1251"),
        ("windows-1251", "cp1251"),
        ("utf-8", "cp1251"),
        ("utf-8", "koi8-r"),
        ("no-such-page", "cp1251"),
        ("windows-1251", "utf-8"),
        ("iso-8859-1", "utf-16"),
    ],
)
def test_what_a_page_declares_is_believed_if_it_reads_well(declared: str, written: str) -> None:
    text = "Портовая администрация закрыла два причала в понедельник. Пострадавших нет."
    page = f"<html><head><meta charset='{declared}'></head><body><p>{text}</p></body></html>"
    (found,) = read(page.encode(written), "a.html")
    assert isinstance(found, Article)
    assert found.text == text


def test_a_page_may_declare_a_page_that_python_lacks() -> None:
    text = TEXTS["viscii"]
    head = b"<html><head><meta charset='x-viscii'></head><body><p>"
    for name in (b"x-viscii", b"viscii"):
        data = head.replace(b"x-viscii", name) + _encoded(text, "viscii") + b"</p></body></html>"
        (found,) = read(data, "a.html")
        assert isinstance(found, Article)
        assert found.text == text
