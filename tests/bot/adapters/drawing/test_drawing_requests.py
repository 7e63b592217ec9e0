import io
from types import MappingProxyType

from bot.adapters.drawing import drawing_worker
from bot.adapters.drawing.drawing_requests import (
    pack_drawing,
    pack_error,
    pack_request,
    unpack_answer,
    unpack_request,
)
from bot.adapters.processes.frames import read_frame
from bot.domain.drawing.figures import BoardRequest, Cell, CostRequest, Curve, Drawing, FigureRequest, Stack
from bot.domain.model.space import Axis
from bot.domain.model.trial import TrialState
from bot.domain.parameters import Kind

REQUEST = FigureRequest(
    "mnist k7q2mx",
    "main@a1b2c3d 日本",
    (Curve("a", b"loss\n1\n\xff\x00"), Curve("b", b""), Curve("c", b"loss\n2\n")),
    "val_loss",
    False,
    {"epoch": "steps"},
    ("val_loss", "lr"),
)


def parts(frame: bytes) -> tuple[bytes, bytes]:
    """Head and body of the only frame."""
    stream = io.BytesIO(frame)
    found = read_frame(stream)
    assert found is not None
    assert stream.read() == b""
    return found


def answers(stream: bytes) -> list[tuple[Drawing, str]]:
    found, rest = [], io.BytesIO(stream)
    while received := read_frame(rest):
        found.append(unpack_answer(*received))
    return found


def test_a_request_arrives_as_it_was_sent() -> None:
    assert unpack_request(*parts(pack_request(REQUEST))) == REQUEST


def test_a_mapping_of_any_kind_is_sent() -> None:
    names = MappingProxyType({"a": "b"})
    request = FigureRequest("", "", (Curve("", b"x", names), Curve("", b"")), column_names=names)
    found = unpack_request(*parts(pack_request(request)))
    assert isinstance(found, FigureRequest)
    assert found.column_names == {"a": "b"}
    assert [curve.column_names for curve in found.curves] == [{"a": "b"}, None]


def test_an_answer_arrives_as_it_was_sent() -> None:
    for drawing in (Drawing(b"\x89PNG", ("one", "zwei “”")), Drawing(None, ("nothing",))):
        assert unpack_answer(*parts(pack_drawing(drawing))) == (drawing, "")
    assert unpack_answer(*parts(pack_error("ValueError: no"))) == (Drawing(None), "ValueError: no")


def test_the_worker_answers_each_request_in_order_until_there_are_no_more() -> None:
    requests = io.BytesIO(pack_request(FigureRequest("", "", (Curve("", b""),))) + pack_request(REQUEST))
    out = io.BytesIO()
    drawing_worker.serve(requests, out)
    (nothing, _), (picture, error) = answers(out.getvalue())
    assert nothing == Drawing(None, ("The file is empty.",))
    assert picture.png is not None
    assert error == ""


def test_what_cannot_be_drawn_is_told_and_does_not_end_the_worker() -> None:
    _, error = unpack_answer(*parts(drawing_worker.answer(b"{}", b"")))
    assert error.startswith("KeyError")


BOARD = BoardRequest(
    "mnist sweep k7q2mx",
    "main@a1b2c3d 日本",
    (
        Axis("lr", Kind.FLOAT, low=1e-4, high=1.0, log=True),
        Axis("layers", Kind.INT, (1, 2)),
        Axis("optimizer", Kind.CHOICE, ("sgd", "adam")),
        Axis("augment", Kind.BOOLEAN, (True, False)),
    ),
    (
        Cell((0.1, 1, "sgd", True), TrialState.SUCCEEDED, 0.1 + 0.2, 1e-17),
        Cell((0.01, 2, "adam", False), TrialState.MISSING),
        Cell((0.01, 2, "adam", False), TrialState.RUNNING, float("inf")),
    ),
    "val_loss",
    False,
    MappingProxyType({"lr": 0.75}),
    1_790_000_000.5,
)


def test_a_sweeps_request_arrives_as_it_was_sent() -> None:
    assert unpack_request(*parts(pack_request(BOARD))) == BOARD


def test_the_worker_draws_jobs_and_sweeps_as_they_come() -> None:
    out = io.BytesIO()
    drawing_worker.serve(io.BytesIO(pack_request(BOARD) + pack_request(REQUEST) + pack_request(BOARD)), out)
    (first, _), (second, _), (third, error) = answers(out.getvalue())
    assert first == third != second
    assert (first.png is not None, second.png is not None, error) == (True, True, "")


def test_a_request_for_costs_arrives_as_it_was_sent() -> None:
    stacks = Stack("歩行", (1.0, 2.0)), Stack("2 others", (0.0, 0.5), rest=True)
    wanted = CostRequest("Costs", "about $3", ("1", "2"), stacks)
    assert unpack_request(*parts(pack_request(wanted))) == wanted
