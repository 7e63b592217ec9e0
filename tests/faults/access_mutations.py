"""The checks of who may do what, each as it would be taken out: see `mutations.py`."""

from tests.faults.mutation import Mutation

ANSWERS, PERMITS = "tests/access/test_answers.py", "tests/bot/services/people/test_permits.py"
PREVIEWS = f"{ANSWERS}::test_similar_ids_and_unconfirmed_previews_of_other_projects_are_not_named"
LISTS = f"{ANSWERS}::test_lists_and_help_show_what_exists_for_each"
PLOTS = f"{ANSWERS}::test_a_plot_is_public_only_where_everybody_there_may_see_the_project"
GATE, PERMIT, PROPOSE = "bot/chat/gate.py", "bot/services/people/permits.py", "bot/services/sweeps/propose.py"


def matrix(kind: str, channel: str = "orchard") -> str:
    """A column of the permission matrix."""
    return f"tests/access/test_matrix.py::test_every_way_of_asking_is_answered_as_granted[{kind}-{channel}]"


MUTATIONS = (
    Mutation(
        "silence for other servers and direct messages",
        GATE,
        "own = interaction.guild_id == interaction.client.guild_id and isinstance(interaction.user, discord.Member)",
        "own = True",
        matrix("stranger"),
    ),
    Mutation(
        "silence for personal installations",
        GATE,
        "if own and (interaction.is_guild_integration() or not interaction.is_user_integration()):",
        "if own:",
        matrix("stranger"),
    ),
    Mutation(
        "the gate before commands and suggestions",
        "bot/chat/client.py",
        "if not await gate.admits(interaction, gate.command_needs(interaction)):",
        "if False:",
        matrix("viewer"),
    ),
    Mutation(
        "the gate before buttons",
        "bot/chat/buttons/views.py",
        "if not await gate.admits(interaction, gate.BUTTONS[self.action]):",
        "if False:",
        matrix("stranger"),
    ),
    Mutation(
        "the gate before forms",
        "bot/chat/buttons/forms.py",
        "if not await gate.admits(interaction, gate.FORMS[Action.TRAIN_BEST]):",
        "if False:",
        matrix("stranger"),
    ),
    Mutation(
        "the verb that a command declares",
        GATE,
        "return COMMANDS.get(",
        "return {}.get(",
        matrix("viewer"),
    ),
    Mutation(
        "the check of a new job",
        "bot/services/jobs/submit.py",
        """        project = choose(visible, request.project, request.channel_id)
        self._permits.check(request.person, Verb.TRAIN, project.name)""",
        "        project = choose(visible, request.project, request.channel_id)",
        matrix("miller", "field"),
    ),
    Mutation(
        "the check of a retry",
        "bot/services/jobs/submit.py",
        """        project = choose(visible, old.run.project, request.channel_id)
        self._permits.check(request.person, Verb.TRAIN, project.name)""",
        "        project = choose(visible, old.run.project, request.channel_id)",
        matrix("miller", "field"),
    ),
    Mutation(
        "the check of a sweep",
        PROPOSE,
        """        self._permits.check(request.person, Verb.SWEEP, project.name)
        sweep_id""",
        "        sweep_id",
        matrix("miller", "field"),
    ),
    Mutation(
        "the check of a sweep's retry",
        PROPOSE,
        """        self._permits.check(request.person, Verb.SWEEP, project.name)
        if old""",
        "        if old",
        matrix("miller", "field"),
    ),
    Mutation(
        "the check of a confirmation",
        PROPOSE,
        "        self._permits.check(person, Verb.SWEEP, project.name)\n",
        "",
        matrix("miller", "field"),
    ),
    Mutation(
        "the check of a stop",
        "bot/services/jobs/stop.py",
        "self._permits.check_stop(person, job.run.project, job.request.asker_id)",
        "pass",
        matrix("picker"),
    ),
    Mutation(
        "the check of a trial's stop",
        "bot/services/sweeps/one_trial.py",
        "        self._stop.check_person(sweep, person)\n",
        "",
        f"{ANSWERS}::test_trials_are_stopped_by_those_who_may",
    ),
    Mutation(
        "the form that only those see who may send it",
        "bot/chat/buttons/clicks.py",
        "    services.permits.check(asker, Verb.TRAIN, job.run.project)\n",
        "",
        matrix("miller", "field"),
    ),
    Mutation(
        "a job of another project is like one that does not exist",
        "bot/services/people/lookup.py",
        "if found is not None and permits.sees(person, found.run.project):",
        "if found is not None:",
        matrix("picker"),
    ),
    Mutation(
        "similar ids only of visible jobs",
        "bot/services/people/lookup.py",
        "projects=permits.seen_projects(person), ",
        "",
        PREVIEWS,
    ),
    Mutation(
        "projects that one may not see are not chosen or listed",
        PERMIT,
        "found = [project for project in projects if self.sees(person, project.name)]",
        "found = list(projects)",
        matrix("picker"),
    ),
    Mutation(
        "suggested projects",
        "bot/services/jobs/complete_options.py",
        " if self._permits.sees(person, each.name)]",
        "]",
        matrix("picker"),
    ),
    Mutation(
        "the list of the latest jobs",
        "bot/services/jobs/find.py",
        "projects=seen, asker_id=asker_id",
        "asker_id=asker_id",
        LISTS,
    ),
    Mutation(
        "the list of live jobs",
        "bot/services/jobs/find.py",
        "projects=self._permits.seen_projects(person), live=True",
        "live=True",
        LISTS,
    ),
    Mutation(
        "the list of results that no channel took",
        "bot/services/jobs/find.py",
        "projects=self._permits.seen_projects(person), live=False",
        "live=False",
        f"{ANSWERS}::test_results_that_no_channel_took_are_listed_to_those_who_may_see_them",
    ),
    Mutation(
        "suggested jobs",
        "bot/services/jobs/find.py",
        "projects=self._permits.seen_projects(person), limit=500",
        "limit=500",
        matrix("picker"),
    ),
    Mutation(
        "unconfirmed previews",
        PROPOSE,
        "return found if found is not None and self._permits.sees(person, found.run.project) else None",
        "return found",
        PREVIEWS,
    ),
    Mutation(
        "what /help shows of projects",
        "bot/chat/commands/help.py",
        "seen = [project for project in projects if permits.sees(asker, project.name)]",
        "seen = list(projects)",
        LISTS,
    ),
    Mutation(
        "what /help shows of commands",
        "bot/chat/commands/help.py",
        "if permits.may_any(asker, gate.COMMANDS[each.name.removeprefix(prefix)])",
        "",
        f"{ANSWERS}::test_help_leaves_out_commands_that_one_may_not_use",
    ),
    Mutation(
        "plots that others may not see are private",
        "bot/chat/buttons/job_answers.py",
        "    await _keep_from_others(interaction, names)\n",
        "",
        PLOTS,
    ),
    Mutation(
        "the limit of a job's cost",
        "bot/services/jobs/submit.py",
        "        self._permits.check_cost(request.person, Verb.TRAIN, project.name, job.run.quote)\n",
        "",
        f"{ANSWERS}::test_a_job_or_a_retry_above_the_limit_is_refused",
    ),
    Mutation(
        "the limit of a sweep's cost",
        PROPOSE,
        "        self._permits.check_cost(person, Verb.SWEEP, project.name, sweep.run.quote)\n",
        "",
        f"{ANSWERS}::test_a_sweep_above_the_limit_is_refused_before_anything_is_stored",
    ),
    Mutation(
        "the limit of cost at the confirmation",
        PROPOSE,
        "        self._permits.check_cost(person, Verb.SWEEP, project.name, fresh.run.quote or seen)\n",
        "",
        f"{ANSWERS}::test_a_preview_from_before_the_limit_is_not_confirmed",
    ),
    Mutation(
        "grants hold in their channels",
        "bot/domain/access.py",
        "here = not self.channels or channel_id in self.channels",
        "here = True",
        matrix("miller"),
    ),
    Mutation(
        "grants hold for their projects",
        "bot/domain/access.py",
        "(project is None or not self.projects or project in self.projects)",
        "True",
        matrix("picker"),
    ),
    Mutation(
        "a thread is its channel",
        "bot/chat/interactions.py",
        "return channel.parent_id",
        "return channel.id",
        f"{PLOTS}[kind1-34-apric4-True]",
    ),
    Mutation(
        "names are matched once",
        PERMIT,
        "if not self._settled:\n            self._settle",
        "if True:\n            self._settle",
        f"{PERMITS}::test_a_name_that_nobody_had_at_the_start_is_nobodys_until_a_restart",
    ),
    Mutation(
        "names that mean another role than before",
        "bot/domain/role_names.py",
        "len(found) == 1 and before in (None, found[0])",
        "len(found) == 1",
        f"{PERMITS}::test_a_role_that_is_only_named_so_later_gains_nothing",
    ),
    Mutation(
        "names that several roles have",
        "bot/domain/role_names.py",
        "len(found) == 1 and before",
        "found and before",
        f"{PERMITS}::test_ambiguous_and_changed_names_are_nobodys_and_the_log_says_why",
    ),
    Mutation(
        "an id is never a name",
        "bot/domain/access.py",
        "if role != EVERYONE and not _ROLE_ID.fullmatch(role))",
        "if role != EVERYONE)",
        f"{PERMITS}::test_a_role_named_with_the_digits_of_anothers_id_gains_nothing",
    ),
    Mutation(
        "a damaged file of remembered roles trusts nobody",
        "bot/services/people/remembered_roles.py",
        "except FileNotFoundError:",
        "except (OSError, ValueError, AttributeError, TypeError):",
        f"{PERMITS}::test_a_damaged_file_trusts_nobody",
    ),
    Mutation(
        "options of an earlier registration",
        "bot/chat/commands/shared/current_options.py",
        'return type(option.get("value")) in (*_TYPES[parameter.type], *typing)',
        "return True",
        "tests/bot/chat/commands/shared/test_current_options.py::test_each_option_is_one_of_now",
    ),
)
