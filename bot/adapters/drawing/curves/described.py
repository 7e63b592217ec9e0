"""Describe a picture of curves in words, for people who do not see it."""

from collections.abc import Sequence

from bot.adapters.drawing.curves.run_curves import RunCurves
from bot.domain.drawing.figures import FigureRequest
from bot.domain.drawing.panel_layout import Panel
from bot.domain.numbers import written


def described(
    request: FigureRequest, runs: Sequence[RunCurves], panels: Sequence[Panel], best: RunCurves | None
) -> str:
    columns = ", ".join(column for panel in panels for column in panel.columns)
    sentences = [f"{request.title}: curves of {columns} over {runs[0].table.x_label}."]
    if best is not None and best.best is not None:
        of = f" ({best.label})" if len(runs) > 1 else ""
        at = f"{runs[0].table.x_label} {best.best_x:,.10g}"
        sentences.append(f"Best {best.best.metric} {written(best.best.value)} at {at}{of}.")
    if len(runs) > 1:
        sentences.append(f"Curves: {'; '.join(run.label for run in runs)}.")
    return " ".join(sentences)
