"""What lets Batch replace the machines of an environment in place, with the latest image.

https://docs.aws.amazon.com/batch/latest/userguide/infrastructure-updates.html
"""

from tests.deploy.aws.template import committed


def test_environments_are_updated_in_place() -> None:
    """It takes Batch's own service-linked role, and a strategy other than BEST_FIT."""
    environments = committed().of_type("Batch::ComputeEnvironment")
    assert environments
    for name, each in environments.items():
        assert each["ReplaceComputeEnvironment"] is False, name
        assert "ServiceRole" not in each, name
        assert each["ComputeResources"]["AllocationStrategy"] != "BEST_FIT", name
