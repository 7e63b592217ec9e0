"""Every error in words."""

import pytest
import structlog
from discord import app_commands

from bot.chat.error_replies import explain
from bot.errors import BadInput, Denied, NotAllowed, Refused, Throttled, Unavailable, UnknownName


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (BadInput("There is no x.", choices=["a", "b"]), "There is no x. Choose one: a, b."),
        (UnknownName("job", given="k7", near=["k7q2mx"]), 'There is no job "k7". Did you mean k7q2mx?'),
        (NotAllowed("You may not."), "You may not."),
        (Unavailable("git does not answer"), "Try again in a minute. (git does not answer)"),
        (Throttled("Batch says: slowly"), "Try again in a moment. (Batch says: slowly)"),
        (Refused("no such queue"), "Ask an admin to look at it. (no such queue)"),
        (Denied("no permission"), "Ask an admin to look at it. (no permission)"),
        (app_commands.CommandNotFound("tarin", []), "Reload Discord"),
    ],
)
def test_known_errors_are_explained_in_words(error: Exception, words: str) -> None:
    with structlog.testing.capture_logs() as logs:
        assert words in explain(error)
    assert logs == []


def test_unexpected_error_has_an_id_that_is_in_the_log() -> None:
    with structlog.testing.capture_logs() as logs:
        text = explain(OSError("/secret/path is full"), lambda: "7f3a2c")
    assert "7f3a2c" in text
    assert "secret" not in text
    assert [(entry["error_id"], str(entry["exc_info"])) for entry in logs] == [("7f3a2c", "/secret/path is full")]
