import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bot.adapters.drawing.boards.board_page import draw_board, make_board
from bot.domain.drawing.figures import Cell, Curve
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

CSV = b"epoch,train_loss,val_loss,val_accuracy,lr\n1,2,2.5,90,1\n2,1,1.5,95,1\n"
CURVES = (Curve("k7q2mx.0 lr=0.1", CSV), Curve("k7q2mx.4 lr=0.01", CSV))
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
        assert legend(figure) == ["3 waiting", "2 failed", "1 pruned"]

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


class TestBelow:
    def test_importance_the_greatest_first(self) -> None:
        asked = request([LR], grid([LR], [1.0, 2.0, 3.0]), importance={"momentum": 0.2, "lr": 0.8})
        axes = drawn(asked).axes[1]
        assert [label.get_text() for label in axes.get_yticklabels()] == ["lr", "momentum"]
        assert [text.get_text() for text in axes.texts] == ["80%", "20%"]
        assert axes.get_title(loc="left") == "What val_accuracy depends on"

    def test_curves_of_the_best_with_their_points(self) -> None:
        figure = drawn(request([LR], grid([LR], [1.0, 2.0, 3.0]), curves=CURVES))
        _, loss, accuracy = figure.axes
        assert (loss.get_title(loc="left"), accuracy.get_title(loc="left")) == ("Loss", "Accuracy")
        (below,) = [part for part in figure.subfigs if part.legends]
        assert [text.get_text() for text in below.legends[0].get_texts()] == ["k7q2mx.0 lr=0.1", "k7q2mx.4 lr=0.01"]

    def test_the_metrics_own_panel_is_always_there(self) -> None:
        figure = drawn(request([LR], grid([LR], [1.0, 2.0, 3.0]), curves=CURVES, metric="lr"))
        assert [axes.get_title(loc="left") for axes in figure.axes[1:]] == ["Loss", "lr"]

    def test_curves_that_cannot_be_read_are_told(self) -> None:
        figure, remarks = make_board(
            request([LR], grid([LR], [1.0, 2.0, 3.0]), curves=(Curve("k7q2mx.0 lr=0.1", b""),))
        )
        assert figure is not None
        assert (len(figure.axes), remarks) == (1, ("The file is empty.",))

    def test_parts_do_not_overlap_and_are_inside(self) -> None:
        axes = (ANY_LR, ANY_MOMENTUM, OPTIMIZER)
        dice = random.Random(1)
        cells = [Cell((0.1, dice.random(), "adam"), TrialState.SUCCEEDED, dice.random()) for _ in range(20)]
        figure = drawn(request(axes, cells, importance={"lr": 0.7, "momentum": 0.3}, curves=CURVES))
        renderer = FigureCanvasAgg(figure).get_renderer()
        boxes = [each.get_tightbbox(renderer) for each in figure.axes]
        assert all(box is not None and box.x0 >= 0 and box.x1 <= 1201 and box.y0 >= 0 for box in boxes)
        assert all(upper.y0 >= lower.y1 - 1 for upper, lower in pairwise(boxes[:3]) if upper and lower)


class TestPicture:
    def test_is_a_png_as_wide_as_the_others(self) -> None:
        png = draw_board(request([LR, MOMENTUM], grid([LR, MOMENTUM], NINE))).png
        assert png is not None
        assert (png[:8], int.from_bytes(png[16:20])) == (b"\x89PNG\r\n\x1a\n", 1200)
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
        assert draw_board(request(axes, cells, maximize=data.draw(st.booleans()))).png is not None
