"""Joins in fewer bytes that mean the same."""

import json
from typing import Any

import pytest

from deploy.aws.short_joins import compact

PARTITION, BUCKET = {"Ref": "AWS::Partition"}, {"Fn::GetAtt": ["Artifacts82DD59A1", "Arn"]}


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (["arn:", PARTITION, ":s3:::data/*"], "arn:${AWS::Partition}:s3:::data/*"),
        ([BUCKET, "/jobs/*"], "${Artifacts82DD59A1.Arn}/jobs/*"),
        (["token=$(get ", BUCKET, ') $1 "$2"'], 'token=$(get ${Artifacts82DD59A1.Arn}) $1 "$2"'),
    ],
)
def test_a_join_becomes_a_substitution(parts: list[Any], text: str) -> None:
    assert compact({"a": [{"Fn::Join": ["", parts]}]}) == json.dumps({"a": [{"Fn::Sub": text}]}, separators=(",", ":"))


@pytest.mark.parametrize(
    "join",
    [
        ["", ["${HOME} is no reference: ", PARTITION]],
        ["", ["$", "{AWS::Region}"]],
        [",", [PARTITION, BUCKET]],
        ["", {"Ref": "SpotInstances"}],
        ["", [{"Fn::Select": [0, {"Ref": "Zones"}]}, "a"]],
    ],
)
def test_what_a_substitution_would_change_stays(join: Any) -> None:
    assert json.loads(compact({"Fn::Join": join})) == {"Fn::Join": join}
