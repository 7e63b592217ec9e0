"""When a job will finish, estimated from the pace of its epochs so far."""

from bot.domain.model.progress import Progress


def expected_end(progress: Progress) -> float | None:
    """In seconds since the epoch, after the last of `epochs`; None while it cannot be estimated.

    A job may report several rows an epoch, and a job that resumes from a checkpoint begins at a later epoch: the
    smaller of the two counts is the number of epochs between the first row and the last. Where the fraction of an epoch
    is known, it counts.
    """
    epoch, epochs = progress.exact if progress.exact is not None else progress.epoch, progress.epochs
    if epoch is None or epochs is None or progress.first_at is None or progress.last_at is None:
        return None
    passed = min(progress.epochs_seen, epoch) - 1
    if progress.exact is not None and progress.first_exact is not None:
        passed = progress.exact - progress.first_exact
    if passed <= 0 or epoch >= epochs:
        return None
    return progress.last_at + (epochs - epoch) * (progress.last_at - progress.first_at) / passed
