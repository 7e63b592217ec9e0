"""Pictures can be read as Discord shows them: 550 x 350 pixels on a desktop, 350 wide on a phone."""

import io
import warnings
from collections.abc import Iterator
from itertools import combinations

import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text
from PIL import Image

from bench import pictures
from bot.adapters.drawing.boards.board_page import make_board
from bot.adapters.drawing.curves.figure_page import make_figure
from bot.adapters.drawing.style import theme
from bot.domain.drawing.figures import BoardRequest

REQUESTS = pictures.requests()
SCALE = pictures.DESKTOP[0] / (theme.WIDTH_INCHES * theme.DPI)
SMALLEST_LETTERS, SMALLEST_WORDS = 9.0, 12.0
"""Pixels at 550 x 350: the font size of numbers in the cells of a board, and of everything else."""


@pytest.fixture(params=REQUESTS)
def figure(request: pytest.FixtureRequest) -> Figure:
    asked = REQUESTS[request.param]
    made, _ = make_board(asked) if isinstance(asked, BoardRequest) else make_figure(asked)
    assert made is not None
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a letter without a glyph is a box
        FigureCanvasAgg(made).draw()  # type: ignore[no-untyped-call]
    return made


def _texts(figure: Figure) -> list[Text]:
    found = [text for text in figure.findobj(Text) if isinstance(text, Text) and text.get_text().strip()]
    not_drawn = set(_beyond_the_ends(figure))
    return [text for text in found if text.get_visible() and text not in not_drawn]


def _beyond_the_ends(figure: Figure) -> Iterator[Text]:
    """Labels of ticks that are not drawn, because they are not on the axis."""
    for axes in figure.findobj(Axes):
        assert isinstance(axes, Axes)
        for axis, ends in ((axes.xaxis, sorted(axes.get_xlim())), (axes.yaxis, sorted(axes.get_ylim()))):
            ticks = [tick for tick in axis.get_major_ticks() if not ends[0] <= tick.get_loc() <= ends[1]]
            yield from (label for tick in ticks for label in (tick.label1, tick.label2))


def _in_cells(text: Text) -> bool:
    return isinstance(text.axes, Axes) and bool(text.axes.images) and text in text.axes.texts


def test_letters_are_large_enough(figure: Figure) -> None:
    for text in _texts(figure):
        pixels = float(text.get_fontsize()) * theme.DPI / 72 * SCALE
        assert pixels >= (SMALLEST_LETTERS if _in_cells(text) else SMALLEST_WORDS), (text.get_text(), pixels)


def test_words_do_not_overlap_and_are_inside(figure: Figure) -> None:
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    boxes = [
        (text.get_text(), text.get_window_extent(renderer))
        for text in _texts(figure)
        if text.get_rotation() == 0 and not isinstance(text, Annotation)
    ]
    shown = [(words, box) for words, box in boxes if box.width > 1]
    for words, box in shown:
        assert box.x0 >= -1, words
        assert box.y0 >= -1, words
        assert box.x1 <= figure.bbox.width + 1, words
        assert box.y1 <= figure.bbox.height + 1, words
    for (one, first), (other, second) in combinations(shown, 2):
        apart = (
            first.x1 <= second.x0 + 1
            or second.x1 <= first.x0 + 1
            or first.y1 <= second.y0 + 4
            or second.y1 <= first.y0 + 4
        )
        assert apart, (one, other)


def test_star_hides_no_number() -> None:
    made, _ = make_board(REQUESTS["board-100"])  # type: ignore[arg-type]
    assert made is not None
    table = next(axes for axes in made.axes if axes.images and axes.texts)
    assert len(table.texts) == 100
    assert not [line for line in table.get_lines() if line.get_label() == "_best"]
    assert table.patches, "the outline"


def test_long_japanese_names_leave_half_of_the_picture_to_the_table() -> None:
    made, _ = make_board(REQUESTS["board-japanese"])  # type: ignore[arg-type]
    assert made is not None
    table = next(axes for axes in made.axes if axes.images and axes.texts)
    names = [label.get_text() for label in table.get_yticklabels()]
    assert len(set(names)) == 4
    assert table.get_window_extent().width > made.bbox.width / 2


@pytest.mark.parametrize("name", REQUESTS)
def test_discord_shows_the_whole_width(name: str) -> None:
    png = pictures.drawn(REQUESTS[name])
    with Image.open(io.BytesIO(png)) as image:
        assert pictures.fitted(png, pictures.DESKTOP).width >= 545
        assert image.info["Description"]
