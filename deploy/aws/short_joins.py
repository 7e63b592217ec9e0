"""A template in fewer bytes, because CloudFormation and the CDK count them.

The CDK writes `Fn::Join` with references among its parts; `Fn::Sub` says the same, an ARN for example, in two thirds:
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html
"""

import json
from collections.abc import Iterable
from typing import Any


def compact(template: Any) -> str:
    """The template as JSON without spaces, its joins shortened."""
    return json.dumps(_shortened(template), separators=(",", ":"))


def _shortened(value: Any) -> Any:
    match value:
        case {"Fn::Join": ["", list(parts)]} if (text := _substituted(parts)) is not None:
            return {"Fn::Sub": text}
        case dict():
            return {key: _shortened(each) for key, each in value.items()}
        case list():
            return [_shortened(each) for each in value]
    return value


def _substituted(parts: Iterable[Any]) -> str | None:
    """None if a part is neither a reference nor text that `Fn::Sub` leaves as it is."""
    text = ""
    for part in parts:
        match part:
            case str() if "${" not in part and not part.endswith("$"):
                text += part
            case {"Ref": name}:
                text += f"${{{name}}}"
            case {"Fn::GetAtt": [name, attribute]}:
                text += f"${{{name}.{attribute}}}"
            case _:
                return None
    return text
