"""The Price List API's GetProducts, a service that moto does not have.

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html and botocore's model
(target AWSPriceListService, JSON 1.1). Products as in
https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html, with the traps that people
met: a type is listed three times, for capacity in use, reserved and allocated, the last at 0 USD
(https://github.com/hashicorp/terraform-provider-aws/pull/12122), again for Windows and for dedicated machines, and each
has terms of reservations beside those on demand.
"""

import base64
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple

from deploy.sandbox.aws.moto_patches.list_prices import USD_PER_GIB_MONTH, factor, offered, on_demand, vcpus
from deploy.sandbox.aws.requests.protocols import Failure, Protocol

_TARGET = "AWSPriceListService."
_GET = "GetProducts"
_ENDPOINTS = ("us-east-1", "eu-central-1", "ap-south-1")
"""https://docs.aws.amazon.com/general/latest/gr/billing.html, "AWS Price List". Elsewhere there is no such host."""
_SIGNED_FOR = re.compile(r"Credential=[^/,]+/\d{8}/([^/]+)/pricing/aws4_request")
_MOST = 100
_TERM = ("JRTCKXETXF", "6YS6EN2CT7")
"""The codes of the offer's term on demand and of its rate, the same for all products. The first link's example."""
_Application = Callable[[dict[str, Any], Any], Iterable[bytes]]
Json = Mapping[str, Any]


class _RefusedError(Exception):
    """`code` as in the model."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


def with_price_list(application: _Application) -> _Application:
    """Answer this service's calls here, and leave all others to `application`."""

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if not target.startswith(_TARGET):
            return application(environ, start_response)
        raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(raw)
        headers = [("Content-Type", "application/x-amz-json-1.1")]
        try:
            answer = _answer(environ, target.removeprefix(_TARGET), json.loads(raw or b"{}"))
        except _RefusedError as error:
            start_response("400 Bad Request", headers)
            return [Failure(400, error.code, str(error)).body(Protocol.JSON)]
        start_response("200 OK", headers)
        return [json.dumps(answer).encode()]

    return serve


def _answer(environ: Json, operation: str, request: Json) -> Json:
    signed = _SIGNED_FOR.search(environ.get("HTTP_AUTHORIZATION", ""))
    if signed is None or signed[1] not in _ENDPOINTS:
        raise _RefusedError("UnrecognizedClientException", f"There is no price list at {signed and signed[1]}.")
    if operation != _GET:
        raise _RefusedError("UnknownOperationException", f"The sandbox does not have {operation}.")
    if request.get("ServiceCode") != "AmazonEC2":
        raise _RefusedError("InvalidParameterException", f"The sandbox has no prices of {request.get('ServiceCode')}.")
    if request.get("FormatVersion", "aws_v1") != "aws_v1":
        raise _RefusedError("InvalidParameterException", "Invalid format version.")
    most = int(request.get("MaxResults") or _MOST)
    if not 1 <= most <= _MOST:
        raise _RefusedError("InvalidParameterException", f"MaxResults must be between 1 and {_MOST}.")
    start, filters = _start(request.get("NextToken")), [_filter(each) for each in request.get("Filters") or ()]
    regions = [value for kind, name, value in filters if (kind, name) == ("TERM_MATCH", "regionCode")]
    if not regions:
        raise _RefusedError("InvalidParameterException", "The sandbox wants the filter regionCode.")
    found = [product for product in _products(regions[0]) if _passes(product.attributes, filters)]
    token = {"NextToken": _token(start + most)} if start + most < len(found) else {}
    return {"FormatVersion": "aws_v1", "PriceList": [_text(each) for each in found[start : start + most]], **token}


def _filter(given: Json) -> tuple[str, str, str]:
    """The kinds are those of `FilterType` in the service's model."""
    kind, name, value = given.get("Type"), given.get("Field"), given.get("Value")
    if kind not in ("TERM_MATCH", "EQUALS", "CONTAINS", "ANY_OF", "NONE_OF") or not name or value is None:
        raise _RefusedError("InvalidParameterException", f"Invalid filter: {json.dumps(given)}")
    return str(kind), str(name), str(value)


def _passes(attributes: Mapping[str, str], filters: Iterable[tuple[str, str, str]]) -> bool:
    for kind, name, value in filters:
        own = attributes.get(name)
        if own is None:
            return False
        among = own in value.split(",")
        fits = {"TERM_MATCH": own == value, "EQUALS": own == value, "CONTAINS": value in own}
        if not {**fits, "ANY_OF": among, "NONE_OF": not among}[kind]:
            return False
    return True


