"""Draw the curves of the best few trials over each other."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import SubFigure
from matplotlib.lines import Line2D

from bot.adapters.drawing.curves.curve_panel import draw_panel
from bot.adapters.drawing.curves.run_curves import RunCurves, best_run, read_runs
from bot.adapters.drawing.style import lettering, theme
from bot.domain.drawing.figures import BoardRequest, FigureRequest
from bot.domain.drawing.panel_layout import Panel, PanelKind, arrange

PANELS_HEIGHT, LEGEND_ROW = 3.2, 0.26
LONGEST_LABEL = 72
"""Characters of a label in the legend."""


@dataclass(frozen=True, slots=True)
class BestCurves:
    """At most two panels: the metric's own, and the losses."""

    runs: tuple[RunCurves, ...]
    panels: tuple[Panel, ...]
    maximize: bool

    @classmethod
    def from_request(cls, request: BoardRequest) -> tuple["BestCurves | None", tuple[str, ...]]:
        """The curves (None if there is nothing to draw), and remarks about the files."""
        figure = FigureRequest("", "", request.curves, request.metric, request.maximize, request.column_names)
        runs, remarks = read_runs(figure)
        if not runs:
            return None, tuple(remarks)
        panels = arrange(dict.fromkeys(column for run in runs for column in run.table.columns))
        own = [panel for panel in panels if request.metric in panel.columns]
        losses = [panel for panel in panels if panel.kind is PanelKind.LOSS]
        shown = (own + [panel for panel in (*losses, *panels) if panel not in own])[:2]
        return cls(tuple(runs), tuple(sorted(shown, key=panels.index)), request.maximize), tuple(remarks)

    @property
    def height(self) -> float:
        return PANELS_HEIGHT + LEGEND_ROW * len(self.runs)

    def draw(self, figure: SubFigure) -> None:
        best = best_run(self.runs, maximize=self.maximize)
        for axes, panel in zip(figure.subplots(1, len(self.panels), squeeze=False)[0], self.panels, strict=True):
            draw_panel(axes, panel, self.runs, best)
            axes.set_xlabel(self.runs[0].table.x_label)
        self._legend(figure, self.runs)

    def _legend(self, figure: SubFigure, runs: Sequence[RunCurves]) -> None:
        figure.legend(
            [Line2D([], [], color=theme.colour(run.index), linewidth=4) for run in runs],
            [lettering.cut(run.label, LONGEST_LABEL) for run in runs],
            loc="outside upper left",
            handlelength=1.2,
            labelspacing=0.3,
        )
