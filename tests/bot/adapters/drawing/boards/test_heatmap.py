from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from bot.domain.drawing.figures import Cell
from bot.domain.model.space import Axis
from bot.domain.model.trial import TrialState
from bot.domain.parameters import Kind
from bot.domain.texts.state_words import TRIAL_STATES
from tests.bot.adapters.drawing.boards.samples import (
    ANY_LR,
    LR,
    MOMENTUM,
    NINE,
    drawn,
    grid,
    request,
    signs,
    stars,
    texts,
)


def table(figure: Figure) -> Axes:
    """The cells' axes; those of the scale come after."""
    return figure.axes[0]


def nine(*values: float | TrialState) -> Figure:
    return drawn(request([LR, MOMENTUM], grid([LR, MOMENTUM], values)))


def placed(axes: Axes) -> dict[tuple[int, int], list[str]]:
    """The texts by row and column."""
    found: dict[tuple[int, int], list[str]] = {}
    for text in axes.texts:
        x, y = text.get_position()
        found.setdefault((round(y), round(x)), []).append(text.get_text())
    return found


def outlined(axes: Axes) -> list[tuple[float, float]]:
    """Row and column of the cells with an outline."""
    frames = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    return [(frame.get_y() + 0.5, frame.get_x() + 0.5) for frame in frames]


