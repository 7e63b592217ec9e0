"""Sentences that the services write."""

from bot.domain.texts import notes


def test_the_whole_log_and_a_part() -> None:
    assert notes.log_file(1, partial=0, uri="s3://b/k") == "The whole log, 1 line."
    assert notes.log_file(12_345, partial=0, uri="s3://b/k") == "The whole log, 12,345 lines."
    part = notes.log_file(12_345, partial=8 * 1024**2, uri="s3://b/k")
    assert part.startswith("The last 8 MiB of the log. The whole log (12,345 lines) ")
    assert "`s3://b/k`" in part


def test_an_error_or_a_reason_of_the_vendors_is_made_inert() -> None:
    link = "[x](https://evil.example) @everyone"
    escaped = r"\[x\](https\://evil.example) \@everyone"
    for text in (notes.attempt_ended(1, link), notes.no_points(link), notes.not_drawn(link)):
        assert escaped in text


def test_an_ended_job_without_metrics_gets_none_later() -> None:
    assert notes.no_metrics("k7q2mx.4", live=True) == "k7q2mx.4 has no metrics yet."
    assert notes.no_metrics("k7q2mx.4", live=False) == "k7q2mx.4 has ended without metrics."
