"""What a picture of a job's metrics says besides."""

from bot.chat.cards import verdict
from bot.domain.drawing.figures import Drawing
from bot.domain.metrics.metrics_table import Table
from bot.domain.model.states import EndReason
from bot.services.jobs.plot import REMARKS, picture_of
from tests.bot.chat.jobs import PROJECT, an_ended_job

LINK = "[see results](https://evil.example/login)"


def test_a_column_cannot_pose_as_a_link_in_the_result() -> None:
    table = Table.parse(f"epoch,acc,{LINK}\n1,0.5,yes\n2,0.6,no\n".encode())
    assert LINK in " ".join(table.remarks)
    picture = picture_of(Drawing(None, table.remarks))
    text = verdict.content(an_ended_job(EndReason.SUCCEEDED), PROJECT, picture.remarks)
    assert LINK not in text
    assert r"Left out as not numeric: \[see results\](https\://evil.example/login)." in text


def test_two_hundred_columns_of_text_fit_into_an_answer() -> None:
    header = ",".join(f"a_long_name_of_a_column_with_text_in_it_{number}" for number in range(199))
    table = Table.parse(f"epoch,{header}\n1{',yes' * 199}\n".encode())
    assert len(picture_of(Drawing(None, table.remarks * 8)).remarks) <= REMARKS
