import numpy as np
import pytest

from bot.adapters.drawing.boards.colour_scale import DARK_TEXT, LIGHT_TEXT, ColourScale, text_on
from bot.adapters.drawing.boards.sweep_points import SweepPoints
from tests.bot.adapters.drawing.boards.samples import LR, MOMENTUM, NINE, grid, request


def luminance(colour: tuple[float, ...]) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def shade(values: tuple[float, ...], *, maximize: bool) -> tuple[ColourScale, list[float]]:
    """And how bright each value is."""
    made = ColourScale(
        SweepPoints.from_request(request([LR, MOMENTUM], grid([LR, MOMENTUM], values), maximize=maximize))
    )
    return made, [luminance(colour) for colour in made(np.asarray(values))]


@pytest.mark.parametrize("maximize", [True, False])
def test_the_better_the_brighter(maximize: bool) -> None:
    _, bright = shade(NINE, maximize=maximize)
    order = sorted(range(9), key=lambda n: NINE[n], reverse=not maximize)
    assert [round(bright[n], 6) for n in order] == sorted(round(each, 6) for each in bright)


def test_one_that_is_far_off_does_not_make_all_others_alike() -> None:
    made, bright = shade((10.0, *NINE[1:]), maximize=True)
    assert made.extend == "min"
    assert bright[2] > 2 * bright[8]
    assert bright[0] == min(bright)


def test_losses_over_decades_are_told_apart() -> None:
    _, bright = shade((1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1e3, 1e4), maximize=False)
    assert bright == sorted(bright, reverse=True)
    assert bright[1] > 1.2 * bright[3] > 1.4 * bright[6]


def test_values_that_are_all_the_same_have_no_scale() -> None:
    made, _ = shade((5.0,) * 9, maximize=True)
    assert not made.varies


def test_text_is_read_on_every_colour() -> None:
    made, _ = shade(NINE, maximize=True)
    luminances = {
        text: luminance(tuple(int(text[n : n + 2], 16) / 255 for n in (1, 3, 5))) for text in (DARK_TEXT, LIGHT_TEXT)
    }
    for value in np.linspace(min(NINE), max(NINE), 100):
        colour = made(np.asarray([value]))[0]
        dark, light = sorted((luminance(colour), luminances[text_on(colour)]))
        assert (light + 0.05) / (dark + 0.05) > 4.5
