"""Colours can be told apart by everyone, and Japanese is drawn without a font of the system's."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib import font_manager
from numpy.typing import NDArray

from bot.adapters.drawing.style import fonts, theme

Colours = NDArray[np.float64]

# Machado, Oliveira and Fernandes (2009), severity 1.0, for linear RGB.
VISION = {
    "normal": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
LEAST_APART = 12.0
"""In CIELAB (CIE76). Those findings called too close were 8."""


def linear(text: str) -> Colours:
    colour = np.asarray([int(text[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)


def lab(colour: Colours) -> Colours:
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    x, y, z = np.cbrt(np.asarray(to_xyz) @ colour / np.asarray([0.95047, 1, 1.08883]))
    return np.asarray([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("vision", VISION)
def test_any_two_colours_are_apart(vision: str) -> None:
    seen = [lab(np.clip(np.asarray(VISION[vision]) @ linear(colour), 0, 1)) for colour in theme.COLOURS]
    assert min(float(np.linalg.norm(one - other)) for one, other in combinations(seen, 2)) > LEAST_APART


def test_every_colour_stands_out_from_the_panel() -> None:
    luminance = {colour: float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (*theme.COLOURS, theme.PANEL)}
    assert all((luminance[colour] + 0.05) / (luminance[theme.PANEL] + 0.05) > 3 for colour in theme.COLOURS)


def test_eight_curves_differ_without_any_colour() -> None:
    looks = {(theme.marker(index), str(theme.line_style(index))) for index in range(8)}
    assert len(looks) == 8
    assert len({theme.marker(index) for index in range(8)}) == 8


def test_japanese_needs_no_font_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(font_manager, "findSystemFonts", list)
    name = fonts.fallbacks()[0]
    drawn = font_manager.get_font(font_manager.findfont(name)).get_charmap()
    assert all(ord(letter) in drawn for letter in "手書き数字の学習率・検証精度")


def test_font_that_is_installed_later_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    added: list[str] = []
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: ["/new/NotoSansKR.otf"])
    monkeypatch.setattr(font_manager.fontManager, "addfont", lambda path: added.append(str(path)))
    fonts.fallbacks()
    assert "/new/NotoSansKR.otf" in added
