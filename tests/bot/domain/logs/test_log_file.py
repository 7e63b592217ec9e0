"""What is said beside a log's file."""

from bot.domain.logs.log_file import words


def test_the_whole_and_a_part() -> None:
    assert words(1, partial=0, uri="s3://b/k") == "The whole log, 1 line."
    assert words(12_345, partial=0, uri="s3://b/k") == "The whole log, 12,345 lines."
    part = words(12_345, partial=8 * 1024**2, uri="s3://b/k")
    assert part.startswith("The last 8 MiB of the log. All of it, 12,345 lines, ")
    assert "`s3://b/k`" in part
