"""Cost Explorer's GetCostAndUsage: nothing was billed here, and what the service would refuse is refused.

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostAndUsage.html and botocore's model:
target AWSInsightsIndexService, JSON 1.1. moto answers whatever a test has queued, and looks at nothing of the request:
https://docs.getmoto.org/en/latest/docs/services/ce.html
"""

import datetime as dt
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from deploy.sandbox.aws.requests.protocols import Failure, Protocol

_GET = "AWSInsightsIndexService.GetCostAndUsage"
_SIGNED = re.compile(r"Credential=[^/,]+/\d{8}/us-east-1/ce/aws4_request")
"""The only endpoint is https://ce.us-east-1.amazonaws.com:
https://docs.aws.amazon.com/cost-management/latest/userguide/ce-api.html"""
_METRICS = {
    *("AmortizedCost", "BlendedCost", "NetAmortizedCost", "NetUnblendedCost", "NormalizedUsageAmount"),
    *("UnblendedCost", "UsageQuantity"),
}
_DIMENSIONS = {"SERVICE", "RECORD_TYPE", "REGION", "USAGE_TYPE", "LINKED_ACCOUNT", "INSTANCE_TYPE", "OPERATION", "AZ"}
"""Some of `Dimension` in the model."""
_MONTHS = 13
""" "The Cost Explorer API can access up to 13 months of historical data and data for the current month":
https://docs.aws.amazon.com/cost-management/latest/userguide/ce-api-best-practices.html"""
_Application = Callable[[dict[str, Any], Any], Iterable[bytes]]
Json = Mapping[str, Any]


class _RefusedError(Exception):
    """A ValidationException."""


def with_bills(application: _Application) -> _Application:
    """Answer this call here, and leave all others to `application`."""

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ.get("HTTP_X_AMZ_TARGET", "") != _GET:
            return application(environ, start_response)
        raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(raw)
        headers = [("Content-Type", "application/x-amz-json-1.1")]
        try:
            answer = _answer(environ, json.loads(raw or b"{}"))
        except _RefusedError as error:
            start_response("400 Bad Request", headers)
            return [Failure(400, "ValidationException", str(error)).body(Protocol.JSON)]
        start_response("200 OK", headers)
        return [json.dumps(answer).encode()]

    return serve


def _answer(environ: Json, request: Json) -> Json:
    if not _SIGNED.search(environ.get("HTTP_AUTHORIZATION", "")):
        raise _RefusedError("There is no Cost Explorer at this endpoint.")
    first, until = _period(request.get("TimePeriod") or {})
    if request.get("Granularity") != "DAILY":
        raise _RefusedError("The sandbox has days alone.")
    metrics = request.get("Metrics") or []
    if not metrics or set(metrics) - _METRICS:
        raise _RefusedError("Metrics should be selected.")
    if "Filter" in request:
        _check(request["Filter"])
    return {"ResultsByTime": list(_days(first, until, metrics)), "DimensionValueAttributes": []}


def _period(period: Json) -> tuple[dt.date, dt.date]:
    """ "The start date is inclusive, but the end date is exclusive. … The start date must be equal to or no later than
    the current date to avoid a validation error." (API_DateInterval)"""
    try:
        first, until = (dt.date.fromisoformat(period[name]) for name in ("Start", "End"))
    except (KeyError, ValueError) as error:
        raise _RefusedError("Start and End should be dates: YYYY-MM-DD.") from error
    today = dt.datetime.now(dt.UTC).date()
    if not first < until or first > today:
        raise _RefusedError("Start date (and hour) should be before end date, and no later than today.")
    if (today.year - first.year) * 12 + today.month - first.month > _MONTHS:
        raise _RefusedError("You haven't enabled historical data beyond 13 months.")
    return first, until


def _check(expression: Json) -> None:
    """One root operator: "Expression … can be nested", and `And` and `Or` take a list (API_Expression)."""
    if len(expression) != 1:
        raise _RefusedError("Expression should have exactly one root operator.")
    ((kind, value),) = expression.items()
    if kind in ("And", "Or"):
        if len(value) < 2:
            raise _RefusedError(f"{kind} expression must have at least 2 operands.")
        for each in value:
            _check(each)
    elif kind == "Not":
        _check(value)
    elif kind not in ("Tags", "Dimensions") or not value.get("Key") or not value.get("Values"):
        raise _RefusedError(f"Invalid expression: {kind}.")
    elif kind == "Dimensions" and value["Key"] not in _DIMENSIONS:
        raise _RefusedError(f"Invalid dimension: {value['Key']}.")


def _days(first: dt.date, until: dt.date, metrics: Iterable[str]) -> Iterator[Json]:
    """Days without a cost are there, too, with 0. A month's bill is an estimate until it is final."""
    for number in range((until - first).days):
        day = first + dt.timedelta(days=number)
        period = {"Start": day.isoformat(), "End": (day + dt.timedelta(days=1)).isoformat()}
        total = {metric: {"Amount": "0", "Unit": "USD"} for metric in metrics}
        yield {"TimePeriod": period, "Total": total, "Groups": [], "Estimated": True}