class _Product(NamedTuple):
    """`attributes` with the product family."""

    attributes: Mapping[str, str]
    unit: str
    usd: float
    description: str


@cache
def _products(region: str) -> tuple[_Product, ...]:
    return tuple(_disks(region)) + tuple(each for machine in offered(region) for each in _machines(region, machine))


def _machines(region: str, machine: str) -> Iterator[_Product]:
    usd = on_demand(region, machine)
    family = "Compute Instance (bare metal)" if ".metal" in machine else "Compute Instance"
    plain = {
        "instanceType": machine,
        "vcpu": str(vcpus(machine)),
        "operatingSystem": "Linux",
        "tenancy": "Shared",
        "preInstalledSw": "NA",
        "capacitystatus": "Used",
        "licenseModel": "No License required",
        "marketoption": "OnDemand",
        "operation": "RunInstances",
        "usagetype": f"BoxUsage:{machine}",
    }
    kinds: tuple[tuple[dict[str, str], float], ...] = (
        ({}, usd),
        ({"capacitystatus": "UnusedCapacityReservation", "usagetype": f"UnusedBox:{machine}"}, usd),
        ({"capacitystatus": "AllocatedCapacityReservation", "usagetype": f"Reservation:{machine}"}, 0.0),
        ({"tenancy": "Dedicated", "usagetype": f"DedicatedUsage:{machine}"}, round(usd * 1.06, 6)),
        ({"operatingSystem": "Windows", "operation": "RunInstances:0002"}, round(usd * 1.35, 6)),
    )
    for changed, price in kinds:
        attributes = {**plain, **changed}
        what = f"{attributes['operatingSystem']} {machine} Instance Hour"
        yield _product(region, family, attributes, "Hrs", price, f"${price} per On Demand {what}")


def _disks(region: str) -> Iterator[_Product]:
    for name, times in (("gp2", 1.25), ("gp3", 1.0)):
        usd = round(USD_PER_GIB_MONTH * times * factor(region), 6)
        attributes = {"volumeApiName": name, "volumeType": "General Purpose", "usagetype": f"EBS:VolumeUsage.{name}"}
        yield _product(region, "Storage", attributes, "GB-Mo", usd, f"${usd} per GB-month of General Purpose ({name})")


def _product(region: str, family: str, own: Mapping[str, str], unit: str, usd: float, description: str) -> _Product:
    place = {"regionCode": region, "locationType": "AWS Region", "servicecode": "AmazonEC2"}
    attributes = {**own, **place, "servicename": "Amazon Elastic Compute Cloud", "productFamily": family}
    return _Product(attributes, unit, usd, description)


def _text(product: _Product) -> str:
    attributes = dict(product.attributes)
    sku = base64.b32encode(sha256(json.dumps(attributes, sort_keys=True).encode()).digest())[:16].decode()
    term, rate = _TERM
    dimension: dict[str, Any] = {
        "unit": product.unit,
        "endRange": "Inf",
        "description": product.description,
        "appliesTo": [],
        "rateCode": f"{sku}.{term}.{rate}",
        "beginRange": "0",
        "pricePerUnit": {"USD": f"{product.usd:.10f}"},
    }
    return json.dumps(
        {
            "product": {"productFamily": attributes.pop("productFamily"), "attributes": attributes, "sku": sku},
            "serviceCode": "AmazonEC2",
            "terms": {
                "OnDemand": {f"{sku}.{term}": _offer(sku, term, {dimension["rateCode"]: dimension})},
                "Reserved": {f"{sku}.38NPMPTW36": _offer(sku, "38NPMPTW36", {})},
            },
            "version": "20261101000000",
            "publicationDate": "2026-11-01T00:00:00Z",
        }
    )


def _offer(sku: str, term: str, dimensions: Json) -> Json:
    date = "2026-11-01T00:00:00Z"
    codes = {"sku": sku, "effectiveDate": date, "offerTermCode": term, "termAttributes": {}}
    return {"priceDimensions": dimensions, **codes}


def _token(start: int) -> str:
    return base64.b64encode(f"products {start}".encode()).decode()


def _start(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.b64decode(token, validate=True).decode().removeprefix("products "))
    except ValueError:
        raise _RefusedError("InvalidNextTokenException", "The pagination token is invalid.") from None
