"""Service Quotas for EC2 instances, in place of moto's, which knows only VPC's quotas.

An increase is granted at once; AWS takes minutes to days (API_RequestServiceQuotaIncrease).
"""

import json
from typing import Any, ClassVar

import moto.servicequotas.models
import moto.servicequotas.urls
from moto.servicequotas.models import ServiceQuotasBackend
from moto.servicequotas.responses import ServiceQuotasResponse

from deploy.sandbox.aws.common.settings import LiveSettings

_NAMES = {
    "L-DB2E81BA": "Running On-Demand G and VT instances",
    "L-3819A6DF": "All G and VT Spot Instance Requests",
    "L-417A185B": "Running On-Demand P instances",
    "L-7212CCBC": "All P4, P3 and P2 Spot Instance Requests",
    "L-C4BD4855": "All P5 Spot Instance Requests",
    "L-1216C47A": "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances",
    "L-34B43A08": "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests",
}
"""https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html"""


def install(settings: LiveSettings) -> None:
    """Call once per process, before the server answers."""
    Ec2Quotas.settings = settings
    moto.servicequotas.models.servicequotas_backends.backend = Ec2Quotas
    vars(moto.servicequotas.urls)["url_paths"] = {"{0}/$": Ec2QuotasResponse.dispatch}


class Ec2Quotas(ServiceQuotasBackend):
    settings: ClassVar[LiveSettings]

    @property
    def _url_module(self) -> Any:
        return moto.servicequotas.urls

    def get_service_quota(self, service_code: str, quota_code: str) -> dict[str, Any]:
        if service_code != "ec2" or quota_code not in _NAMES:
            return super().get_service_quota(service_code, quota_code)
        facts = {"ServiceCode": "ec2", "QuotaCode": quota_code, "QuotaName": _NAMES[quota_code], "Unit": "None"}
        return {**facts, "Value": self.settings.quota(quota_code), "Adjustable": True}


class Ec2QuotasResponse(ServiceQuotasResponse):
    """Adds RequestServiceQuotaIncrease; moto finds the method by its name."""

    def request_service_quota_increase(self) -> str:
        request = json.loads(self.body)
        quota = self.backend.get_service_quota(request["ServiceCode"], request["QuotaCode"])
        Ec2Quotas.settings.granted[request["QuotaCode"]] = request["DesiredValue"]
        return json.dumps({"RequestedQuota": {**quota, "DesiredValue": request["DesiredValue"], "Status": "APPROVED"}})
