from hypothesis import given
from hypothesis import strategies as st

from deploy.sandbox.aws.logs.split_lines import MAX_EVENT_BYTES, LineSplitter


def split(*chunks: bytes) -> list[str]:
    splitter = LineSplitter()
    return [event for chunk in chunks for event in splitter.feed(chunk)] + splitter.finish()


def test_line_becomes_an_event_at_its_line_feed() -> None:
    splitter = LineSplitter()
    assert splitter.feed(b"one\ntw") == ["one"]
    assert splitter.feed(b"o\nthree") == ["two"]
    assert splitter.finish() == ["three"]
    assert splitter.finish() == []


def test_carriage_returns_stay_and_empty_lines_are_dropped() -> None:
    assert split(b"10%\r20%\r\n\n\nend\n") == ["10%\r20%\r", "end"]


def test_character_split_between_reads_is_joined() -> None:
    smile = "☺".encode()
    assert split(b"a" + smile[:1], smile[1:] + b"\n") == ["a☺"]


def test_invalid_utf8_is_replaced() -> None:
    assert split(b"\xff\n") == ["\ufffd"]


def test_long_line_is_split_between_characters() -> None:
    line = "☺" * MAX_EVENT_BYTES
    events = split(line.encode(), b"\n")
    assert "".join(events) == line
    assert len(events) == 4
    assert all(len(event.encode()) <= MAX_EVENT_BYTES for event in events)


def test_endless_line_is_sent_in_parts() -> None:
    assert LineSplitter().feed(b"x" * (MAX_EVENT_BYTES + 1)) == ["x" * MAX_EVENT_BYTES]


@given(st.binary(max_size=200), st.integers(0, 200))
def test_read_boundaries_make_no_difference(data: bytes, cut: int) -> None:
    assert split(data[:cut], data[cut:]) == split(data)
