"""One verb each. What the chat may call is in `Services`; the others loop on their own."""

from dataclasses import dataclass

from bot.domain.project import Project
from bot.services.browse import Browse
from bot.services.complete import Complete
from bot.services.plot import Plot
from bot.services.propose import Propose
from bot.services.show import Show
from bot.services.stop import Stop
from bot.services.submit import Submit
from bot.services.trial import LookAtTrial


@dataclass(frozen=True, slots=True)
class Services:
    """What a command can ask for."""

    submit: Submit
    stop: Stop
    show: Show
    plot: Plot
    browse: Browse
    complete: Complete
    propose: Propose
    trial: LookAtTrial
    projects: tuple[Project, ...]
