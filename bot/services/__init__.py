"""One verb each. The chat calls those in `Services`; the others run in loops."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.project import Project
from bot.ports.audit import Audit
from bot.services.guard.answer_guard import AnswerGuard
from bot.services.jobs.complete_options import CompleteOptions
from bot.services.jobs.find import Find
from bot.services.jobs.list_artifacts import ListArtifacts
from bot.services.jobs.plot import Plot
from bot.services.jobs.stop import Stop
from bot.services.jobs.submit import Submit
from bot.services.money.approve import Approve
from bot.services.money.pause import Pause
from bot.services.money.report_costs import ReportCosts
from bot.services.money.spot.spot_prices import SpotPriceHistory
from bot.services.money.spot.spot_watches import SpotWatches
from bot.services.people.permits import Permits
from bot.services.people.rates import Rates
from bot.services.people.read_audit import ReadAudit
from bot.services.remedies.remedies import Remedies
from bot.services.sweeps.holding.continue_sweep import ContinueSweep
from bot.services.sweeps.one_trial import OneTrial
from bot.services.sweeps.propose import Propose


@dataclass(frozen=True, slots=True)
class Services:
    """The services that commands call."""

    submit: Submit
    stop: Stop
    find: Find
    plot: Plot
    list_artifacts: ListArtifacts
    complete_options: CompleteOptions
    propose: Propose
    remedies: Remedies
    approve: Approve
    pause: Pause
    report_costs: ReportCosts
    spot_prices: SpotPriceHistory
    spot_watches: SpotWatches
    one_trial: OneTrial
    continue_sweep: ContinueSweep
    audit: Audit
    read_audit: ReadAudit
    answer_guard: AnswerGuard
    rates: Rates
    projects: tuple[Project, ...]
    permits: Permits
    opened: Callable[[int | None], None]
    """To call when a thread or a channel has changed, or any may have (None): what it refused is tried again."""
