"""Curves are named by what differs."""

from typing import Any

from bot.domain.drawing.curve_names import curve_names
from bot.domain.model.job import Job
from bot.domain.model.run import Commit
from tests.bot.chat.jobs import a_job

FIXED = {f"fixed_parameter_{number}": "the same for all" for number in range(9)}


def job(name: str, branch: str = "main", sha: str = "a", project: str = "mnist", **parameters: Any) -> Job:
    return a_job(id=name, project=project, commit=Commit(sha * 40, branch), parameters=parameters)


def test_only_parameters_that_differ() -> None:
    names = curve_names([job("k.0", **FIXED, augment=True), job("k.1", **FIXED, augment=False)])
    assert names.labels == (".0 augment=true", ".1 augment=false")
    assert names.title == "mnist k: 2 trials"
    assert names.shared.startswith("main@aaaaaaa   fixed_parameter_0=the same for all")


def test_two_branches_with_the_same_parameters() -> None:
    names = curve_names([job("a", lr=0.1), job("b", "新しい", sha="b", lr=0.1)])
    assert names.labels == ("a main@aaaaaaa", "b 新しい@bbbbbbb")
    assert names.shared == "lr=0.1"


def test_two_commits_of_one_branch() -> None:
    names = curve_names([job("a", lr=0.1), job("b", sha="b", lr=0.3)])
    assert names.labels == ("a @aaaaaaa lr=0.1", "b @bbbbbbb lr=0.3")
    assert names.shared == "main"


def test_two_projects_are_both_in_the_title_and_the_labels() -> None:
    names = curve_names([job("a", lr=0.1), job("b", project="walker", gamma=0.9)])
    assert names.title == "mnist, walker: 2 jobs"
    assert names.labels == ("a mnist lr=0.1", "b walker gamma=0.9")


def test_one_job_is_described_above() -> None:
    names = curve_names([job("a", lr=0.1)])
    assert (names.title, names.labels) == ("mnist a", ("a",))
    assert names.shared == "main@aaaaaaa   lr=0.1"


def test_parameter_may_be_called_branch_and_values_of_two_types_differ() -> None:
    one, other = a_job(id="a", parameters={"branch": "x", "n": 1}), a_job(id="b", parameters={"branch": "y", "n": "1"})
    assert curve_names([one, other]).labels == ("a branch=x n=1", "b branch=y n=1")


def test_where_names_have_no_room_the_values_are_enough() -> None:
    jobs = [job(f"k.{n}", learning_rate=0.178385 + n, momentum=n / 7, optimizer=f"o{n}") for n in range(4)]
    names = curve_names(jobs)
    assert names.labels[:2] == (".0 0.178 0 o0", ".1 1.18 0.143 o1")
    assert names.shared == "by learning_rate, momentum, optimizer   main@aaaaaaa"
