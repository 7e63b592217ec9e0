"""The rate limiter, the configuration of limits, and requested faults."""

import pytest

from deploy.sandbox.discord.limits.faults import FaultKind, Faults, FaultTiming, read_fault
from deploy.sandbox.discord.limits.rate_limiter import RateLimiter
from deploy.sandbox.discord.limits.settings import UNLIMITED, Limits, Rate
from deploy.sandbox.discord.protocol.wire import Json
from tests.support.clock import Clock


def limiter(clock: Clock, limits: Limits | None = None) -> RateLimiter:
    chosen = limits or Limits()
    return RateLimiter(lambda: chosen, clock)


def test_bucket_counts_down_and_resets() -> None:
    clock = Clock()
    rates = limiter(clock)
    remaining = []
    for _ in range(5):
        headers, refused = rates.check("message.create", "1", exempt=False)
        assert refused is None
        remaining.append(headers["X-RateLimit-Remaining"])
    assert remaining == ["4", "3", "2", "1", "0"]
    clock.now += 2
    headers, refused = rates.check("message.create", "1", exempt=False)
    assert refused is not None
    assert refused.retry_after == pytest.approx(3)
    assert refused.body() == {"message": "You are being rate limited.", "retry_after": 3.0, "global": False}
    assert refused.headers["X-RateLimit-Scope"] == "user"
    assert refused.headers["Via"]
    assert headers["X-RateLimit-Reset-After"] == "3.000"
    assert rates.check("message.create", "2", exempt=False)[1] is None, "another channel has its own"
    clock.now += 3
    assert rates.check("message.create", "1", exempt=False)[1] is None


def test_global_limit_does_not_apply_to_interactions() -> None:
    rates = limiter(Clock())
    for n in range(50):
        assert rates.check("other", str(n), exempt=False)[1] is None
    headers, refused = rates.check("other", "50", exempt=False)
    assert refused is not None
    assert refused.body()["global"]
    assert refused.headers["X-RateLimit-Global"] == "true"
    assert headers == {}
    assert rates.check("webhook", "token", exempt=True)[1] is None


def test_too_many_invalid_requests_ban_the_address() -> None:
    clock = Clock()
    rates = limiter(clock, Limits(invalid_requests=Rate(3, 600)))
    for _ in range(3):
        assert rates.banned_for() is None
        rates.count_invalid()
    assert rates.banned_for() == pytest.approx(600)
    clock.now += 600
    assert rates.banned_for() is None


def test_limits_can_be_disabled() -> None:
    rates = limiter(Clock(), UNLIMITED)
    for _ in range(200):
        assert rates.check("message.create", "1", exempt=False) == ({}, None)


def test_limits_are_changed_by_json_and_read_back() -> None:
    changed = Limits().with_changes(
        {"buckets": {"message.create": [1, 9]}, "all_requests": [7, 2], "nonce_window": 0.5}
    )
    assert changed.buckets["message.create"] == Rate(1, 9)
    assert changed.buckets["thread.create"] == Rate(50, 300)
    assert (changed.all_requests, changed.nonce_window) == (Rate(7, 2), 0.5)
    assert Limits().with_changes(changed.wire()) == changed


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"nonce": 1}, "unknown limit 'nonce'; the limits are enabled, all_requests"),
        ({"with_changes": 1}, "unknown limit 'with_changes'"),
        ({"enabled": 1}, r"`enabled` must be true or false \(got 1\)"),
        ({"active_threads": 1.5}, r"`active_threads` must be a whole number \(got 1.5\)"),
        ({"nonce_window": True}, r"`nonce_window` must be a number \(got True\)"),
        ({"nonce_window": "long"}, r"`nonce_window` must be a number \(got 'long'\)"),
        ({"all_requests": [0, 1]}, "`all_requests` must be .*, both above 0"),
        ({"buckets": {"message.create": 5}}, r"`buckets.message.create` must be .* \(got 5\)"),
        ({"buckets": 5}, "an object of"),
    ],
)
def test_invalid_limit_is_explained(changes: Json, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Limits().with_changes(changes)


def test_faults_are_used_up_in_order() -> None:
    faults = Faults()
    faults.add(read_fault({"fault": "429", "method": "post", "path": "/messages$", "times": 2}))
    faults.add(read_fault({"fault": "reset", "when": "after"}))
    taken = [
        faults.take(method, path)
        for method, path in [("POST", "/a/messages"), ("GET", "/a/messages"), ("POST", "/a/messages"), ("GET", "/b")]
    ]
    kinds = [fault and (fault.kind, fault.when) for fault in taken]
    assert kinds == [
        (FaultKind.RATE_LIMIT, FaultTiming.BEFORE),
        (FaultKind.RESET, FaultTiming.AFTER),
        (FaultKind.RATE_LIMIT, FaultTiming.BEFORE),
        None,
    ]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "`fault` must be one of 429, global429, proxy429, status, html, truncated, reset, hang and slow"),
        ({"fault": "rest"}, r"`fault` must be one of .* \(got 'rest'\)"),
        ({"fault": "slow", "when": "during"}, r"`when` must be one of before and after \(got 'during'\)"),
        ({"fault": "slow", "path": "("}, "`path` must be a regular expression"),
        ({"fault": "slow", "times": 0}, r"`times` must be a whole number of at least 1 \(got 0\)"),
        ({"fault": "status", "status": "500"}, r"`status` must be an HTTP status from 100 to 599 \(got '500'\)"),
        ({"fault": "slow", "seconds": -1}, r"`seconds` must be a number of seconds, at least 0 \(got -1\)"),
        ({"fault": "slow", "second": 1}, "unknown keys: second; the keys are method, path"),
    ],
)
def test_invalid_fault_is_explained(body: Json, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_fault(body)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"fault": "status", "code": "240000"}, "`code` must be a JSON error code"),
        ({"fault": "429", "scope": "global"}, "`scope` must be one of"),
    ],
)
def test_codes_and_scopes_of_faults_are_checked(body: dict[str, object], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read_fault(body)
    fault = read_fault({"fault": "status", "status": 400, "code": 240000, "message": "Message blocked"})
    assert (fault.code, fault.message, fault.scope) == (240000, "Message blocked", "user")
