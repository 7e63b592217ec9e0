import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bot.adapters.drawing.boards.board_page import draw_board
from bot.domain.drawing.figures import Cell
from bot.domain.model.space import Axis
from bot.domain.model.trial import TrialState
from bot.domain.parameters import Kind
from tests.bot.adapters.drawing.boards.samples import (
    ANY_LR,
    ANY_MOMENTUM,
    LR,
    MOMENTUM,
    NINE,
    OPTIMIZER,
    drawn,
    grid,
    request,
)

NAMES = st.sampled_from(["lr", "$x^{$", "日本語", "a" * 80, "a\nb", "\\frac", "", "\x00"])


def header(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.texts]


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for each in figure.legends for text in each.get_texts()]


class TestHeader:
    def test_what_it_is_of_and_the_best_in_words(self) -> None:
        assert header(drawn(request([LR, MOMENTUM], grid([LR, MOMENTUM], NINE)))) == [
            "mnist sweep k7q2mx",
            "main@a1b2c3d",
            "★ best val_accuracy 99.35 at lr=0.1 momentum=0.05",
        ]

    def test_the_states_that_occur_are_counted(self) -> None:
        states = [TrialState.WAITING] * 3 + [TrialState.FAILED] * 2 + [TrialState.PRUNED]
        figure = drawn(request([LR, MOMENTUM], grid([LR, MOMENTUM], [*NINE[:3], *states])))
        assert legend(figure) == ["3 waiting", "2 failed", "1 stopped early"]

    def test_where_all_is_well_there_is_nothing_to_explain(self) -> None:
        assert legend(drawn(request([LR, MOMENTUM], grid([LR, MOMENTUM], NINE)))) == []

    def test_a_success_that_has_not_been_read_yet_is_no_better_than_others(self) -> None:
        figure = drawn(request([LR], [Cell((0.1,), TrialState.SUCCEEDED)]))
        assert (header(figure)[2:], legend(figure)) == ([], ["1 succeeded"])


class TestKind:
    @pytest.mark.parametrize(
        ("axes", "count", "label"),
        [((LR,), 3, "val_accuracy"), ((LR, MOMENTUM), 9, "lr"), ((LR, MOMENTUM, OPTIMIZER), 27, "")],
    )
    def test_follows_from_the_number_of_axes(self, axes: tuple[Axis, ...], count: int, label: str) -> None:
        figure = drawn(request(axes, grid(axes, [float(n) for n in range(count)])))
        assert figure.axes[0].get_ylabel() == label

    def test_an_axis_of_one_value_is_none(self) -> None:
        fixed = Axis("momentum", Kind.FLOAT, (0.9,))
        figure = drawn(request([LR, fixed], grid([LR, fixed], [1.0, 2.0, 3.0])))
        assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == ("lr", "val_accuracy")

    def test_unless_there_is_no_other(self) -> None:
        fixed = Axis("momentum", Kind.FLOAT, (0.9,))
        assert drawn(request([fixed, fixed], grid([fixed, fixed], [1.0]))).axes[0].get_xlabel() == "momentum"

    def test_where_nothing_varies_there_is_nothing_to_draw(self) -> None:
        drawing = draw_board(request([], []))
        assert drawing.png is None
        assert drawing.remarks == ("Nothing varies in this sweep, so there is nothing to draw.",)


class TestImportance:
    AXES = (LR, MOMENTUM, OPTIMIZER)

    def test_stands_under_each_name_and_is_explained(self) -> None:
        figure = drawn(request(self.AXES, grid(self.AXES, range(27)), importance={"momentum": 0.2, "lr": 0.8}))
        said = [text.get_text() for text in figure.axes[0].texts]
        assert [text for text in said if "%" in text] == ["lr\n80%", "momentum\n20%"]
        assert "%: how much val_accuracy depends on it" in header(figure)[1]

    def test_two_axes_show_it_themselves(self) -> None:
        figure = drawn(request([LR, MOMENTUM], grid([LR, MOMENTUM], NINE), importance={"momentum": 0.2, "lr": 0.8}))
        assert not any("%" in line for line in header(figure))


