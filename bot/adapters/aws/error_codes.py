"""The table from AWS's error codes to our exceptions, and the one place that uses it.

https://docs.aws.amazon.com/awssupport/latest/user/common-error-codes.html has no full list: a code
that is not in the table is judged by its HTTP status.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import aiohttp
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    LoginRefreshRequired,
    MetadataRetrievalError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)

from bot.errors import CredentialsExpired, Denied, Missing, Refused, ServiceError, Throttled, Unavailable

_KINDS: dict[type[ServiceError], frozenset[str]] = {
    Throttled: frozenset(
        {
            "BandwidthLimitExceeded",
            "EC2ThrottledException",
            "LimitExceededException",
            "PriorRequestNotComplete",
            "ProvisionedThroughputExceededException",
            "RequestLimitExceeded",
            "RequestThrottled",
            "RequestThrottledException",
            "SlowDown",
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "TooManyRequests",
            "TooManyRequestsException",
        }
    ),
    CredentialsExpired: frozenset({"ExpiredToken", "ExpiredTokenException"}),
    Unavailable: frozenset(
        {
            "InternalError",
            "InternalFailure",
            "RequestExpired",
            "RequestTimeout",
            "ServerException",
            "ServiceUnavailable",
        }
    ),
    Missing: frozenset(
        {
            "404",
            "AWS.SimpleQueueService.NonExistentQueue",
            "NoSuchBucket",
            "NoSuchKey",
            "NotFound",
            "QueueDoesNotExist",
            "ResourceNotFoundException",
        }
    ),
    Denied: frozenset(
        {
            "403",
            "AccessDenied",
            "AccessDeniedException",
            "AllAccessDisabled",
            "AuthFailure",
            "IncompleteSignature",
            "IncompleteSignatureException",
            "InvalidAccessKeyId",
            "InvalidClientTokenId",
            "InvalidSignatureException",
            "InvalidToken",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "NotAuthorized",
            "OptInRequired",
            "RequestTimeTooSkewed",
            "SignatureDoesNotMatch",
            "UnauthorizedOperation",
            "UnrecognizedClient",
            "UnrecognizedClientException",
        }
    ),
}
_BY_CODE = {code: kind for kind, codes in _KINDS.items() for code in codes}
_BY_STATUS: dict[int, type[ServiceError]] = {401: Denied, 403: Denied, 404: Missing, 408: Unavailable, 429: Throttled}

_CREDENTIALS_ADVICE = "Give the bot valid AWS credentials: a role of its machine, AWS_PROFILE, or AWS_ACCESS_KEY_ID."
_EXPIRED_ADVICE = (
    "Sign in again with `aws sso login`; or restart the bot with new keys, or with a role, which renews its own."
)
_ADVICE = {
    "AllAccessDisabled": "The account or the bucket is suspended.",
    "OptInRequired": "Turn on the service or the region for the account.",
    "RequestExpired": "Correct the machine's clock.",
    "RequestTimeTooSkewed": "Correct the machine's clock.",
    **dict.fromkeys(
        ("403", "AccessDenied", "AccessDeniedException", "NotAuthorized", "UnauthorizedOperation"),
        "Give the bot's role this permission.",
    ),
}
"""What to do about each `Denied`; `_CREDENTIALS_ADVICE` for all other codes."""

_CREDENTIALS_ERRORS = (NoCredentialsError, PartialCredentialsError, ProfileNotFound)
_EXPIRED_SESSIONS = (LoginRefreshRequired, SSOTokenLoadError, TokenRetrievalError, UnauthorizedSSOTokenError)
"""Of IAM Identity Center and `aws login`: AWS's library reads the new session as soon as somebody signs in."""
_PASSING_CREDENTIALS_ERRORS = (CredentialRetrievalError, MetadataRetrievalError)
_NOT_AUTHORIZED = re.compile(r'User: (\S+) is not authorized to perform: (\S+) on resource: "?([^\s"]+)"?(.*)', re.S)
_LONGEST = 400
"""Longest message that we pass on: some answers are whole pages."""


@contextmanager
def calling(what: str) -> Iterator[None]:
    """Wrap every call to AWS and the reading of its answer: raise our exceptions, with the original as their cause.

    `what` names the call for people: `Batch SubmitJob`. An incomplete or malformed answer is `Unavailable`: it must
    not pass for "nothing there".
    """
    try:
        yield
    except ClientError as error:
        raise _from_answer(what, error) from error
    except ParamValidationError as error:
        raise Refused(f"{what} was not sent: {_clean(str(error))}", code="ParamValidation") from error
    except _CREDENTIALS_ERRORS as error:
        raise Denied(
            f"{what} was not sent: {_clean(str(error))}. {_CREDENTIALS_ADVICE}", code="NoCredentials"
        ) from error
    except _EXPIRED_SESSIONS as error:
        raise CredentialsExpired(f"{what} was not sent: {_clean(str(error))}", code="Credentials") from error
    except _PASSING_CREDENTIALS_ERRORS as error:
        raise Unavailable(f"{what} was not sent: {_clean(str(error))}", code="Credentials") from error
    except (BotoCoreError, aiohttp.ClientError, TimeoutError, ConnectionError) as error:
        raise Unavailable(f"{what}: AWS gave no valid answer ({_clean(str(error) or type(error).__name__)})") from error
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        # From botocore's parsers or ours: botocore reads a page of HTML with status 200 as an answer without fields.
        raise Unavailable(
            f"{what}: AWS's answer cannot be read ({type(error).__name__}: {_clean(str(error))})"
        ) from error


def _from_answer(what: str, error: ClientError) -> ServiceError:
    details: Mapping[str, Any] = error.response.get("Error") or {}
    metadata: Mapping[str, Any] = error.response.get("ResponseMetadata") or {}
    code = str(details.get("Code") or "")
    status = int(metadata.get("HTTPStatusCode") or 0)
    kind = _kind(code, status)
    message = _permission_first(str(details.get("Message") or ""))
    text = f"{what}: {_clean(message) or f'HTTP status {status}'}"
    if kind is Throttled:
        return Throttled(text, code=code, retry_after=_retry_after(metadata))
    if kind is CredentialsExpired:
        text = f"{text.rstrip('.')}. {_EXPIRED_ADVICE}"
    elif kind is Denied or code in _ADVICE:
        text = f"{text}{'' if text.endswith('.') else '.'} {_ADVICE.get(code, _CREDENTIALS_ADVICE)}"
    return kind(text, code=code)


def _permission_first(message: str) -> str:
    """Put what is missing before who misses it, whose ARN is long: a short line is cut at its end.

    AWS's words: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    match = _NOT_AUTHORIZED.search(message)
    if not match:
        return message
    who, action, resource, why = match.groups()
    return f"{action} is not allowed on {resource}{why.rstrip('. ')} (asked as {who})"


def _kind(code: str, status: int) -> type[ServiceError]:
    # Codes of the query protocol may start with the service: "AWS.SimpleQueueService.NonExistentQueue".
    if kind := _BY_CODE.get(code) or _BY_CODE.get(code.rpartition(".")[2]):
        return kind
    if status >= 500 or 200 <= status < 300:
        return Unavailable
    return _BY_STATUS.get(status, Refused)


def _retry_after(metadata: Mapping[str, Any]) -> float:
    value = str((metadata.get("HTTPHeaders") or {}).get("retry-after", ""))
    return float(value) if value.isdecimal() else 0.0


def _clean(text: str) -> str:
    """One line of at most `_LONGEST` characters."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
