"""Names that another stack of the account may have: `lab-eval` with a project `mnist`, and `lab` with `eval-mnist`."""

from bot.config.loading import Config
from bot.domain.stack import STACK_TAG
from deploy.aws.cloudformation import ClientOf, StackError


def check_free(client: ClientOf, config: Config) -> None:
    """Raises StackError for a job definition of another stack. Batch would only add a revision to it, which the other
    bot's jobs would run: https://docs.aws.amazon.com/batch/latest/APIReference/API_RegisterJobDefinition.html"""
    stack = config.deploy.stack
    for project in config.projects:
        name = f"{stack}-{project}"
        found = client("batch").describe_job_definitions(jobDefinitionName=name, status="ACTIVE")["jobDefinitions"]
        if others := sorted({each.get("tags", {}).get(STACK_TAG, stack) for each in found} - {stack}):
            raise StackError(
                f"The job definition {name} belongs to stack {others[0]}. Rename deploy.stack or projects.{project}, "
                "so that the names of stack and project together are no other's."
            )
