"""A budget that sends an email before the month gets expensive. It stops nothing: caps and timeouts do that."""

from aws_cdk import Annotations
from aws_cdk import aws_budgets as budgets
from constructs import Construct

from bot.config.deploy import Deploy

_ALARMS = (("ACTUAL", 50), ("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))


def budget(scope: Construct, deploy: Deploy) -> None:
    """Create the budget, for the whole account: a filter by tag matches nothing until the tag is active for billing."""
    if not deploy.alarm_email:
        warning = "deploy.alarm_email is empty: nobody gets an email when the costs approach deploy.budget_usd."
        Annotations.of(scope).add_warning_v2("signalbox:no-alarm", warning)
        return
    subscriber = budgets.CfnBudget.SubscriberProperty(address=deploy.alarm_email, subscription_type="EMAIL")
    budgets.CfnBudget(
        scope,
        "Budget",
        budget=budgets.CfnBudget.BudgetDataProperty(
            budget_type="COST",
            time_unit="MONTHLY",
            budget_limit=budgets.CfnBudget.SpendProperty(amount=deploy.budget_usd, unit="USD"),
        ),
        notifications_with_subscribers=[
            budgets.CfnBudget.NotificationWithSubscribersProperty(
                notification=budgets.CfnBudget.NotificationProperty(
                    notification_type=kind,
                    comparison_operator="GREATER_THAN",
                    threshold=percent,
                    threshold_type="PERCENTAGE",
                ),
                subscribers=[subscriber],
            )
            for kind, percent in _ALARMS
        ],
    )
