"""AWS Free Tier's GetAccountPlanState, a service that moto does not have.

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_freetier_GetAccountPlanState.html and botocore's
model (target AWSFreeTierService, JSON 1.0). What an account without a plan gets is not documented: of the documented
errors, ResourceNotFoundException fits. Assumption: plan-none.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID

from deploy.sandbox.aws.common.settings import LiveSettings
from deploy.sandbox.aws.requests.protocols import Failure, Protocol

FREE_PLAN_TYPES = frozenset({"c7i-flex.large", "m7i-flex.large", "t3.micro", "t3.small", "t4g.micro", "t4g.small"})
"""RunInstances on a Free plan refuses every other type with InvalidParameterCombination, "not eligible for Free Tier".

https://github.com/aws-samples/eks-workshop-v2/issues/1644
"""
_TARGET = "AWSFreeTierService.GetAccountPlanState"
_Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def with_free_tier(application: _Application, settings: LiveSettings) -> _Application:
    """Answer this call here, and leave all others to `application`."""

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ.get("HTTP_X_AMZ_TARGET") != _TARGET:
            return application(environ, start_response)
        plan = settings.now.account_plan
        headers = [("Content-Type", "application/x-amz-json-1.0")]
        if not plan:
            missing = Failure(400, "ResourceNotFoundException", "The account has no account plan.")
            start_response("400 Bad Request", headers)
            return [missing.body(Protocol.JSON)]
        state = {"accountId": DEFAULT_ACCOUNT_ID, "accountPlanType": plan, "accountPlanStatus": "ACTIVE"}
        start_response("200 OK", headers)
        return [json.dumps(state).encode()]

    return serve
