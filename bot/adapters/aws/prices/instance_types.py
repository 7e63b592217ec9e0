"""The types of machines that there are, by botocore's model of EC2: a newer one is known after an update of it.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypes.html, `InstanceType`.
"""

from functools import cache

from botocore.session import get_session


@cache
def instance_types() -> frozenset[str]:
    """Takes 0.2 s the first time: the model is read."""
    return frozenset(get_session().get_service_model("ec2").shape_for("InstanceType").enum)