class TestNothingToShow:
    def test_failed_trials_alone_are_no_picture(self) -> None:
        drawing = draw_board(request([LR], grid([LR], [TrialState.FAILED] * 3)))
        assert (drawing.png, drawing.remarks) == (
            None,
            ("No trial reported val_accuracy, so there is nothing to draw.",),
        )

    def test_trials_that_run_may_report_something_yet(self) -> None:
        states = [TrialState.FAILED, TrialState.RUNNING, TrialState.WAITING]
        assert draw_board(request([LR], grid([LR], states))).png is not None


class TestSize:
    @pytest.mark.parametrize("axes", [(LR,), (LR, MOMENTUM), (LR, MOMENTUM, OPTIMIZER), (ANY_LR, ANY_MOMENTUM)])
    def test_discord_shows_it_as_large_as_it_can(self, axes: tuple[Axis, ...]) -> None:
        cells = [Cell(tuple(axis.values[0] if axis.values else 0.5 for axis in axes), TrialState.SUCCEEDED, 1.0)]
        png = draw_board(request(axes, cells, subtitle="x " * 300)).png
        assert png is not None
        wide, high = int.from_bytes(png[16:20]), int.from_bytes(png[20:24])
        assert 550 * min(1, 350 / (high * 550 / wide)) > 549

    def test_a_live_one_says_when_it_was_so(self) -> None:
        assert "as of 14:13 UTC" in header(drawn(request([LR], grid([LR], [1.0, 2.0, 3.0]), as_of=1_790_000_000.0)))

    def test_parts_do_not_overlap_and_are_inside(self) -> None:
        axes = (ANY_LR, ANY_MOMENTUM, OPTIMIZER)
        dice = random.Random(1)
        cells = [Cell((0.1, dice.random(), "adam"), TrialState.SUCCEEDED, dice.random()) for _ in range(20)]
        figure = drawn(request(axes, cells, importance={"lr": 0.7, "momentum": 0.3}))
        renderer = FigureCanvasAgg(figure).get_renderer()
        boxes = [each.get_tightbbox(renderer) for each in figure.axes]
        assert all(box is not None and box.x0 >= 0 and box.x1 <= 1261 and box.y0 >= 0 for box in boxes)


class TestPicture:
    def test_is_a_png_as_wide_as_the_others(self) -> None:
        png = draw_board(request([LR, MOMENTUM], grid([LR, MOMENTUM], NINE))).png
        assert png is not None
        assert (png[:8], int.from_bytes(png[16:20])) == (b"\x89PNG\r\n\x1a\n", 1260)
        assert len(png) < 500_000

    def test_is_the_same_each_time(self) -> None:
        asked = request([LR, MOMENTUM], grid([LR, MOMENTUM], NINE))
        assert draw_board(asked) == draw_board(asked)

    @given(st.data())
    @settings(max_examples=15, deadline=None)
    def test_any_words_and_numbers(self, data: st.DataObject) -> None:
        choices = st.lists(NAMES, min_size=1, max_size=4, unique=True)
        numbers = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=4, unique=True)
        axes = [
            Axis(name, Kind.CHOICE, tuple(data.draw(choices)))
            if data.draw(st.booleans())
            else Axis(name, Kind.FLOAT, tuple(data.draw(numbers)))
            for name in data.draw(st.lists(NAMES, min_size=1, max_size=4))
        ]
        cells = [
            Cell(
                tuple(data.draw(st.sampled_from(axis.values)) for axis in axes),
                state,
                data.draw(st.none() | st.floats()),
            )
            for state in data.draw(st.lists(st.sampled_from(TrialState), max_size=6))
        ]
        drawing = draw_board(request(axes, cells, maximize=data.draw(st.booleans())))
        assert drawing.png is not None or drawing.remarks
