"""SimulatePrincipalPolicy, which moto lacks: the same evaluation as for real calls.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from deploy.sandbox.aws.permissions.policy import Statement
from deploy.sandbox.aws.permissions.roles import decision, known, role_policy
from deploy.sandbox.aws.requests.protocols import Failure, Protocol

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]

_FORM = "application/x-www-form-urlencoded"
_STRICTEST_FIRST = ("explicitDeny", "implicitDeny", "allowed")
_EVERYTHING = [Statement("Allow", ("*",), ("*",))]
"""Of the person who set up the account; roles have their own."""
_NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"


def form(environ: dict[str, Any]) -> bytes:
    """Return the body of a posted form, which the application can still read."""
    if not environ.get("CONTENT_TYPE", "").startswith(_FORM):
        return b""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def simulating(application: Application) -> Application:
    """A WSGI layer that answers this call, and passes on all others."""

    def layer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = form(environ)
        if b"Action=SimulatePrincipalPolicy" not in body:
            return application(environ, start_response)
        return _answer(body, start_response)

    return layer


def _answer(body: bytes, start_response: Any) -> Iterable[bytes]:
    given = dict(parse_qsl(body.decode()))
    source = given["PolicySourceArn"]
    if not known(source):
        failure = Failure(404, "NoSuchEntity", f"{source} cannot be found.")
        start_response("404 NOT FOUND", failure.headers(Protocol.QUERY))
        return [failure.body(Protocol.QUERY)]
    policy, context = role_policy(source) if ":role/" in source else _EVERYTHING, _context(given)
    resources = _members(given, "ResourceArns.member") or ["*"]
    results = "".join(_result(policy, action, resources, context) for action in _members(given, "ActionNames.member"))
    text = (
        f'<SimulatePrincipalPolicyResponse xmlns="{_NAMESPACE}"><SimulatePrincipalPolicyResult>'
        f"<EvaluationResults>{results}</EvaluationResults><IsTruncated>false</IsTruncated>"
        "</SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>"
    ).encode()
    start_response("200 OK", [("Content-Type", "text/xml"), ("Content-Length", str(len(text)))])
    return [text]


def _result(policy: Sequence[Statement], action: str, resources: Sequence[str], context: Mapping[str, str]) -> str:
    """One result per action; its own decision is the most restrictive one.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html
    """
    decided = {resource: decision(policy, action, resource, context) for resource in resources}
    strictest = next(each for each in _STRICTEST_FIRST if each in decided.values())
    specific = "".join(
        f"<member><EvalResourceName>{escape(resource)}</EvalResourceName>"
        f"<EvalResourceDecision>{each}</EvalResourceDecision></member>"
        for resource, each in decided.items()
    )
    return (
        f"<member><EvalActionName>{escape(action)}</EvalActionName><EvalResourceName>*</EvalResourceName>"
        f"<EvalDecision>{strictest}</EvalDecision>"
        f"<ResourceSpecificResults>{specific}</ResourceSpecificResults></member>"
    )


def _context(given: Mapping[str, str]) -> dict[str, str]:
    """Read the condition keys; each of them may have one value."""
    found: dict[str, str] = {}
    for number in count(1):
        entry = f"ContextEntries.member.{number}"
        if f"{entry}.ContextKeyName" not in given:
            return found
        found[given[f"{entry}.ContextKeyName"]] = given.get(f"{entry}.ContextKeyValues.member.1", "")
    return found


def _members(given: Mapping[str, str], name: str) -> list[str]:
    found: list[str] = []
    while f"{name}.{len(found) + 1}" in given:
        found.append(given[f"{name}.{len(found) + 1}"])
    return found
