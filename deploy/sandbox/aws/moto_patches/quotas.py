"""Service Quotas for GPU instances, in place of moto's, which knows only VPC's quotas.

An increase is granted at once; AWS takes minutes to days (API_RequestServiceQuotaIncrease).
"""

import json
from typing import Any, ClassVar

import moto.servicequotas.models
import moto.servicequotas.urls
from moto.servicequotas.models import ServiceQuotasBackend
from moto.servicequotas.responses import ServiceQuotasResponse

from deploy.sandbox.aws.common.settings import LiveSettings

_NAMES = {"L-DB2E81BA": "Running On-Demand G and VT instances", "L-3819A6DF": "All G and VT Spot Instance Requests"}


def install(settings: LiveSettings) -> None:
    """Call once per process, before the server answers."""
    GpuQuotas.settings = settings
    moto.servicequotas.models.servicequotas_backends.backend = GpuQuotas
    vars(moto.servicequotas.urls)["url_paths"] = {"{0}/$": GpuQuotasResponse.dispatch}


class GpuQuotas(ServiceQuotasBackend):
    settings: ClassVar[LiveSettings]

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.granted: dict[str, float] = {}

    @property
    def _url_module(self) -> Any:
        return moto.servicequotas.urls

    def get_service_quota(self, service_code: str, quota_code: str) -> dict[str, Any]:
        if service_code != "ec2" or quota_code not in _NAMES:
            return super().get_service_quota(service_code, quota_code)
        facts = {"ServiceCode": "ec2", "QuotaCode": quota_code, "QuotaName": _NAMES[quota_code], "Unit": "None"}
        value = self.granted.get(quota_code, self.settings.now.gpu_vcpus)
        return {**facts, "Value": value, "Adjustable": True}


class GpuQuotasResponse(ServiceQuotasResponse):
    """Adds RequestServiceQuotaIncrease; moto finds the method by its name."""

    def request_service_quota_increase(self) -> str:
        request = json.loads(self.body)
        quota = self.backend.get_service_quota(request["ServiceCode"], request["QuotaCode"])
        vars(self.backend)["granted"][request["QuotaCode"]] = request["DesiredValue"]
        return json.dumps({"RequestedQuota": {**quota, "DesiredValue": request["DesiredValue"], "Status": "APPROVED"}})
