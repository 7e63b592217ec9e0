"""Every error in words."""

import pytest
import structlog
from discord import app_commands

from bot.chat.error_replies import told
from bot.errors import BadInput, Denied, NotAllowed, Refused, Throttled, Unavailable, UnknownName


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (BadInput("There is no x.", choices=["a", "b"]), "There is no x. Choose one: a, b."),
        (UnknownName("job", given="k7", near=["k7q2mx"]), 'There is no job "k7". Did you mean k7q2mx?'),
        (NotAllowed("You may not."), "You may not."),
        (Unavailable("git does not answer"), "try again in a minute. (git does not answer)"),
        (Throttled("Batch says: slowly"), "Try again in a moment. (Batch says: slowly)"),
        (Refused("no such queue"), "an admin should look at it. (no such queue)"),
        (Denied("no permission"), "an admin should look at it. (no permission)"),
        (app_commands.CommandNotFound("tarin", []), "Reload Discord"),
    ],
)
def test_what_is_known_is_told_in_words(error: Exception, words: str) -> None:
    with structlog.testing.capture_logs() as logs:
        assert words in told(error)
    assert logs == []


def test_what_is_not_expected_is_told_by_an_id_that_the_log_has_too() -> None:
    with structlog.testing.capture_logs() as logs:
        text = told(OSError("/secret/path is full"), lambda: "7f3a2c")
    assert "7f3a2c" in text
    assert "secret" not in text
    assert [(entry["error_id"], str(entry["exc_info"])) for entry in logs] == [("7f3a2c", "/secret/path is full")]
