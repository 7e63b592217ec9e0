"""Queries on the committed template, without the CDK."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bot.config.loading import Config

ROOT = Path(__file__).parents[3]
PATH = ROOT / "deploy" / "aws" / "template.json"
CPU_PATH = PATH.with_name("template-cpu.json")
"""The same for a project that trains without GPUs."""
EXAMPLE = ROOT / "config.example.toml"

Properties = Mapping[str, Any]


class Template:
    """`content` is the template as it is; elsewhere its parameters have their defaults."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self.content = content
        defaults = {name: _default(each) for name, each in content.get("Parameters", {}).items()}
        self.resources: Mapping[str, Mapping[str, Any]] = _filled(content["Resources"], defaults)
        self.outputs: Mapping[str, Mapping[str, Any]] = _filled(content["Outputs"], defaults)

    def of_type(self, kind: str) -> dict[str, Properties]:
        """Properties by logical id: `of_type("SQS::Queue")`."""
        return {
            name: each.get("Properties", {}) for name, each in self.resources.items() if each["Type"] == f"AWS::{kind}"
        }

    def only(self, kind: str) -> Properties:
        [found] = self.of_type(kind).values()
        return found

    def called(self, beginning: str, kind: str) -> Properties:
        """The only resource of a kind whose logical id starts with `beginning`."""
        [found] = [each for name, each in self.of_type(kind).items() if name.startswith(beginning)]
        return found

    def statements(self, role: str) -> Iterator[Mapping[str, Any]]:
        """Policy statements of the role whose logical id starts with `role`, with resources spelled out."""
        for document in self._documents(role):
            for statement in document["Statement"]:
                yield {**statement, "Resource": [spelled(each) for each in listed(statement["Resource"])]}

    def _documents(self, role: str) -> Iterator[Mapping[str, Any]]:
        for name, found in self.of_type("IAM::Role").items():
            if not name.startswith(role):
                continue
            yield from (each["PolicyDocument"] for each in found.get("Policies", ()))
            named = [each["Ref"] for each in found.get("ManagedPolicyArns", ()) if "Ref" in each]
            managed = self.of_type("IAM::ManagedPolicy")
            yield from (managed[each]["PolicyDocument"] for each in named)
        for policy in self.of_type("IAM::Policy").values():
            if any(each["Ref"].startswith(role) for each in policy["Roles"]):
                yield policy["PolicyDocument"]

    def granted(self, role: str) -> dict[str, set[str]]:
        """Resources by action, ignoring conditions."""
        found: dict[str, set[str]] = {}
        for statement in self.statements(role):
            assert statement["Effect"] == "Allow"
            for action in listed(statement["Action"]):
                found.setdefault(action, set()).update(statement["Resource"])
        return found


def _default(parameter: Mapping[str, Any]) -> Any:
    value = parameter["Default"]
    return value.split(",") if parameter["Type"] == "CommaDelimitedList" else value


def _filled(value: Any, defaults: Mapping[str, Any]) -> Any:
    match value:
        case {"Ref": name} if name in defaults:
            return defaults[name]
        case {"Fn::Sub": text}:
            return {"Fn::Sub": re.sub(r"\$\{(\w+)\}", lambda found: str(defaults.get(found[1], found[0])), text)}
        case dict():
            return {key: _filled(each, defaults) for key, each in value.items()}
        case list():
            return [_filled(each, defaults) for each in value]
    return value


def committed() -> Template:
    return Template(json.loads(PATH.read_text()))


def config(**deploy: Any) -> Config:
    """The example's config with other settings in [deploy]."""
    content = tomllib.loads(EXAMPLE.read_text())
    content["deploy"] |= deploy
    return Config.model_validate(content)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def spelled(value: Any) -> str:
    """Intrinsic functions as text, logical ids without their hash: `<Artifacts.Arn>/jobs/*`."""
    match value:
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(spelled(part) for part in parts)
        case {"Fn::Sub": text}:
            return re.sub(r"\$\{([^.}]+)(\.[^}]+)?\}", lambda found: f"<{_bare(found[1])}{found[2] or ''}>", text)
        case {"Fn::GetAtt": [resource, attribute]}:
            return f"<{_bare(resource)}.{attribute}>"
        case {"Ref": name}:
            return f"<{_bare(name)}>"
        case {"Fn::Select": _}:
            return "<part>"
    return str(value)


def _bare(logical_id: str) -> str:
    tail = logical_id[-8:]
    return logical_id[:-8] if len(logical_id) > 8 and all(c in "0123456789ABCDEF" for c in tail) else logical_id
