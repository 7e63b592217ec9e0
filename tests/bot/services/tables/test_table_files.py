"""Tables are copied to disk for as long as they are used."""

from pathlib import Path

import pytest

from bot.errors import Denied, Unavailable
from bot.services.tables.table_files import TableFile, TableFiles
from tests.support.fakes import FakeArtifacts

URI = "s3://bucket/jobs/k7q2mx/metrics.csv"


@pytest.fixture
def artifacts() -> FakeArtifacts:
    return FakeArtifacts()


@pytest.fixture
def files(artifacts: FakeArtifacts, tmp_path: Path) -> TableFiles:
    return TableFiles(artifacts, tmp_path / "tables")


def copies(folder: Path) -> list[Path]:
    return list((folder / "tables").glob("*"))


async def test_a_copy_lasts_as_long_as_it_is_used(files: TableFiles, artifacts: FakeArtifacts, tmp_path: Path) -> None:
    artifacts.objects[URI] = b"epoch,val\n" * 1_000
    async with files.fetched(1, [URI]) as [file]:
        assert file.path is not None
        assert file.path.read_bytes() == artifacts.objects[URI]
    assert not copies(tmp_path)


@pytest.mark.parametrize("content", [None, b""])
async def test_no_table_and_an_empty_one_are_alike(
    files: TableFiles, artifacts: FakeArtifacts, content: bytes | None
) -> None:
    if content is not None:
        artifacts.objects[URI] = content
    async with files.fetched(1, [URI]) as found:
        assert found == [TableFile(None)]


async def test_a_table_that_is_too_large_says_so_and_the_others_are_there(
    files: TableFiles, artifacts: FakeArtifacts
) -> None:
    artifacts.objects |= {URI: b"x" * (2 * 2**20 + 1), f"{URI}2": b"x"}
    async with files.fetched(1, [URI, f"{URI}2"], limit=2 * 2**20) as [large, small]:
        assert large == TableFile(None, "The table is not read: it has more than 2 MiB.")
        assert small.path is not None


@pytest.mark.parametrize("error", [Unavailable("S3 is slow"), Denied("no permission")])
async def test_a_failure_leaves_no_copy(
    files: TableFiles, artifacts: FakeArtifacts, tmp_path: Path, error: Unavailable
) -> None:
    artifacts.objects[URI] = b"x"
    artifacts.fail("read", error)
    with pytest.raises(type(error)):
        async with files.fetched(1, [URI, URI]):
            pass
    assert not copies(tmp_path)
    artifacts.fail("read", error)
    async with files.fetched(1, [URI], each=True) as found:
        assert found == [TableFile(None, str(error), final=False)]


async def test_a_full_disk_is_tried_again(files: TableFiles, tmp_path: Path) -> None:
    (tmp_path / "tables").write_text("where the folder would be")
    with pytest.raises(Unavailable, match="no room"):
        async with files.fetched(1, [URI]):
            pass


async def test_what_a_killed_bot_left_is_deleted(artifacts: FakeArtifacts, tmp_path: Path) -> None:
    left = tmp_path / "tables" / "left"
    left.mkdir(parents=True)
    async with TableFiles(artifacts, tmp_path / "tables").fetched(1, [URI]):
        assert not left.exists()
