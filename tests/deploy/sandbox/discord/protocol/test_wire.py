from deploy.sandbox.discord.messages.image_size import dimensions
from deploy.sandbox.discord.protocol.wire import Snowflakes, comma_list, snowflake_seconds, timestamp
from tests.deploy.sandbox.discord.room import NOW
from tests.support.clock import Clock


def test_snowflakes_contain_their_time_and_never_repeat() -> None:
    clock = Clock(NOW)
    snowflakes = Snowflakes(clock)
    made = [int(snowflakes.next()) for _ in range(5000)]
    assert made == sorted(set(made))
    assert snowflake_seconds(str(made[0])) == NOW
    clock.now -= 60
    assert int(snowflakes.next()) > made[-1], "a clock that goes back makes no older ids"


def test_timestamps_always_have_microseconds_and_offset() -> None:
    assert timestamp(NOW) == "2027-01-15T08:00:00.000000+00:00"


def test_comma_list() -> None:
    assert comma_list([]) == "none"
    assert comma_list(["a"]) == "a"
    assert comma_list(["a", "b", "c"]) == "a, b and c"


def test_dimensions_of_images() -> None:
    png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" + (640).to_bytes(4, "big") + (360).to_bytes(4, "big")
    jpeg = (
        b"\xff\xd8\xff\xe0\x00\x10"
        + b"\x00" * 14
        + b"\xff\xc2\x00\x11\x08"
        + (360).to_bytes(2, "big")
        + (640).to_bytes(2, "big")
        + b"\x00" * 10
    )
    gif = b"GIF89a" + (640).to_bytes(2, "little") + (360).to_bytes(2, "little")
    for picture in (png, jpeg, gif):
        assert dimensions(picture) == (640, 360)
    for other in (b"", b"epoch,loss\n", png[:20], jpeg[:24], b"\xff\xd8"):
        assert dimensions(other) is None
