"""`/artifacts` with links as long as a role's credentials make them."""

import pytest

from bot.chat.commands.artifacts import LIST_CHARACTERS, _all_names, _embed
from bot.domain.jobs import file_names
from bot.errors import BadInput
from bot.ports.artifacts import Artifact
from bot.services.jobs.list_artifacts import Listing
from tests.support.jobs import make_job

NAMES = ["model.pt", "metrics.csv", "walk.png", *(f"epoch-{number}.png" for number in range(17))]


def listing(link_characters: int) -> Listing:
    artifacts = tuple(Artifact(name, f"s3://bucket/{name}", 1024, 0.0) for name in NAMES)
    links = {name: "https://bucket.example/".ljust(link_characters, "x") for name in NAMES}
    return Listing(make_job(), artifacts, links, None, 20 * 1024)


def test_every_name_is_there_and_the_first_has_a_link() -> None:
    text = _embed(listing(1_550)).description or ""
    assert len(text) <= LIST_CHARACTERS
    assert [line.lstrip("[").split("]")[0].split(" · ")[0] for line in text.split("\n")] == NAMES
    assert text.count("https://") == 2
    assert "[model.pt](https://" in text


def test_short_links_are_all_there() -> None:
    assert (_embed(listing(60)).description or "").count("https://") == len(NAMES)


def test_names_that_do_not_fit_are_in_a_file() -> None:
    names = [f"artifacts/plots/epoch-{number:03}.png" for number in range(300)]
    artifacts = tuple(Artifact(name, f"s3://bucket/{name}", 1024, 0.0) for name in names)
    many = Listing(make_job(), artifacts, {}, None, 300)
    (file,) = _all_names(many)
    text = file.fp.read().decode()
    assert [line.split("\t")[0] for line in text.split("\n")] == names
    assert len(_embed(many).description or "") <= LIST_CHARACTERS
    assert not _all_names(listing(60))


LONG = f"artifacts/{'a' * 120}/model.pt"


@pytest.mark.parametrize("name", ["model.pt", LONG, f"{LONG}2", " lead.txt", "two  spaces", "🤖" * 60, "a\nb", "a`b"])
def test_every_file_can_be_named_in_an_option(name: str) -> None:
    value = file_names.option_value(name)
    assert 0 < len(value.encode("utf-16-le")) // 2 <= 100
    assert value == value.strip()
    assert file_names.find(list({LONG, f"{LONG}2", *NAMES, name}), value) == name
    assert 0 < len(file_names.option_text(name).encode("utf-16-le")) // 2 <= 100


@pytest.mark.parametrize(
    ("typed", "found"),
    [("model.pt", "model.pt"), ("Walk.PNG", "artifacts/walk.png"), ("metr", "metrics.csv"), ("`log.txt`", "log.txt")],
)
def test_a_file_is_found_however_it_is_typed(typed: str, found: str) -> None:
    names = ["model.pt", "old/model.pt", "artifacts/walk.png", "metrics.csv", "log.txt"]
    assert file_names.find(names, typed) == found


@pytest.mark.parametrize(("typed", "words"), [("epoch", "fits 17 files"), ("nothing", 'no file "nothing"')])
def test_a_file_that_is_not_clear_names_some(typed: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        file_names.find(NAMES, typed)
