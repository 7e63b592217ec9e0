import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bot.adapters.drawing.curves.figure_page import draw_figure, make_figure
from bot.adapters.drawing.style import theme
from bot.domain.drawing.figures import Curve, FigureRequest
from tests.support.projects import PNG

HANDS_ON = b"train_loss,val_loss,val_accuracy\n0.5,0.4,97\n0.3,0.2,99\n0.2,0.3,98\n"


def request(
    *files: bytes, best: str = "val_accuracy", maximize: bool = True, title: str = "mnist k7q2mx"
) -> FigureRequest:
    curves = tuple(Curve(f"job{n} lr={n}", csv) for n, csv in enumerate(files))
    return FigureRequest(title, "main@a1b2c3d   lr=0.1 epochs=3", curves, best, maximize)


def drawn(asked: FigureRequest) -> Figure:
    figure, _ = make_figure(asked)
    assert figure is not None
    return figure


def panel(figure: Figure, title: str) -> Axes:
    return next(axes for axes in figure.axes if axes.get_title(loc="left") == title)


def curves(axes: Axes) -> dict[str, Line2D]:
    """The lines by their column."""
    return {str(line.get_label()): line for line in axes.get_lines() if not str(line.get_label()).startswith("_")}


def marks(axes: Axes) -> list[tuple[float, float]]:
    wakes = [line for line in axes.get_lines() if line.get_label() == "_best" and line.get_marker() == "o"]
    return [(float(wake.get_xdata()[0]), float(wake.get_ydata()[0])) for wake in wakes]


def points(line: Line2D) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)]


def table(rows: int, **columns: float) -> bytes:
    """Long, and up and down around the values given."""
    lines = [",".join(str(value + (n * 7919) % 13) for value in columns.values()) for n in range(rows)]
    return "\n".join([",".join(columns), *lines, ""]).encode()


