"""The doctor's checks of AWS. They make the bot's own calls, and some that only read."""

from bot.adapters.aws.probe.aws_probe import AwsProbe, aws_probe

__all__ = ["AwsProbe", "aws_probe"]
