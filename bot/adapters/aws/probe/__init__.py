"""What the doctor looks at in AWS, by the calls that the bot itself makes, and by some that only read."""

from bot.adapters.aws.probe.aws_probe import AwsProbe, aws_probe

__all__ = ["AwsProbe", "aws_probe"]