class TestOneJob:
    def test_losses_in_one_panel_and_accuracy_in_the_other(self) -> None:
        accuracy, loss = drawn(request(HANDS_ON)).axes
        assert points(curves(loss)["train_loss"]) == [(1, 0.5), (2, 0.3), (3, 0.2)]
        assert points(curves(loss)["val_loss"]) == [(1, 0.4), (2, 0.2), (3, 0.3)]
        assert points(curves(accuracy)["val_accuracy"]) == [(1, 97), (2, 99), (3, 98)]
        assert (loss.get_title(loc="left"), accuracy.get_title(loc="left")) == ("Loss", "Accuracy")
        assert loss.get_xlabel() == accuracy.get_xlabel() == "epoch"

    def test_training_is_solid_and_validation_dashed_beside_it(self) -> None:
        figure = drawn(request(HANDS_ON))
        accuracy, loss = map(curves, figure.axes)
        assert loss["train_loss"].get_linestyle() == "-"
        assert loss["val_loss"].get_linestyle() == "--"
        assert accuracy["val_accuracy"].get_linestyle() == "-"
        assert loss["val_loss"].get_color() == accuracy["val_accuracy"].get_color() != loss["train_loss"].get_color()

    def test_the_best_epoch_is_marked_and_named_in_both(self) -> None:
        accuracy, loss = drawn(request(HANDS_ON)).axes
        assert marks(accuracy) == [(2, 99)]
        assert accuracy.get_title(loc="right") == "best 99 at 2"
        assert marks(loss) == [(2, 0.2)]
        assert loss.get_title(loc="right") == "0.2 at epoch 2"

    def test_the_least_may_be_the_best(self) -> None:
        accuracy, loss = reversed(drawn(request(HANDS_ON, best="train_loss", maximize=False)).axes)
        assert loss.get_title(loc="right") == "best 0.2 at epoch 3"
        assert marks(loss) == [(3, 0.2)]
        assert marks(accuracy) == [(3, 98)]

    def test_a_metric_that_is_not_there_is_told_and_another_marked(self) -> None:
        figure, remarks = make_figure(request(HANDS_ON, best="f1"))
        assert remarks == ('No file has a column "f1", the metric that the configuration names.',)
        assert figure is not None
        assert marks(figure.axes[0]) == [(2, 99)]

    def test_title_and_subtitle(self) -> None:
        said = [text.get_text() for text in drawn(request(HANDS_ON)).texts]
        assert said == ["mnist k7q2mx", "main@a1b2c3d   lr=0.1 epochs=3"]

    def test_a_legend_names_the_columns_where_there_are_some(self) -> None:
        accuracy, loss = drawn(request(HANDS_ON)).axes
        legend = loss.get_legend()
        assert legend is not None
        assert [text.get_text() for text in legend.get_texts()] == ["train_loss", "val_loss"]
        assert accuracy.get_legend() is None

    def test_metric_of_the_project_comes_first(self) -> None:
        csv = b"epoch,val_loss,lr,train_f1,val_f1\n1,1,0.1,0.5,0.4\n2,0.5,0.05,0.6,0.5\n"
        figure = drawn(request(csv, best="val_f1"))
        assert [axes.get_title(loc="left") for axes in figure.axes] == ["f1", "Loss"]
        assert sorted(curves(panel(figure, "f1"))) == ["train_f1", "val_f1"]

    def test_sixty_metrics_are_two_panels_and_the_rest_is_named(self) -> None:
        names = [f"metric{n}" for n in range(60)]
        csv = f"{','.join(names)}\n{','.join('1' for _ in names)}\n".encode()
        figure, remarks = make_figure(request(csv, best="metric7"))
        assert figure is not None
        assert [axes.get_title(loc="left") for axes in figure.axes] == ["metric7", "metric0"]
        named = "metric1, metric2, metric3, metric4, metric5"
        assert remarks == (f"Not in the picture: {named} and 53 more. The option metrics: shows others.",)

    def test_wanted_metrics_are_drawn_in_their_order(self) -> None:
        asked = replace(request(HANDS_ON, best="val_accuracy"), wanted=("train_loss", "f1"))
        figure, remarks = make_figure(asked)
        assert figure is not None
        assert [axes.get_title(loc="left") for axes in figure.axes] == ["Loss"]
        assert remarks[0] == "No file has f1."
        several = drawn(replace(request(HANDS_ON, HANDS_ON), wanted=("Train_Loss",)))
        assert [axes.get_title(loc="left") for axes in several.axes] == ["train_loss"]

    def test_each_curve_has_its_own_projects_column_names(self) -> None:
        theirs = {"epoch": "num_timesteps", "val_accuracy": "reward"}
        curves = (
            Curve("a", b"epoch,val_accuracy\n1,97\n2,98\n"),
            Curve("b", b"num_timesteps,reward\n10,50\n20,99\n", theirs),
        )
        figure = drawn(FigureRequest("mnist, walker: 2 jobs", "", curves, "val_accuracy"))
        (axes,) = figure.axes
        found = {tuple(np.asarray(line.get_xdata()).tolist()) for line in axes.get_lines()}
        assert {(1.0, 2.0), (10.0, 20.0)} <= found

    def test_names_are_text_and_no_formulas(self) -> None:
        drawing = draw_figure(request(b"$x^{,_hidden\n1,2\n2,3\n", best="", title="a $\\frac$ _ <b> 日本 😀"))
        assert drawing.png is not None


