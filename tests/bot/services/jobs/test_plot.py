"""What a picture of a job's metrics says besides."""

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from bot.chat.cards import verdict
from bot.domain.drawing.figures import Drawing
from bot.domain.metrics.metrics_table import Table
from bot.domain.model.job import Job
from bot.domain.model.states import EndReason
from bot.services.jobs.find import Find
from bot.services.jobs.plot import REMARKS, Plot, picture_of
from bot.services.tables.table_files import TableFiles
from tests.bot.chat.jobs import PROJECT, an_ended_job
from tests.support.fakes import FakeArtifacts, FakeFigures
from tests.support.services import MIKA

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


def plot_of(csv: bytes | None, job: Job, folder: Path) -> tuple[Plot, FakeArtifacts]:
    artifacts = FakeArtifacts()
    if csv is not None:
        artifacts.objects[f"{PROJECT.prefix(job.run.results, job.id)}metrics.csv"] = csv
    files = TableFiles(artifacts, folder / "tables")
    return Plot(cast("Find", None), files, FakeFigures(), {PROJECT.name: PROJECT}), artifacts


async def test_metrics_to_choose_from_begin_with_the_projects_own(tmp_path: Path) -> None:
    job = an_ended_job(EndReason.SUCCEEDED)
    plot, artifacts = plot_of(b"epoch,train_loss,val_accuracy,note\n1,0.5,90,x\n", job, tmp_path)
    assert await plot.metric_names(job, MIKA) == ["val_accuracy", "train_loss"]
    artifacts.objects.clear()
    assert await plot.metric_names(job, MIKA) == ["val_accuracy", "train_loss"], "an ended job is read once"


@pytest.mark.parametrize("csv", [None, b"epoch,other\n" + b"1,2\n" * 3_000_000])
async def test_without_a_table_of_modest_size_the_reported_metrics_can_be_chosen(
    csv: bytes | None, tmp_path: Path
) -> None:
    job = an_ended_job(EndReason.SUCCEEDED)
    job = replace(job, progress=replace(job.progress, latest={"loss": 0.5, PROJECT.metric: 90.0}))
    plot, _ = plot_of(csv, job, tmp_path)
    assert await plot.metric_names(job, MIKA) == [PROJECT.metric, "loss"]
