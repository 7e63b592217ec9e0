"""The chain shows each change, gap, addition and move, and with an anchor also a cut tail."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.audit.chain import NO_ENTRY, Anchor, Link, anchor, canonical, from_line, hashed, linked, problems
from bot.domain.audit.entry import Actor, Decision, Does, Effect, Entry, Place, shown_options

texts = st.text(max_size=30)
ids = st.integers(0, 2**63)
entries = st.builds(
    Entry,
    once=texts,
    what=texts,
    by=st.builds(Actor, id=ids, name=texts, roles=st.lists(ids, max_size=4).map(tuple)),
    place=st.builds(Place, ids, ids, ids),
    options=st.dictionaries(texts, texts, max_size=3).map(lambda given: shown_options(given.items())),
    decided=st.sampled_from(Decision),
    why=texts,
    effect=st.builds(Effect, does=st.sampled_from(Does), job=texts, project=texts, engine_id=texts),
)


def chained(given: list[Entry]) -> list[Link]:
    links, newest = list[Link](), NO_ENTRY
    for entry in given:
        links.append(linked(entry, 1_000.25 + newest.number, newest))
        newest = Anchor(newest.number + 1, links[-1].hash)
    return links


chains = st.lists(entries, min_size=3, max_size=8).map(chained)


def newest_of(links: list[Link]) -> Anchor:
    return Anchor(len(links), links[-1].hash)


@given(chains)
def test_whole_chain_has_no_problem_also_after_an_export(links: list[Link]) -> None:
    assert list(problems(links, [newest_of(links)])) == []
    exported = [from_line(link.line) for link in links]
    assert exported == links
    assert list(problems(exported[1:], [newest_of(links)])) == []


@given(chains, st.data())
def test_each_field_counts(links: list[Link], data: st.DataObject) -> None:
    """One field of one entry is changed: also by somebody who computes that entry's hash again."""
    place = data.draw(st.integers(0, len(links) - 1))
    fields = dict(links[place].fields)
    name = data.draw(st.sampled_from(sorted(fields)))
    fields[name] = data.draw(st.text().filter(lambda text: text != fields[name]))
    content = canonical(fields)
    kept = [*links[:place], Link(content, links[place].hash), *links[place + 1 :]]
    forged = [*links[:place], Link(content, hashed(content)), *links[place + 1 :]]
    assert list(problems(kept, [newest_of(links)]))
    assert list(problems(forged, [newest_of(links)]))


@given(chains, st.data())
def test_removed_inserted_and_moved_entries_are_found(links: list[Link], data: st.DataObject) -> None:
    inner = data.draw(st.integers(1, len(links) - 2))
    anchors = [newest_of(links)]
    assert list(problems(links[:inner] + links[inner + 1 :], anchors))
    assert list(problems(links[: inner + 1] + links[inner:], anchors))
    assert list(problems([*links[: inner - 1], links[inner], links[inner - 1], *links[inner + 1 :]], anchors))


@given(chains)
def test_cut_tail_is_found_by_an_anchor_alone(links: list[Link]) -> None:
    assert list(problems(links[:-1])) == []
    (found,) = problems(links[:-1], [newest_of(links)])
    assert found == f"Entry {len(links)} of the anchor is missing: the chain ends at {len(links) - 1}."


@given(chains)
def test_chain_made_anew_does_not_fit_its_anchor(links: list[Link]) -> None:
    """Somebody who may write the store can compute all hashes again. The noted hash stays."""
    first = replace(Entry("x", "/train"), by=Actor(7, "somebody else"))
    anew = chained([first, *(Entry(str(n), "/train") for n in range(len(links) - 1))])
    assert list(problems(anew)) == []
    assert f"Entry {len(links)} is not the one of the anchor." in list(problems(anew, [newest_of(links)]))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"number": null, "previous": ""}', "\x00"])
def test_entry_that_cannot_be_read_is_a_problem_and_no_error(content: str) -> None:
    links = chained([Entry(str(number), "/train") for number in range(3)])
    links[1] = Link(content, hashed(content))
    assert list(problems(links)) == ["Entry at position 2 cannot be read."]


@pytest.mark.parametrize("line", ["", "null", "[1]", "{"])
def test_line_that_is_no_entry_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        from_line(line)


def test_anchor_is_read_as_it_is_written() -> None:
    noted = Anchor(812, "9f" * 32)
    assert anchor(f" {noted}\n") == noted
    for text in ("812", "812:9f", ":" + "9f" * 32):
        with pytest.raises(ValueError, match="no anchor"):
            anchor(text)


def test_options_are_short_single_lines() -> None:
    options = shown_options([("space", "lr=1\n\x1b[31m" + "x" * 5_000), *((str(n), n) for n in range(200))])
    assert options["space"].startswith("lr=1 [31mxxx")
    assert len(options["space"]) == 1_000
    assert len(options) == 60
