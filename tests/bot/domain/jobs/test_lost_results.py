import json

import pytest

from bot.domain.jobs.lost_results import results_not_stored


def manifest(*names: str, count: object = None) -> bytes:
    listed = [{"name": name, "reason": "Permission denied"} for name in names]
    return json.dumps({"not_stored": listed, "not_stored_count": len(names) if count is None else count}).encode()


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (manifest("model.pt"), "not stored: model.pt (Permission denied)"),
        (
            manifest("a", "b", "c", count=1_234),
            "not stored: a (Permission denied), b (Permission denied) and 1,232 more",
        ),
        (manifest("a", "b", "c", count="many"), "not stored: a (Permission denied), b (Permission denied) and 1 more"),
        (manifest(), ""),
        (b"{}", ""),
        (b"", ""),
        (b"[1]", ""),
        (b'{"not_stored": 3}', ""),
        (b'{"not_stored": [3]}', ""),
        (b"[" * 100_000, ""),
    ],
)
def test_lost_results_are_named(body: bytes, text: str) -> None:
    assert results_not_stored(body) == text


def test_long_reasons_are_cut() -> None:
    body = json.dumps({"not_stored": [{"name": "x", "reason": "r" * 9_000}]}).encode()
    assert len(results_not_stored(body)) < 200
