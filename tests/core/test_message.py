"""Sentences and their values."""

from reproviewer.core.message import Message, ReproError, message


def test_english_by_default():
    assert str(message("{n} of {total} weights differ.", n=5, total=1234567)) == "5 of 1,234,567 weights differ."


def test_a_translation_is_filled_with_the_same_values():
    assert message("{n} of {total}", n=5, total=10).fill("{total} 중 {n}") == "10 중 5"


def test_messages_in_messages_and_braces_in_values():
    inner = message("{what}!", what="{n}")
    assert str(message("{a} {b}", a=inner, b=True)) == "{n}! True"


def test_messages_are_values():
    assert message("{n}", n=1) == Message("{n}", (("n", 1),))
    assert len({message("{n}", n=1), message("{n}", n=1)}) == 1


def test_an_error_is_a_sentence():
    error = ReproError("{file} is no file.", file="x")
    assert str(error) == str(error.message) == "x is no file."
