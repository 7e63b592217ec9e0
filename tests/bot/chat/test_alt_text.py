"""Pictures carry a description for people who do not see them."""

from pathlib import Path

import pytest

from bot.adapters.drawing.curves.figure_page import draw_figure
from bot.chat.alt_text import CHARACTERS, alt_text, attachment, attachment_at
from bot.domain.drawing.figures import Curve, FigureRequest

CSV = b"epoch,val_loss,val_accuracy\n1,0.4,97\n2,0.3,99\n"


def png(title: str) -> bytes:
    found = draw_figure(FigureRequest(title, "", (Curve("k7q2mx", CSV),), "val_accuracy")).png
    assert found is not None
    return found


@pytest.mark.parametrize("title", ["mnist k7q2mx", "手書き数字 k7q2mx"])
def test_picture_of_a_job_is_described(title: str, tmp_path: Path) -> None:
    words = f"{title}: curves of val_accuracy, val_loss over epoch. Best val_accuracy 99 at epoch 2."
    assert attachment(png(title), "k7q2mx.png").description == words
    (tmp_path / "board.png").write_bytes(png(title))
    stored = attachment_at(str(tmp_path / "board.png"), "board.png")
    stored.close()
    assert stored.description == words


def test_description_is_one_line_of_the_length_that_discord_takes() -> None:
    text = alt_text(png("a\nb " * 1_000))
    assert len(text) == CHARACTERS
    assert "\n" not in text


@pytest.mark.parametrize("content", [b"", b"a log", b"\x89PNG\r\n\x1a\n\0", png("x")[:40]])
def test_other_files_have_none(content: bytes) -> None:
    assert attachment(content, "k7q2mx.log").description is None
