"""How entries of the audit are grouped into messages."""

from bot.domain.audit.chain import NO_ENTRY, Link, linked
from bot.domain.audit.entry import Actor, Decision, Does, Effect, Entry
from bot.services.delivery.audit_channel import MESSAGE_CHARACTERS, next_message

MIKA = Actor(1, "mika")


def test_as_many_entries_as_fit_go_into_one_message() -> None:
    links: list[Link] = []
    after = NO_ENTRY
    for number in range(60):
        links.append(
            linked(
                Entry(
                    str(number),
                    "/train",
                    MIKA,
                    options={"lr": "9" * 150},
                    effect=Effect(Does.START, f"job{number}", "mnist"),
                ),
                1_000.0 + number,
                after,
            )
        )
        after = type(after)(links[-1].number, links[-1].hash)
    message = next_message(links)
    assert message is not None
    assert MESSAGE_CHARACTERS - 400 < len(message.text) <= MESSAGE_CHARACTERS
    assert len(message.text.split("\n")) == message.until
    assert message.text == next_message(links[: message.until]).text  # type: ignore[union-attr]


def test_the_longest_entry_fits_into_a_message() -> None:
    entry = Entry(
        "1", "/train", MIKA, options={str(n): "*" * 1_000 for n in range(60)}, decided=Decision.FAILED, why="*" * 9_000
    )
    message = next_message([linked(entry, 1_000.0, NO_ENTRY)])
    assert message is not None
    assert message.until == 1
    assert len(message.text) <= MESSAGE_CHARACTERS
