"""One verb each. What the chat may call is in `Services`; the others loop on their own."""

from dataclasses import dataclass

from bot.domain.project import Project
from bot.services.jobs.complete_options import CompleteOptions
from bot.services.jobs.find import Find
from bot.services.jobs.list_artifacts import ListArtifacts
from bot.services.jobs.plot import Plot
from bot.services.jobs.stop import Stop
from bot.services.jobs.submit import Submit
from bot.services.sweeps.one_trial import OneTrial
from bot.services.sweeps.propose import Propose


@dataclass(frozen=True, slots=True)
class Services:
    """What a command can ask for."""

    submit: Submit
    stop: Stop
    show: Find
    plot: Plot
    browse: ListArtifacts
    complete: CompleteOptions
    propose: Propose
    trial: OneTrial
    projects: tuple[Project, ...]
