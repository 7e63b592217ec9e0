"""Takes out one protection at a time, in a copy of the tree: a test that names it must turn red.

`python -m tests.faults.mutations` prints the table, and exits with 1 where a protection is missed by nobody. With
words, only the mutations with one of them in their name. The tests are those that `make test` runs, not the exhaustive.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.faults.access_mutations import MUTATIONS as ACCESS
from tests.faults.caps_mutations import MUTATIONS as CAPS
from tests.faults.cost_mutations import MUTATIONS as COSTS
from tests.faults.failing_sweep_mutations import MUTATIONS as FAILING
from tests.faults.git_mutations import MUTATIONS as GIT
from tests.faults.guard_mutations import MUTATIONS as GUARD
from tests.faults.mutation import Mutation
from tests.faults.prices_mutations import MUTATIONS as PRICES
from tests.faults.remedy_mutations import MUTATIONS as REMEDIES
from tests.faults.spending_mutations import MUTATIONS as SPENDING
from tests.faults.spot_mutations import MUTATIONS as SPOT

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("bot", "trainer", "deploy", "bench", "tests", "pyproject.toml", "config.example.toml")
SECONDS = 300

CRASH = "tests/faults/test_crash_points.py::test_a_crash_at_one_gate_of_each_kind_changes_nothing"
SWEEPS = "tests/bot/services/test_sweep_story.py"
FOUND = "tests/faults/test_sweeps_found_again.py"


MUTATIONS = (
    Mutation(
        "the nonce",
        "bot/domain/posts.py",
        'return f"sb-{self.id}"',
        'return f"sb-{self.id}-{self.attempts}"',
        f"{CRASH}[success-up-at-once]",
    ),
    Mutation(
        "the read-back",
        "bot/services/delivery/posts.py",
        "if arrived is not None:",
        "if False:",
        f"{CRASH}[success-down-for-hours]",
    ),
    Mutation(
        "the outbox's key",
        "bot/adapters/sqlite/outbox_rows.py",
        "(post.key, post.job_id,",
        '(f"{post.key} {id(post)}", post.job_id,',
        "tests/bot/adapters/sqlite/test_outbox_rows.py::test_a_key_counts_once_also_after_its_delivery",
    ),
    Mutation(
        "the log's overlap",
        "bot/services/logs/tail.py",
        "OVERLAP_MS = 10_000",
        "OVERLAP_MS = 0",
        "tests/faults/test_protections.py::test_a_late_line_is_read_while_the_job_runs",
    ),
    Mutation(
        "the log's audit",
        "bot/services/logs/archive.py",
        "if await self._missed(job, stored) or",
        "if",
        "tests/faults/test_protections.py::test_a_line_that_comes_later_than_the_overlap_is_found_at_the_end",
    ),
    Mutation(
        "each event once, by its id",
        "bot/adapters/sqlite/lines/line_rows.py",
        "del by_id[event_id]",
        "by_id.get(event_id)",
        f"{CRASH}[success-up-at-once]",
    ),
    Mutation(
        "the look-up before a resubmission",
        "bot/services/jobs/launch.py",
        "if job.execution.submit_called_at is not None and not await self._surely_absent(job):",
        "if False:",
        f"{CRASH}[success-up-at-once]",
    ),
    Mutation(
        "time that surely has passed before it",
        "bot/domain/clock.py",
        "min(max(0.0, now - self.checked_at), self.step)",
        "now - self.checked_at",
        "tests/bot/services/test_submission.py::test_a_clock_set_ahead_submits_nothing_twice",
    ),
    Mutation(
        "SubmitJob without the SDK's retries",
        "bot/adapters/aws/clients.py",
        "once = _config(read_seconds, attempts=1)",
        "once = config",
        "tests/bot/adapters/aws/test_error_codes.py::TestSubmit::test_is_sent_once_whatever_comes_back",
    ),
    Mutation(
        "throttling and refusals meant by SubmitJob alone",
        "bot/services/jobs/launch.py",
        "        except ServiceError as error:\n            await self._later(job, error)",
        "        except ServiceError as error:\n"
        "            await self._store.change(job.id, _refused)\n"
        "            await self._later(job, error)",
        "tests/bot/services/test_submission.py::test_a_look_up_that_fails_says_nothing_of_the_job",
    ),
    Mutation(
        "a double that shows late is ended",
        "bot/services/jobs/reconcile.py",
        "elif any(each.engine_id != execution.engine_id or not execution.live for each in _live(seen)):",
        "elif False:",
        "tests/faults/test_sweeps_in_trouble.py::"
        "test_of_an_array_that_aws_has_twice_the_older_is_kept_and_the_other_told_of_once",
    ),
    Mutation(
        "of two, none is kept that was ended as a double",
        "bot/services/jobs/reconcile.py",
        "(each.terminated, _RANKS",
        "(False, _RANKS",
        "tests/faults/test_races.py::test_a_service_that_is_overtaken_anywhere_changes_nothing[doubled]",
    ),
    Mutation(
        "a last look for a stop before the submission",
        "bot/domain/model/execution.py",
        "return self.state is JobState.INTENT and self.stop is None",
        "return True",
        "tests/faults/test_races.py::test_a_click_on_stop_at_one_gate_of_each_kind_ends_the_job_once",
    ),
    Mutation(
        "state before effect: the submission",
        "bot/services/jobs/launch.py",
        "Change(replace(job, execution=job.execution.submit_called(at))) if wanted",
        "Change(job) if wanted",
        f"{CRASH}[success-up-at-once]",
    ),
    Mutation(
        "state before effect: the post",
        "bot/services/delivery/posts.py",
        "await self._store.post_attempted(post.id, self._now())",
        "pass",
        f"{CRASH}[success-down-for-hours]",
    ),
    Mutation(
        "a card that may have arrived as it was before is edited",
        "bot/services/delivery/posts.py",
        "if post.attempted_at is not None:  # it may",
        "if False:  # it may",
        "tests/faults/test_sweeps_in_trouble.py::"
        "test_a_card_that_arrived_before_its_picture_was_there_gets_it_by_an_edit",
    ),
    Mutation(
        "an end is final",
        "bot/domain/model/execution.py",
        "        if self.state.terminal:\n            return True\n",
        "",
        "tests/bot/domain/model/test_job.py::test_an_end_is_final",
    ),
    Mutation(
        "the lease",
        "bot/adapters/sqlite/lease.py",
        "fcntl.LOCK_EX | fcntl.LOCK_NB",
        "fcntl.LOCK_SH | fcntl.LOCK_NB",
        "tests/bot/adapters/sqlite/files/test_opening.py::TestLease::test_a_second_one_is_refused_and_told_who_has_it",
    ),
    Mutation(
        "BEGIN IMMEDIATE",
        "bot/adapters/sqlite/connection.py",
        'execute("BEGIN IMMEDIATE")',
        'execute("BEGIN")',
        "tests/faults/test_protections.py::test_a_writer_from_outside_waits_for_a_change_under_way",
    ),
    Mutation(
        "a command that comes twice is one sweep",
        "bot/adapters/sqlite/job_rows.py",
        '    if existing is not None:\n        return cast("AnyPosted", existing)\n',
        "",
        f"{SWEEPS}::test_the_same_command_twice_is_one_sweep",
    ),
    Mutation(
        "a sweep's submissions that are there stay as they are",
        "bot/adapters/sqlite/job_rows.py",
        "    if by_id(connection, submission.id) is None:\n",
        "    if connection.execute('DELETE FROM job WHERE id = ?', (submission.id,)):\n",
        "tests/bot/adapters/sqlite/test_sweep_rows.py::TestSubmissions::test_one_that_is_there_stays_as_it_is",
    ),
    Mutation(
        "each number of a sweep is given out once",
        "bot/services/sweeps/dispatch.py",
        "for number in to_run(sweep.plan, known) if number not in taken)]",
        "for number in to_run(sweep.plan, known))]",
        f"{SWEEPS}::test_parallel_keeps_so_many_under_way",
    ),
    Mutation(
        "a sweep that is over gets no further trial",
        "bot/services/sweeps/dispatch.py",
        "        raise _NotWantedError\n",
        "        return None\n",
        "tests/bot/services/sweeps/test_announce_sweep.py::test_a_sweep_that_ends_while_the_sampler_thinks_gets_no_further_trial",
    ),
    Mutation(
        "the stop of a sweep reaches its submissions",
        "bot/services/jobs/stop.py",
        "for each in await self._stop_submissions(sweep, stop)]",
        "for each in ()]",
        f"{SWEEPS}::test_a_stopped_sweep_is_told_once",
    ),
    Mutation(
        "trials are told together with the mark that they are",
        "bot/services/sweeps/report_trials.py",
        "dict.fromkeys((trial.number for trial in new), _announced), (note,))",
        "dict.fromkeys((trial.number for trial in new), _announced))\n"
        "        await self._store.change(sweep.id, lambda row: Change(row, (note,)))",
        f"{CRASH}[swept-up-at-once]",
    ),
    Mutation(
        "a sweep ends when all its trials have been measured",
        "bot/services/sweeps/announce_sweep.py",
        "not known[number].settled",
        "not known[number].ended",
        f"{SWEEPS}::test_metrics_that_cannot_be_read_are_waited_for_and_then_given_up",
    ),
    Mutation(
        "a retry and the good trials that it keeps are one commit",
        "bot/services/sweeps/propose.py",
        "self._admission.add(sweep, person, known)",
        "self._admission.add(sweep, person)\n        await self._store.record(sweep.id, known, lambda sweep: None)",
        "tests/faults/test_protections.py::"
        "test_a_retry_that_is_cut_after_its_first_commit_runs_the_failed_trials_alone",
    ),
    Mutation(
        "a sweep that was found again looks for each submission first",
        "bot/services/sweeps/dispatch.py",
        "submit_called_at=sweep.request.created_at if recovered else None",
        "submit_called_at=None",
        f"{FOUND}::test_a_search_goes_on_where_it_was",
    ),
    Mutation(
        "a trial that was found has the point that was run",
        "bot/services/jobs/launch.py",
        "parameters=_parameters(found) or run.parameters",
        "parameters=run.parameters",
        f"{FOUND}::test_a_search_goes_on_where_it_was",
    ),
    Mutation(
        "a retry that was found again keeps the good trials",
        "bot/services/jobs/adopt.py",
        "_posts(sweep, note), _carried_over(sweep))",
        "_posts(sweep, note))",
        f"{FOUND}::test_a_retry_runs_nothing_but_what_had_failed",
    ),
    Mutation(
        "a trial that Batch is late to tell of is waited for",
        "bot/services/sweeps/track_trials.py",
        ">= LOST_SECONDS",
        ">= 0",
        f"{FOUND}::test_a_trial_whose_answer_comes_late_is_waited_for",
    ),
)
ALL = (*MUTATIONS, *ACCESS, *CAPS, *COSTS, *FAILING, *GIT, *GUARD, *PRICES, *REMEDIES, *SPENDING, *SPOT)


def main(words: list[str]) -> int:
    chosen = [m for m in ALL if not words or any(word in m.protection for word in words)]
    console, table = Console(width=200), Table("taken out", "in", "test that must turn red", "verdict", "s")
    survived, whole = 0, dict[str, int]()
    with tempfile.TemporaryDirectory() as folder:
        tree = _copied(Path(folder))
        for mutation in chosen:
            began = time.monotonic()
            verdict = _verdict(mutation, tree, whole)
            survived += verdict != "red"
            console.print(f"{mutation.protection}: {verdict}")
            test = escape(mutation.test.rpartition("/")[2])
            table.add_row(mutation.protection, mutation.path, test, verdict, f"{time.monotonic() - began:.0f}")
    console.print(table)
    console.print(f"{len(chosen)} protections taken out, {survived} missed by nobody")
    return min(survived, 1)


def _copied(folder: Path) -> Path:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


def _verdict(mutation: Mutation, tree: Path, without: dict[str, int]) -> str:
    """`red` where the test fails with the mutation and passes without it; `without` keeps how those ended."""
    if mutation.test not in without:
        without[mutation.test] = _run(mutation.test, tree)
    if without[mutation.test] != 0:
        return "red without it, too"
    path = tree / mutation.path
    text = path.read_text()
    path.write_text(mutation.applied(tree))
    try:
        return {0: "SURVIVED", 1: "red"}.get(code := _run(mutation.test, tree), f"pytest ended with {code}")
    finally:
        path.write_text(text)


def _run(test: str, tree: Path) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-m", "not exhaustive", test]
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command, cwd=tree, env=environment, check=False, capture_output=True, timeout=SECONDS
    ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
