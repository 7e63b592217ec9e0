"""Read the outputs of a CloudFormation stack.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Stack.html has the states. For a stack that does
not exist the answer is a ValidationError, "Stack with id foo does not exist": https://github.com/boto/boto3/issues/2807
"""

from bot.adapters.aws.clients import Client
from bot.adapters.aws.error_codes import calling
from bot.errors import Refused, SignalboxError, UnknownName

_USABLE = frozenset(
    {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"}
)


async def stack_outputs(cloudformation: Client, name: str) -> dict[str, str]:
    """Output values by key. Raises `UnknownName` with the existing stacks, `Refused` if the stack is not complete."""
    with calling(f"Describing the stack {name}"):
        try:
            answer = await cloudformation.describe_stacks(StackName=name)
        except cloudformation.exceptions.ClientError as error:
            if "does not exist" not in error.response["Error"]["Message"]:
                raise
            region = cloudformation.meta.region_name
            raise UnknownName(f"stack in {region}", given=name, valid=await _names(cloudformation)) from None
        (stack,) = answer["Stacks"]
        status = stack["StackStatus"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", ())}
    if status not in _USABLE:
        raise Refused(f"The stack {name} is {status}. Wait until it is complete, or look at its events.", code=status)
    return outputs


async def _names(cloudformation: Client) -> list[str]:
    """For the error message only, so empty if the bot may not list stacks."""
    try:
        with calling("Listing the stacks"):
            answer = await cloudformation.describe_stacks()
            return sorted(stack["StackName"] for stack in answer["Stacks"])
    except SignalboxError:
        return []
