"""For the tests of those who build on the toolkit: fakes, and checks of what a plug-in promises."""

from toolkit.testing.conformance import check_reader, check_summariser, check_translator
from toolkit.testing.fakes import FakeGenerator, FakeTranslator

__all__ = [
    "FakeGenerator",
    "FakeTranslator",
    "check_reader",
    "check_summariser",
    "check_translator",
]
