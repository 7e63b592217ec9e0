"""A budget that sends an email before the month gets expensive. It stops nothing: caps and timeouts do that."""

from aws_cdk import Annotations, CfnCondition, CfnParameter, Fn
from aws_cdk import aws_budgets as budgets
from constructs import Construct

from bot.config.deploy import Deploy
from deploy.aws.parameters import Parameter

_ALARMS = (("ACTUAL", 50), ("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))


def budget(scope: Construct, deploy: Deploy, *, parameters: bool) -> None:
    """Create the budget, for the whole account: a filter by tag matches nothing until the tag is active for billing.

    With `parameters`, address and amount are parameters of the template, so that one template fits every config.
    """
    if parameters:
        email = CfnParameter(
            scope, Parameter.ALARM_EMAIL, default="", description="Gets the budget's emails. Empty: no budget"
        )
        amount = CfnParameter(
            scope, Parameter.BUDGET_USD, type="Number", default=deploy.budget_usd, description="USD a month"
        )
        created = _budget(scope, email.value_as_string, amount.value_as_number)
        wanted = Fn.condition_not(Fn.condition_equals(email.value_as_string, ""))
        created.cfn_options.condition = CfnCondition(scope, "HasAlarmEmail", expression=wanted)
    elif not deploy.alarm_email:
        warning = "deploy.alarm_email is empty: nobody gets an email when the costs approach deploy.budget_usd."
        Annotations.of(scope).add_warning_v2("signalbox:no-alarm", warning)
    else:
        _budget(scope, deploy.alarm_email, deploy.budget_usd)


def _budget(scope: Construct, email: str, amount: float) -> budgets.CfnBudget:
    subscriber = budgets.CfnBudget.SubscriberProperty(address=email, subscription_type="EMAIL")
    return budgets.CfnBudget(
        scope,
        "Budget",
        budget=budgets.CfnBudget.BudgetDataProperty(
            budget_type="COST",
            time_unit="MONTHLY",
            budget_limit=budgets.CfnBudget.SpendProperty(amount=amount, unit="USD"),
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
