from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.drawing.style.lettering import cut, labels, width, without_overlap


def test_a_longer_or_larger_text_is_wider() -> None:
    assert width("0.001", 13) < width("0.0001", 13) < width("0.0001", 13, bold=True) < width("0.0001", 20)


def test_what_looks_like_a_formula_or_has_line_breaks_is_text() -> None:
    assert width("$x^{$", 13) > 0
    assert cut("a\nb\x00c", 10) == "a b c"


def test_numbers_have_three_digits_where_these_tell_them_apart() -> None:
    assert labels([0.000215443, 0.000464159], 14) == ["0.000215", "0.000464"]
    assert labels([0.1001, 0.1002], 14) == ["0.1001", "0.1002"]
    assert labels([0.1000001, 0.1000002], 14) == ["0.1000001", "0.1000002"]
    assert labels([0.10000012345678901, 0.10000022345678901], 14) == ["0.1000001", "0.1000002"]
    assert labels([64, 128, True], 14) == ["64", "128", "true"]


def test_long_texts_are_cut_where_that_leaves_them_apart() -> None:
    assert labels(["cosine with restarts", "linear"], 8) == ["cosine …", "linear"]
    assert labels(["resnet-of-layers-18", "resnet-of-layers-34"], 8) == ["resn…-18", "resn…-34"]


@given(st.lists(st.tuples(st.floats(0, 1000), st.floats(1, 80)), min_size=1, max_size=40))
def test_no_label_touches_another(placed: list[tuple[float, float]]) -> None:
    places, rooms = [place for place, _ in placed], [room for _, room in placed]
    kept = without_overlap(places, rooms, gap=2)
    assert kept
    for one, other in pairwise(kept):
        assert places[one] + rooms[one] / 2 + 2 <= places[other] - rooms[other] / 2
