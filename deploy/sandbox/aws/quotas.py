"""Service Quotas in moto's place, as far as a GPU needs them: moto knows the quotas of VPC alone."""

from typing import Any, ClassVar

import moto.servicequotas.models
import moto.servicequotas.urls
from moto.servicequotas.models import ServiceQuotasBackend

from deploy.sandbox.aws.settings import Knobs

_NAMES = {"L-DB2E81BA": "Running On-Demand G and VT instances", "L-3819A6DF": "All G and VT Spot Instance Requests"}


def install(knobs: Knobs) -> None:
    """To be called once in a process, before the server answers."""
    GpuQuotas.knobs = knobs
    moto.servicequotas.models.servicequotas_backends.backend = GpuQuotas


class GpuQuotas(ServiceQuotasBackend):
    knobs: ClassVar[Knobs]

    @property
    def _url_module(self) -> Any:
        return moto.servicequotas.urls

    def get_service_quota(self, service_code: str, quota_code: str) -> dict[str, Any]:
        if service_code != "ec2" or quota_code not in _NAMES:
            return super().get_service_quota(service_code, quota_code)
        facts = {"ServiceCode": "ec2", "QuotaCode": quota_code, "QuotaName": _NAMES[quota_code], "Unit": "None"}
        return {**facts, "Value": self.knobs.now.gpu_vcpus, "Adjustable": True}
