import pytest
from matplotlib.colors import to_rgb

from bot.adapters.drawing.boards.state_marks import MARKS, background, text_colour
from bot.adapters.drawing.style import theme
from bot.domain.model.trial import TrialState


def luminance(colour: tuple[float, float, float]) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("state", TrialState)
def test_a_state_is_read_on_its_ground_and_seen_on_the_panel(state: TrialState) -> None:
    assert contrast(to_rgb(text_colour(state)), background(state)) > 4.5
    assert contrast(to_rgb(MARKS[state].colour), to_rgb(theme.PANEL)) > 4.5


def test_each_state_has_a_sign_and_a_ground_of_its_own() -> None:
    signs = {(str(MARKS[state].sign), MARKS[state].hollow) for state in TrialState}
    assert len(signs) == len({background(state) for state in TrialState}) == len(TrialState)
