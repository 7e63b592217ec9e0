"""Where a container or a host fetches the credentials of its role.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
"""

from urllib.parse import urlencode

URL = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
"""The environment variable. AWS's SDKs take plain HTTP from this machine itself."""


def container_address(endpoint: str, id_: str) -> str:
    """Return a container's own URL."""
    return f"{endpoint}/sandbox/credentials?{urlencode({'container': id_})}"


def address(endpoint: str, role_arn: str, session: str, caller: str = "") -> str:
    """Return the URL. `session` is the last part of the caller's ARN, `caller` its name in records of calls."""
    query = {"role": role_arn, "session": session} | ({"caller": caller} if caller else {})
    return f"{endpoint}/sandbox/credentials?{urlencode(query)}"