class TestStrangeData:
    def test_one_row_is_a_point(self) -> None:
        accuracy, loss = drawn(request(b"train_loss,val_loss,val_accuracy\n0.5,0.4,97\n")).axes
        line = curves(accuracy)["val_accuracy"]
        assert (points(line), line.get_marker(), line.get_markevery()) == ([(1, 97)], "o", [0])
        assert marks(loss) == [(1, 0.4)]

    def test_nan_and_infinity_are_gaps(self) -> None:
        rows = "".join(f"{n},{'nan' if n == 5 else 'inf' if n == 9 else n}\n" for n in range(1, 31))
        line = curves(drawn(request(f"epoch,loss\n{rows}".encode(), best="")).axes[0])["loss"]
        assert [x for x, y in points(line) if math.isnan(y)] == [5, 9]

    def test_a_point_between_gaps_is_marked(self) -> None:
        rows = "".join(f"{n},{'nan' if n in (14, 16) else n}\n" for n in range(1, 31))
        line = curves(drawn(request(f"epoch,loss\n{rows}".encode(), best="")).axes[0])["loss"]
        assert line.get_markevery() == [14]

    def test_losses_over_decades_are_on_a_logarithmic_scale(self) -> None:
        far = drawn(request(b"epoch,loss,lr\n1,10,10\n2,0.01,0.01\n", best=""))
        assert [axes.get_yscale() for axes in far.axes] == ["log", "linear"]
        near = drawn(request(b"epoch,loss\n1,10\n2,1\n", best=""))
        assert near.axes[0].get_yscale() == "linear"

    def test_a_logarithmic_scale_has_plain_numbers(self) -> None:
        figure = drawn(request(b"epoch,loss\n1,10\n2,0.01\n", best=""))
        FigureCanvasAgg(figure).draw()
        labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
        assert "0.1" in labels
        assert not any("$" in label for label in labels)

    @pytest.mark.parametrize("csv", [b"", b"epoch,loss\n", b"epoch,note\n1,x\n", b"epoch\n1\n"])
    def test_nothing_to_draw(self, csv: bytes) -> None:
        drawing = draw_figure(request(csv))
        assert drawing.png is None

    def test_epochs_may_be_fractions(self) -> None:
        accuracy, loss = drawn(request(b"epoch,val_loss,val_accuracy\n0.5,3,90\n1.25,2,95\n2,1,93\n")).axes
        assert (marks(loss), marks(accuracy)) == ([(1.25, 2)], [(1.25, 95)])

    @given(st.lists(st.lists(st.floats(width=64), min_size=3, max_size=3), min_size=1, max_size=5))
    @settings(max_examples=8, deadline=None)
    @example([[1, 1e308, -1e308], [2, 5e-324, 1e308]])
    @example([[1e308, 1, 1], [-1e308, 2, 2]])
    def test_any_numbers(self, rows: list[list[float]]) -> None:
        csv = "epoch,loss,accuracy\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)
        drawing = draw_figure(request(csv.encode(), best="accuracy"))
        assert drawing.png or drawing.remarks

    def test_of_nothing_to_draw_the_words_say_why(self) -> None:
        assert draw_figure(request(b"")).remarks == ("The file is empty.",)


class TestLongTables:
    def test_noisy_ones_have_moving_averages_over_ten_and_a_hundred(self) -> None:
        axes = drawn(request(table(3_000, reward_sum=0.0), best="")).axes[0]
        raw, ten, hundred = axes.get_lines()
        assert raw.get_alpha() < ten.get_alpha() < hundred.get_alpha()
        values = np.asarray(raw.get_ydata())
        np.testing.assert_allclose(ten.get_ydata()[500], values[491:501].mean())
        np.testing.assert_allclose(hundred.get_ydata()[500], values[401:501].mean())

    def test_the_header_says_what_the_lines_are(self) -> None:
        said = [text.get_text() for text in drawn(request(table(300, reward_sum=0.0), best="")).texts]
        assert said[-1] == "faint: every row   strong: mean of 10 and of 100"

    def test_short_or_smooth_ones_have_none(self) -> None:
        assert len(drawn(request(table(150, reward_sum=0.0), best="")).axes[0].get_lines()) == 1
        smooth = b"steps\n" + b"".join(b"%d\n" % n for n in range(3_000))
        assert len(drawn(request(smooth, best="")).axes[0].get_lines()) == 1

    def test_many_points_are_thinned_and_the_best_is_still_exact(self) -> None:
        values = [(n * 7919) % 1_000 for n in range(50_000)]
        values[31_337] = 5_000
        axes = drawn(request(("reward\n" + "\n".join(map(str, values)) + "\n").encode(), best="reward")).axes[0]
        assert all(np.size(line.get_xdata()) <= 5_000 for line in axes.get_lines())
        assert marks(axes) == [(31_338, 5_000)]


