"""`/artifacts` with links as long as a role's credentials make them."""

from bot.chat.commands.artifacts import LIST_CHARACTERS, _embed
from bot.ports.artifacts import Artifact
from bot.services.jobs.list_artifacts import Listing
from tests.support.jobs import make_job

NAMES = ["walk.png", *(f"epoch-{number}.png" for number in range(17)), "metrics.csv", "model.pt"]


def listing(link_characters: int) -> Listing:
    artifacts = tuple(Artifact(name, f"s3://bucket/{name}", 1024, 0.0) for name in NAMES)
    links = {name: "https://bucket.example/".ljust(link_characters, "x") for name in NAMES}
    return Listing(make_job(), artifacts, links, None, 20 * 1024)


def test_every_name_is_there_and_the_model_has_a_link() -> None:
    text = _embed(listing(1_550)).description or ""
    assert len(text) <= LIST_CHARACTERS
    assert [line.lstrip("[").split("]")[0].split(" · ")[0] for line in text.split("\n")] == NAMES
    assert text.count("https://") == 2
    assert "[model.pt](https://" in text


def test_short_links_are_all_there() -> None:
    assert (_embed(listing(60)).description or "").count("https://") == len(NAMES)
