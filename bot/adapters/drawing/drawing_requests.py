"""Requests to the drawing process and its answers, in the frames of `processes/frames.py`.

The head is JSON with the fields of the request; the body is the CSV files that are not on disk, or the picture.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from bot.adapters.processes.frames import frame
from bot.domain.drawing.figures import (
    BoardRequest,
    Cell,
    CostRequest,
    Curve,
    Drawing,
    FigureRequest,
    SpotRequest,
    Stack,
    TablesRequest,
    TableSummary,
)
from bot.domain.metrics.progress_rows import Best
from bot.domain.model.space import Axis
from bot.domain.model.trial import TrialState
from bot.domain.parameters import Kind

Request = FigureRequest | TablesRequest | BoardRequest | CostRequest | SpotRequest
_KINDS: Mapping[str, type[Request]] = {
    kind.__name__: kind for kind in (FigureRequest, TablesRequest, BoardRequest, CostRequest, SpotRequest)
}
_MOST_REMARKS, _LONGEST_REMARK = 50, 1_000
_LONGEST_ERROR = 300


def pack_request(request: Request) -> bytes:
    head = {field.name: getattr(request, field.name) for field in fields(request)}
    curves = () if isinstance(request, BoardRequest | CostRequest | SpotRequest) else request.curves
    head["kind"] = type(request).__name__
    body = b"".join(curve.csv for curve in curves if isinstance(curve.csv, bytes))
    return frame(json.dumps(head, default=_plain).encode(), body)


def unpack_request(head: bytes, body: bytes) -> Request:
    found = json.loads(head)
    kind = _KINDS[found.pop("kind")]
    if kind is BoardRequest:
        found["axes"] = tuple(_axis(axis) for axis in found["axes"])
        found["cells"] = tuple(Cell(tuple(at), TrialState(state), *rest) for at, state, *rest in found["cells"])
        return BoardRequest(**found)
    if kind is CostRequest:
        stacks = tuple(Stack(name, tuple(usd), rest) for name, usd, rest in found["stacks"])
        return CostRequest(found["title"], found["subtitle"], tuple(found["bars"]), stacks)
    if kind is SpotRequest:
        zones = tuple((name, tuple((at, usd) for at, usd in steps)) for name, steps in found.pop("zones"))
        return SpotRequest(**found, zones=zones)
    found["curves"] = _curves(found["curves"], body)
    if kind is TablesRequest:
        return TablesRequest(**found)
    return FigureRequest(**{**found, "wanted": tuple(found["wanted"])})


def pack_drawing(drawing: Drawing) -> bytes:
    remarks = [remark[:_LONGEST_REMARK] for remark in drawing.remarks[:_MOST_REMARKS]]
    return _pack({"remarks": remarks, "best": _plain_best(drawing.best)}, drawing.png or b"")


def pack_summaries(summaries: Sequence[TableSummary]) -> bytes:
    return _pack({"tables": [[each.columns, _plain_best(each.best), each.problem] for each in summaries]})


def pack_problem(problem: str) -> bytes:
    """What the request itself makes impossible."""
    return _pack({"problem": problem})


def pack_error(error: str) -> bytes:
    return _pack({"error": error[:_LONGEST_ERROR]})


def unpack_answer(head: bytes, body: bytes) -> tuple[Drawing, str]:
    """The drawing and the error; "" if there was none."""
    found = json.loads(head)
    if "problem" in found:
        return Drawing(None, (found["problem"],)), ""
    return Drawing(body or None, tuple(found.get("remarks", ())), _best(found.get("best"))), found.get("error", "")


def unpack_summaries(head: bytes) -> tuple[list[TableSummary], str, str]:
    """The summaries, the problem and the error; "" if there was none."""
    found = json.loads(head)
    tables = [TableSummary(tuple(columns), _best(best), problem) for columns, best, problem in found.get("tables", ())]
    return tables, found.get("problem", ""), found.get("error", "")


def _pack(head: Mapping[str, Any], body: bytes = b"") -> bytes:
    return frame(json.dumps(head).encode(), body)


def _plain_best(best: Best | None) -> tuple[float, int | None, str] | None:
    return None if best is None else (best.value, best.epoch, best.unit)


def _best(found: Sequence[Any] | None) -> Best | None:
    return None if found is None else Best(*found)


def _plain(value: object) -> object:
    """What JSON does not know. Cells are rows, not objects, so that 10,000 of them stay cheap."""
    match value:
        case Curve():
            size, path = (0, str(value.csv)) if isinstance(value.csv, Path) else (len(value.csv), "")
            return {"label": value.label, "size": size, "path": path, "column_names": value.column_names}
        case Cell():
            return value.at, value.state, value.value, value.deviation
        case Stack():
            return value.name, value.usd, value.rest
        case Axis():
            return asdict(value)
        case Mapping():
            return dict(value)
    raise TypeError(type(value).__name__)


def _curves(sizes: Sequence[Mapping[str, Any]], body: bytes) -> tuple[Curve, ...]:
    curves, start = [], 0
    for curve in sizes:
        csv = Path(curve["path"]) if curve["path"] else body[start : start + curve["size"]]
        curves.append(Curve(curve["label"], csv, curve["column_names"]))
        start += curve["size"]
    return tuple(curves)


def _axis(found: Mapping[str, Any]) -> Axis:
    return Axis(**{**found, "kind": Kind(found["kind"]), "values": tuple(found["values"])})