class TestCurvesOfOneQuantity:
    def test_each_has_a_colour_of_its_own(self) -> None:
        csv = b"epoch,train_loss_step,train_loss_epoch,val_loss\n1,0.5,0.6,0.7\n2,0.4,0.5,0.6\n"
        drawn_lines = curves(drawn(request(csv, best="val_loss")).axes[0])
        assert len({to_hex(line.get_color()) for line in drawn_lines.values()}) == len(drawn_lines) == 3

    def test_folds_are_not_joined(self) -> None:
        csv = b"epoch,val_loss\n1,3\n2,2\n1,4\n2,1\n"
        (line,) = curves(drawn(request(csv, best="val_loss", maximize=False)).axes[0]).values()
        assert [math.isnan(float(y)) for y in np.asarray(line.get_ydata())] == [False, False, True, False, False]


class TestSeveralJobs:
    files = (
        b"epoch,train_loss,val_accuracy\n1,0.5,90\n2,0.4,95\n",
        b"epoch,train_loss,val_accuracy\n1,0.6,91\n2,0.5,97\n3,0.4,96\n",
        b"",
    )

    def test_share_a_panel_of_the_metric_each_with_colour_style_and_marker(self) -> None:
        axes = drawn(request(*self.files)).axes[0]
        assert axes.get_title(loc="left") == "val_accuracy"
        lines = [line for line in axes.get_lines() if line.get_label() == "val_accuracy"]
        assert [points(line) for line in lines] == [[(1, 90), (2, 95)], [(1, 91), (2, 97), (3, 96)]]
        assert len({line.get_color() for line in lines}) == len({line.get_linestyle() for line in lines}) == 2
        assert len({line.get_marker() for line in axes.get_lines() if line.get_label() == "_mark"}) == 2

    def test_the_legend_names_the_jobs_and_stars_the_best(self) -> None:
        (legend,) = drawn(request(*self.files)).legends
        assert [text.get_text() for text in legend.get_texts()] == ["job0 lr=0", "★ job1 lr=1"]
        colours = [to_hex(line.get_color()) for line in legend.get_lines()]
        assert colours == [theme.colour(0), theme.colour(1)]

    def test_each_has_its_best_marked_and_the_best_of_all_is_named(self) -> None:
        accuracy = drawn(request(*self.files)).axes[0]
        assert marks(accuracy) == [(2, 95), (2, 97)]
        assert accuracy.get_title(loc="right") == "best 97 at 2"

    def test_an_empty_one_is_told_by_its_name(self) -> None:
        assert draw_figure(request(*self.files)).remarks == ("job2: The file is empty.",)


class TestPicture:
    def test_is_a_png_of_a_width_for_phones(self) -> None:
        png = draw_figure(request(HANDS_ON)).png
        assert png is not None
        assert png.startswith(PNG)
        assert (int.from_bytes(png[16:20]), int.from_bytes(png[20:24])) == (1260, 801)  # 550 x 350 in Discord
        assert len(png) < 500_000

    def test_is_the_same_each_time(self) -> None:
        assert draw_figure(request(HANDS_ON)) == draw_figure(request(HANDS_ON))

    @pytest.mark.parametrize("column", ["reward_sum", "maximum_leg_error", "val_accuracy_of_the_whole_set"])
    def test_what_is_above_a_panel_does_not_overlap(self, column: str) -> None:
        csv = f"{column},b\n" + "".join(f"{n % 997}.25,1\n" for n in range(1_828))
        figure = drawn(request(csv.encode(), best=column))
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        axes = next(axes for axes in figure.axes if axes.get_title(loc="right") or marks(axes))
        left, right = (
            getattr(axes, name).get_window_extent(canvas.get_renderer()) for name in ("_left_title", "_right_title")
        )
        assert left.x1 < right.x0 or not axes.get_title(loc="right")
