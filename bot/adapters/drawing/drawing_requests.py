"""Requests to the drawing process and its answers, in the frames of `processes/frames.py`.

The head is JSON with the fields of the request; the body is the CSV files, or the picture.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from bot.adapters.processes.frames import frame
from bot.domain.drawing.figures import BoardRequest, Cell, Curve, Drawing, FigureRequest
from bot.domain.model.space import Axis
from bot.domain.model.trial import TrialState
from bot.domain.parameters import Kind


def pack_request(request: FigureRequest | BoardRequest) -> bytes:
    head = {field.name: getattr(request, field.name) for field in fields(request)}
    curves = () if isinstance(request, BoardRequest) else request.curves
    head["is_board"] = isinstance(request, BoardRequest)
    return frame(json.dumps(head, default=_plain).encode(), b"".join(curve.csv for curve in curves))


def unpack_request(head: bytes, body: bytes) -> FigureRequest | BoardRequest:
    found = json.loads(head)
    is_board = found.pop("is_board")
    if not is_board:
        own = {"curves": _curves(found["curves"], body), "wanted": tuple(found["wanted"])}
        return FigureRequest(**{**found, **own})
    found["axes"] = tuple(_axis(axis) for axis in found["axes"])
    found["cells"] = tuple(Cell(tuple(at), TrialState(state), *rest) for at, state, *rest in found["cells"])
    return BoardRequest(**found)


def pack_drawing(drawing: Drawing) -> bytes:
    return _pack_answer(drawing.remarks, "", drawing.png or b"")


def pack_error(error: str) -> bytes:
    return _pack_answer((), error, b"")


def unpack_answer(head: bytes, body: bytes) -> tuple[Drawing, str]:
    """The drawing and the error; "" if there was none."""
    found = json.loads(head)
    return Drawing(body or None, tuple(found["remarks"])), found["error"]


def _pack_answer(remarks: Sequence[str], error: str, png: bytes) -> bytes:
    return frame(json.dumps({"remarks": remarks, "error": error}).encode(), png)


def _plain(value: object) -> object:
    """What JSON does not know. Cells are rows, not objects, so that 10,000 of them stay cheap."""
    match value:
        case Curve():
            return {"label": value.label, "size": len(value.csv), "column_names": value.column_names}
        case Cell():
            return value.at, value.state, value.value, value.deviation
        case Axis():
            return asdict(value)
        case Mapping():
            return dict(value)
    raise TypeError(type(value).__name__)


def _curves(sizes: Sequence[Mapping[str, Any]], body: bytes) -> tuple[Curve, ...]:
    curves, start = [], 0
    for curve in sizes:
        curves.append(Curve(curve["label"], body[start : start + curve["size"]], curve["column_names"]))
        start += curve["size"]
    return tuple(curves)


def _axis(found: Mapping[str, Any]) -> Axis:
    return Axis(**{**found, "kind": Kind(found["kind"]), "values": tuple(found["values"])})