class TestCells:
    def test_each_has_its_value_in_the_row_and_column_of_its_point(self) -> None:
        axes = table(nine(*NINE))
        assert [label.get_text() for label in axes.get_yticklabels()] == ["0.1", "0.01", "0.001"]
        assert [label.get_text() for label in axes.get_xticklabels()] == ["0.5", "0.1", "0.05"]
        assert (axes.get_ylabel(), axes.get_xlabel()) == ("lr", "momentum")
        assert placed(axes) == {(n // 3, n % 3): [f"{NINE[n]:.2f}"] for n in range(9)}

    def test_the_best_is_bold_and_has_an_outline_and_a_star(self) -> None:
        axes = table(nine(*NINE))
        assert [text.get_text() for text in axes.texts if text.get_weight() == "bold"] == ["99.35"]
        assert outlined(axes) == [(0, 2)]
        assert len(stars(axes)) == 1

    def test_the_least_may_be_the_best(self) -> None:
        axes = table(drawn(request([LR, MOMENTUM], grid([LR, MOMENTUM], NINE), maximize=False)))
        assert outlined(axes) == [(2, 2)]

    def test_those_without_a_value_say_why(self) -> None:
        others = [state for state in TrialState if state is not TrialState.SUCCEEDED]
        axes = table(nine(99.3, 99.2, 99.1, *others))
        assert [placed(axes)[n // 3, n % 3] for n in range(3, 9)] == [[TRIAL_STATES[state].count] for state in others]
        colours = {tuple(axes.get_images()[0].get_array()[n // 3, n % 3]) for n in range(3, 9)}
        assert len(colours) == 6

    def test_what_one_that_runs_has_told_is_there_with_its_state(self) -> None:
        cells = grid([LR, MOMENTUM], NINE)
        cells[4] = Cell((0.01, 0.1), TrialState.RUNNING, 99.9)
        axes = table(drawn(request([LR, MOMENTUM], cells)))
        assert placed(axes)[1, 1] == ["99.90", "running"]
        assert outlined(axes) == [(1, 1)]

    def test_a_failed_one_is_never_the_best(self) -> None:
        cells = [Cell((0.1, 0.5), TrialState.FAILED, 99.9), *grid([LR, MOMENTUM], NINE)[1:]]
        assert outlined(table(drawn(request([LR, MOMENTUM], cells)))) == [(0, 2)]

    def test_of_folds_mean_and_deviation(self) -> None:
        cells = [Cell(cell.at, cell.state, cell.value, 0.25) for cell in grid([LR, MOMENTUM], NINE)]
        assert placed(table(drawn(request([LR, MOMENTUM], cells))))[2, 1] == ["98.10", "± 0.25"]

    def test_before_anything_has_ended_all_wait_and_there_is_no_scale(self) -> None:
        figure = nine(*[TrialState.WAITING] * 9)
        assert set(texts(table(figure))) == {"waiting"}
        assert len(figure.axes) == 1

    def test_numbers_that_are_none_are_no_metrics(self) -> None:
        axes = table(nine(99.3, float("nan"), float("inf"), 1e300, *NINE[4:]))
        assert [placed(axes)[n // 3, n % 3] for n in (1, 2, 3)] == [["without metrics"]] * 3
        assert outlined(axes) == [(0, 0)]

    def test_where_a_point_was_drawn_twice_the_better_one_shows(self) -> None:
        cells = [*grid([LR, MOMENTUM], NINE), Cell((0.001, 0.05), TrialState.SUCCEEDED, 99.9)]
        cells += [Cell((0.1, 0.5), TrialState.SUCCEEDED, 1.0), Cell((0.1, 0.1), TrialState.FAILED)]
        axes = table(drawn(request([LR, MOMENTUM], cells)))
        assert [placed(axes)[place] for place in ((2, 2), (0, 0), (0, 1))] == [["99.9"], ["99.3"], ["99.2"]]


@cache
def large() -> Figure:
    axes = [
        Axis("lr", Kind.FLOAT, tuple(10 ** (n / 33 - 4) for n in range(100))),
        Axis("momentum", Kind.FLOAT, tuple(n / 100 for n in range(100))),
    ]
    values = [TrialState.FAILED if n % 97 == 0 else 50 + n / 1000 for n in range(10_000)]
    return drawn(request(axes, grid(axes, values)))


class TestLarge:
    def test_numbers_that_do_not_fit_are_left_out(self) -> None:
        assert texts(table(large())) == []

    def test_the_states_have_their_signs(self) -> None:
        assert len(signs(table(large()), TrialState.FAILED)) == 104
        assert signs(table(large()), TrialState.FAILED)[:2] == [(0, 0), (97, 0)]

    def test_the_best_has_a_star_on_it(self) -> None:
        assert stars(table(large())) == [(99, 99)]

    def test_labels_are_thinned_until_none_touches_another(self) -> None:
        axes, renderer = table(large()), FigureCanvasAgg(large()).get_renderer()
        across = [label.get_window_extent(renderer) for label in axes.get_xticklabels()]
        down = [label.get_window_extent(renderer) for label in axes.get_yticklabels()]
        assert 5 < len(across) < 50
        assert 5 < len(down) < 60
        assert all(left.x1 < right.x0 for left, right in pairwise(across))
        assert all(upper.y0 > lower.y1 - 3 for upper, lower in pairwise(down))


class TestLongWords:
    rows = Axis("schedule_of_the_learning_rate", Kind.CHOICE, ("cosine annealing with restarts", "linear", "one cycle"))
    columns = Axis(
        "architecture", Kind.CHOICE, tuple(f"resnet{n} pretrained on imagenet" for n in (18, 34, 50, 101, 152))
    )

    @pytest.mark.parametrize("axes", [(rows, columns), (columns, rows), (LR, MOMENTUM)])
    def test_everything_is_inside_the_picture(self, axes: tuple[Axis, Axis]) -> None:
        count = len(axes[0].values) * len(axes[1].values)
        figure = drawn(
            request(axes, grid(axes, [90 + n / 7 for n in range(count)]), metric="accuracy_of_the_whole_validation_set")
        )
        renderer = FigureCanvasAgg(figure).get_renderer()
        for each in figure.axes:
            box = each.get_tightbbox(renderer)
            assert box is not None
            assert min(box.x0, box.y0) >= 0
            assert box.x1 <= figure.bbox.width
            assert box.y1 <= figure.bbox.height

    def test_a_cells_text_is_inside_the_cell(self) -> None:
        axes = (self.rows, self.columns)
        values = [TrialState.MISSING if n % 2 else 90 + n / 7 for n in range(15)]
        shown = table(drawn(request(axes, grid(axes, values))))
        renderer = FigureCanvasAgg(shown.get_figure(root=True)).get_renderer()  # type: ignore[arg-type]
        wide = np.diff(shown.transData.transform([(0, 0), (1, 0)])[:, 0])[0]
        assert shown.texts
        assert all(text.get_window_extent(renderer).width < wide for text in shown.texts)


def test_a_table_that_would_be_nearly_empty_is_none() -> None:
    wide = Axis("seed", Kind.INT, tuple(range(1_000)))
    figure = drawn(request([LR, wide], [Cell((0.1, n), TrialState.SUCCEEDED, n) for n in range(50)]))
    assert figure.axes[0].get_images() == []


def test_neither_is_one_with_a_range() -> None:
    figure = drawn(request([LR, ANY_LR], [Cell((0.1, 0.5), TrialState.SUCCEEDED, 1.0)]))
    assert figure.axes[0].get_images() == []
