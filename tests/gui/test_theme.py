import re
from dataclasses import asdict

import pytest

from reproviewer import resources
from reproviewer.core.sentences import SIGNS
from reproviewer.core.verdict import Verdict
from reproviewer.gui.theme import DARK, LIGHT, style_sheet


def luminance(colour):
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_of_contrast_is_right():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda t: t.name)
class TestContrast:
    def test_text_reads_on_every_ground(self, theme):
        for ground in (theme.ground, theme.card, theme.selection):
            assert contrast(theme.text, ground) >= 4.5
            assert contrast(theme.muted, ground) >= 4.5
        assert contrast(theme.on_accent, theme.accent) >= 4.5
        assert contrast(theme.accent, theme.card) >= 4.5

    def test_verdicts_read_on_their_tint_and_on_cards(self, theme):
        for verdict in Verdict:
            assert contrast(theme.ink(verdict), theme.tint(verdict)) >= 4.5
            assert contrast(theme.ink(verdict), theme.card) >= 4.5
            assert contrast(theme.text, theme.tint(verdict)) >= 4.5

    def test_controls_have_visible_borders(self, theme):
        assert contrast(theme.control_line, theme.card) >= 3
        assert contrast(theme.control_line, theme.ground) >= 3
        assert contrast(theme.accent, theme.ground) >= 3

    def test_the_style_sheet_leaves_no_token_open(self, theme):
        assert "@" not in style_sheet(theme)


def test_every_token_of_the_style_sheet_is_a_colour_of_the_theme():
    tokens = set(re.findall(r"@(\w+)@", resources.read_text("themes/window.qss")))
    assert tokens - {"icons"} <= set(asdict(LIGHT))


def test_every_verdict_has_its_own_sign():
    assert len(set(SIGNS.values())) == len(Verdict) == len(SIGNS)
