"""What the bot asks its drawing process, and what that answers, in `bot/adapters/processes/frames.py`'s frames."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from bot.adapters.processes.frames import frame
from bot.domain.drawing.figures import BoardRequest, Cell, Curve, Drawing, FigureRequest
from bot.domain.model.space import Axis
from bot.domain.model.trial import TrialState
from bot.domain.parameters import Kind


def pack(head: Mapping[str, Any], body: bytes) -> bytes:
    return frame(json.dumps(head).encode(), body)


def pack_request(request: FigureRequest) -> bytes:
    head = {
        "kind": "figure",
        "title": request.title,
        "subtitle": request.subtitle,
        "curves": _sizes(request.curves),
        "best": request.best,
        "maximize": request.maximize,
        "names": None if request.names is None else dict(request.names),
    }
    return pack(head, b"".join(curve.csv for curve in request.curves))


def pack_board(request: BoardRequest) -> bytes:
    head = {
        "kind": "board",
        "title": request.title,
        "subtitle": request.subtitle,
        "axes": [asdict(axis) for axis in request.axes],
        "cells": [(cell.at, cell.state, cell.value, cell.deviation) for cell in request.cells],
        "metric": request.metric,
        "maximize": request.maximize,
        "importance": dict(request.importance),
        "curves": _sizes(request.curves),
        "names": None if request.names is None else dict(request.names),
    }
    return pack(head, b"".join(curve.csv for curve in request.curves))


def unpack_request(head: bytes, body: bytes) -> FigureRequest | BoardRequest:
    fields = json.loads(head)
    kind = fields.pop("kind")
    fields["curves"] = _curves(fields["curves"], body)
    if kind == "figure":
        return FigureRequest(**fields)
    fields["axes"] = tuple(_axis(axis) for axis in fields["axes"])
    fields["cells"] = tuple(Cell(tuple(at), TrialState(state), *rest) for at, state, *rest in fields["cells"])
    return BoardRequest(**fields)


def pack_drawing(drawing: Drawing) -> bytes:
    return pack({"remarks": drawing.remarks, "error": ""}, drawing.png or b"")


def pack_error(error: str) -> bytes:
    return pack({"remarks": (), "error": error}, b"")


def unpack_answer(head: bytes, body: bytes) -> tuple[Drawing, str]:
    """The drawing, and what went wrong; "" if nothing did."""
    fields = json.loads(head)
    return Drawing(body or None, tuple(fields["remarks"])), fields["error"]


def _sizes(curves: Sequence[Curve]) -> list[dict[str, Any]]:
    return [{"label": curve.label, "size": len(curve.csv)} for curve in curves]


def _curves(sizes: Sequence[Mapping[str, Any]], body: bytes) -> tuple[Curve, ...]:
    curves, start = [], 0
    for curve in sizes:
        curves.append(Curve(curve["label"], body[start : start + curve["size"]]))
        start += curve["size"]
    return tuple(curves)


def _axis(fields: Mapping[str, Any]) -> Axis:
    return Axis(**{**fields, "kind": Kind(fields["kind"]), "values": tuple(fields["values"])})
