import numpy as np
import pytest

from reproviewer.core import colormap
from reproviewer.gui.plots.palette import palette
from reproviewer.gui.theme import DARK, LIGHT


def labs(table):
    return np.array([colormap.oklab(f"#{colour & 0xFFFFFF:06x}") for colour in table.tolist()])


def luminance(colour):
    srgb = np.array([colour >> 16 & 255, colour >> 8 & 255, colour & 255]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda t: t.name)
class TestTables:
    def test_steps_look_equally_large(self, theme):
        colours = palette(theme)
        for part in (colours.values[:128], colours.values[127:], colours.distances[1:]):
            steps = np.linalg.norm(np.diff(labs(part[::16]), axis=0), axis=1)
            assert steps.max() / steps.min() < 1.35

    def test_lightness_leads_away_from_zero_on_both_sides(self, theme):
        light = labs(palette(theme).values[::8])[:, 0]
        middle = len(light) // 2
        assert (np.sign(np.diff(light[: middle + 1])) == np.sign(light[middle] - light[0])).all()
        assert (np.sign(np.diff(light[middle:])) == np.sign(light[-1] - light[middle])).all()
        assert light[0] == pytest.approx(light[-1], abs=0.08)

    def test_no_difference_is_the_ground_and_the_smallest_is_clearly_off_it(self, theme):
        ground, least = palette(theme).distances[:2].tolist()
        assert ground & 0xFFFFFF == int(theme.card[1:], 16)
        light, dark = sorted((luminance(ground), luminance(least)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3
