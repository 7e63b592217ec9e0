"""What a picture of a job's metrics says besides."""

from dataclasses import replace
from typing import cast

from bot.chat.cards import verdict
from bot.domain.drawing.figures import Drawing
from bot.domain.metrics.metrics_table import Table
from bot.domain.model.job import Job
from bot.domain.model.states import EndReason
from bot.errors import Missing
from bot.ports.artifacts import Artifacts
from bot.ports.figures import Figures
from bot.services.jobs.find import Find
from bot.services.jobs.plot import REMARKS, Plot, picture_of
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


async def names(csv: bytes | None, job: Job) -> list[str]:
    class Stored:
        async def read(self, uri: str) -> bytes:
            if csv is None:
                raise Missing(uri)
            return csv

    plot = Plot(cast("Find", None), cast("Artifacts", Stored()), cast("Figures", None), {PROJECT.name: PROJECT})
    return await plot.metric_names(job)


async def test_metrics_to_choose_from_begin_with_the_projects_own() -> None:
    job = an_ended_job(EndReason.SUCCEEDED)
    assert await names(b"epoch,train_loss,val_accuracy,note\n1,0.5,90,x\n", job) == ["val_accuracy", "train_loss"]


async def test_before_the_table_is_stored_the_reported_metrics_can_be_chosen() -> None:
    job = an_ended_job(EndReason.SUCCEEDED)
    job = replace(job, progress=replace(job.progress, latest={"loss": 0.5, PROJECT.metric: 90.0}))
    assert await names(None, job) == [PROJECT.metric, "loss"]
