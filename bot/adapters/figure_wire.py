"""How the bot and its drawing process talk over pipes: a JSON head, and bytes that are left as they are.

A frame is two lengths of eight bytes, the head's and the body's, big-endian, and then the two.
"""

import json
from collections.abc import Mapping
from struct import Struct
from typing import Any

from bot.domain.figures import Curve, Drawing, FigureRequest

LENGTHS = Struct(">QQ")


def pack(head: Mapping[str, Any], body: bytes) -> bytes:
    encoded = json.dumps(head).encode()
    return LENGTHS.pack(len(encoded), len(body)) + encoded + body


def pack_request(request: FigureRequest) -> bytes:
    head = {
        "title": request.title,
        "subtitle": request.subtitle,
        "curves": [{"label": curve.label, "size": len(curve.csv)} for curve in request.curves],
        "best": request.best,
        "maximize": request.maximize,
        "names": None if request.names is None else dict(request.names),
    }
    return pack(head, b"".join(curve.csv for curve in request.curves))


def unpack_request(head: bytes, body: bytes) -> FigureRequest:
    fields = json.loads(head)
    curves, start = [], 0
    for curve in fields.pop("curves"):
        curves.append(Curve(curve["label"], body[start : start + curve["size"]]))
        start += curve["size"]
    return FigureRequest(curves=tuple(curves), **fields)


def pack_drawing(drawing: Drawing) -> bytes:
    return pack({"remarks": drawing.remarks, "error": ""}, drawing.png or b"")


def pack_error(error: str) -> bytes:
    return pack({"remarks": (), "error": error}, b"")


def unpack_answer(head: bytes, body: bytes) -> tuple[Drawing, str]:
    """The drawing, and what went wrong; "" if nothing did."""
    fields = json.loads(head)
    return Drawing(body or None, tuple(fields["remarks"])), fields["error"]
