"""What becomes of AWS's error codes, and of what AWS's library raises."""

import pytest
from botocore.exceptions import (
    ClientError,
    LoginRefreshRequired,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)

from bot.adapters.aws.error_codes import calling
from bot.errors import CredentialsExpired, Denied, Missing, Refused, ServiceError, Throttled, Unavailable


def client_error(code: str, status: int, message: str = "as it is") -> ClientError:
    metadata = {"HTTPStatusCode": status, "HTTPHeaders": {"retry-after": "7"}}
    return ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}, "Operation")


class TestCalling:
    @pytest.mark.parametrize(
        "why", [" because no identity-based policy allows the b:C action", " with an explicit deny in a policy", ""]
    )
    @pytest.mark.parametrize("resource", ["arn:d", '"arn:d"'])
    def test_a_missing_permission_comes_before_who_misses_it(self, why: str, resource: str) -> None:
        said = f"User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: b:C on resource: {resource}{why}"
        with pytest.raises(Denied) as caught, calling("Batch SubmitJob"):
            raise client_error("AccessDeniedException", 403, said)
        expected = f"Batch SubmitJob: b:C is not allowed on arn:d{why} (asked as arn:aws:sts::1:assumed-role/r/s)."
        assert str(caught.value) == f"{expected} Give the bot's role this permission."

    @pytest.mark.parametrize(
        ("code", "status", "kind"),
        [
            ("TooManyRequestsException", 429, Throttled),
            ("ThrottlingException", 400, Throttled),
            ("Throttling", 400, Throttled),
            ("SlowDown", 503, Throttled),
            ("RequestLimitExceeded", 503, Throttled),
            ("", 429, Throttled),
            ("ServerException", 500, Unavailable),
            ("InternalError", 500, Unavailable),
            ("NeverHeardOf", 503, Unavailable),
            ("RequestTimeout", 400, Unavailable),
            ("ResourceNotFoundException", 400, Missing),
            ("NoSuchKey", 404, Missing),
            ("NoSuchBucket", 404, Missing),
            ("404", 404, Missing),
            ("AWS.SimpleQueueService.NonExistentQueue", 400, Missing),
            ("com.amazonaws.sqs.QueueDoesNotExist", 400, Missing),
            ("AccessDeniedException", 400, Denied),
            ("AccessDenied", 403, Denied),
            ("ExpiredTokenException", 400, CredentialsExpired),
            ("ExpiredToken", 400, CredentialsExpired),
            ("RequestExpired", 400, Unavailable),
            ("UnrecognizedClientException", 400, Denied),
            ("InvalidClientTokenId", 403, Denied),
            ("SignatureDoesNotMatch", 403, Denied),
            ("NeverHeardOf", 403, Denied),
            ("ClientException", 400, Refused),
            ("NeverHeardOf", 400, Refused),
            ("PermanentRedirect", 301, Refused),
        ],
    )
    def test_exactly_this_exception_for_that_code(self, code: str, status: int, kind: type[ServiceError]) -> None:
        vendors = client_error(code, status)
        with pytest.raises(ServiceError) as caught, calling("Batch SubmitJob"):
            raise vendors
        assert type(caught.value) is kind
        assert caught.value.code == code
        assert caught.value.__cause__ is vendors
        assert str(caught.value).startswith("Batch SubmitJob: as it is")

    def test_tells_how_long_to_wait(self) -> None:
        with pytest.raises(Throttled) as caught, calling("x"):
            raise client_error("TooManyRequestsException", 429)
        assert caught.value.retry_after == 7.0

    @pytest.mark.parametrize(
        ("code", "mend"),
        [
            ("AccessDenied", "Give the bot's role this permission."),
            ("InvalidClientTokenId", "Give the bot valid AWS credentials"),
            ("RequestTimeTooSkewed", "Correct the machine's clock."),
        ],
    )
    def test_denied_gives_advice(self, code: str, mend: str) -> None:
        with pytest.raises(Denied, match=mend), calling("x"):
            raise client_error(code, 403)

    def test_expired_credentials_say_so_too(self) -> None:
        with pytest.raises(CredentialsExpired, match="Sign in again with `aws sso login`; or restart"), calling("x"):
            raise client_error("ExpiredTokenException", 400)

    @pytest.mark.parametrize(
        "error",
        [
            UnauthorizedSSOTokenError(),
            SSOTokenLoadError(error_msg="Token for work does not exist"),
            TokenRetrievalError(provider="sso", error_msg="Token has expired and refresh failed"),
            LoginRefreshRequired(),
        ],
    )
    def test_a_session_that_has_ended_waits_for_the_next_one(self, error: Exception) -> None:
        with pytest.raises(CredentialsExpired) as caught, calling("x"):
            raise error
        assert str(caught.value) == f"x was not sent: {error}"

    def test_a_long_page_is_one_short_line(self) -> None:
        with pytest.raises(Refused) as caught, calling("x"):
            raise client_error("ClientException", 400, "line\n" * 1000)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 450

    def test_our_own_mistakes_pass_through(self) -> None:
        with pytest.raises(ZeroDivisionError), calling("x"):
            raise ZeroDivisionError

    @pytest.mark.parametrize("mistake", [KeyError("jobs"), TypeError("no"), ValueError("no"), AttributeError("no")])
    def test_an_answer_that_cannot_be_read_is_unavailable(self, mistake: Exception) -> None:
        with pytest.raises(Unavailable, match=r"x: AWS's answer cannot be read \(.*Error"), calling("x"):
            raise mistake
