"""The limits of what git fetches, each as it would be taken out: see `mutations.py`."""

from tests.faults.mutation import Mutation

ALLOWED, LIMITS = "tests/bot/adapters/git/test_allowed.py", "tests/bot/adapters/git/test_limits.py"
ADAPTER = "bot/adapters/git/"

MUTATIONS = (
    Mutation(
        "git: allowed branches alone",
        f"{ADAPTER}advertised.py",
        "if matches(name, wanted):",
        "if True:",
        f"{ALLOWED}::test_a_pattern_fetches_what_it_matches",
    ),
    Mutation(
        "git: a commit is on an allowed branch",
        f"{ADAPTER}code_source.py",
        "holding = self._refs.on(await self._mirror.commits.tips_with(sha))",
        "holding = set(self._names)",
        "tests/bot/adapters/git/test_code_source.py::TestCommit::test_on_another_branch_than_the_one_given",
    ),
    Mutation(
        "git: a mirror loses what is no longer allowed",
        f"{ADAPTER}mirror.py",
        "patterns.issuperset(fetched)",
        "bool(fetched)",
        f"{ALLOWED}::test_a_pattern_that_leaves_the_config_takes_its_commits_along",
    ),
    Mutation(
        "git: bytes of a fetch, as the bot sees them",
        f"{ADAPTER}git_command.py",
        "if await asyncio.to_thread(size_of, bounds.watched) > bounds.disk:",
        "if False:",
        f"{LIMITS}::TestServer::test_that_sends_a_pack_without_end",
    ),
    Mutation(
        "git: bytes of a file, as the system sees them",
        f"{ADAPTER}git_command.py",
        'ulimit -f "$2" 2>&-; ',
        "",
        f"{LIMITS}::TestServer::test_that_sends_a_pack_without_end",
    ),
    Mutation(
        "git: memory",
        f"{ADAPTER}git_command.py",
        'ulimit -d "$1" 2>&-; ',
        "",
        f"{LIMITS}::TestPush::test_of_a_message_that_needs_too_much_memory",
    ),
    Mutation(
        "git: bytes of its answer",
        f"{ADAPTER}git_command.py",
        "if len(found) > most:",
        "if False:",
        f"{LIMITS}::TestPush::test_of_100_000_branches",
    ),
    Mutation(
        "git: bytes of its remarks",
        f"{ADAPTER}git_command.py",
        "del found[:-_MOST_STDERR]",
        "pass",
        f"{LIMITS}::test_of_remarks_the_end_is_kept",
    ),
    Mutation(
        "git: the number of branches",
        f"{ADAPTER}remote.py",
        "if len(found.heads) > self._limits.branches:",
        "if False:",
        f"{LIMITS}::TestPush::test_of_100_000_branches",
    ),
    Mutation(
        "git: room that stays on the disk",
        f"{ADAPTER}remote.py",
        "(free, Kind.DISK)",
        "(left, Kind.DISK)",
        f"{LIMITS}::test_a_disk_that_is_nearly_full",
    ),
    Mutation(
        "git: bytes of the whole copy",
        f"{ADAPTER}remote.py",
        "(left, Kind.COPY)",
        "(free, Kind.COPY)",
        f"{LIMITS}::TestPush::test_again_and_again_of_what_is_replaced",
    ),
    Mutation(
        "git: what arrives has a folder of its own",
        f"{ADAPTER}remote.py",
        "variables=_arriving(watched, folder) if watched != folder else {},",
        "variables={},",
        f"{LIMITS}::TestPush::test_of_files_that_a_server_cannot_filter",
    ),
    Mutation(
        "git: what was too much is not fetched again at once",
        f"{ADAPTER}mirror.py",
        "self._now() - before.at < REFUSED_SECONDS",
        "False",
        f"{LIMITS}::TestPush::test_what_was_refused_is_not_fetched_again_at_once",
    ),
    Mutation(
        "git: no fetch out of a fetch",
        f"{ADAPTER}git_command.py",
        '"GIT_NO_LAZY_FETCH": "1"',
        '"GIT_NO_LAZY_FETCH": "0"',
        f"{ALLOWED}::TestServers::test_a_shallow_one_gives_the_history_that_it_has",
    ),
)
