"""Keys of the clouds, signatures in links, private keys and signed tokens. Each rule has its source."""

import re
from collections.abc import Sequence

from trainer.redaction.rule import Rule, bordered, named, prefixed

AWS_KEY_ID, AWS_SECRET, AWS_SIGNATURE = "AWS key id", "AWS secret key", "AWS signature"
PRIVATE_KEY = "private key"
_NO_MORE = r"(?![A-Za-z0-9])"

CLOUD_RULES: Sequence[Rule] = (
    # "AKIA: Access key", "ASIA: Temporary (AWS STS) access key IDs"; the others name users and roles and open nothing.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
    *(
        Rule(
            AWS_SECRET,
            prefix.lower(),
            re.compile(
                prefix
                + r"[A-Z0-9]{16}(?![A-Z0-9])[^\w\n/+][^\n]{0,60}?(?<![\w/+])(?P<secret>[A-Za-z0-9/+]{40})(?![\w/+=])"
            ),
        )
        for prefix in ("AKIA", "ASIA")
    ),
    *(
        Rule(AWS_KEY_ID, prefix.lower(), re.compile(rf"{prefix}(?<![A-Z0-9]{prefix})[A-Z0-9]{{16}}(?![A-Z0-9])"))
        for prefix in ("AKIA", "ASIA")
    ),
    # https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    *(
        named(AWS_SIGNATURE, name, r"(?:=|%3D|\"?:\s?\"?)(?P<secret>[^\s&\"'<>\\{][^\s&\"'<>\\]{7,4000})")
        for name in (*("X-Amz-Signature", "x-amz-signature", "X-Amz-Security-Token", "x-amz-security-token"),)
    ),
    *(
        named(AWS_SIGNATURE, name, r"(?:=|%3D|\"?:\s?\"?)(?P<secret>[A-Z0-9]{11,128}[^\s&\"'<>\\]{0,200})")
        for name in ("X-Amz-Credential", "x-amz-credential")
    ),
    # https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html
    named(AWS_SIGNATURE, "Signature", r"=(?P<secret>[0-9a-fA-F]{64}|[A-Za-z0-9%+/]{27,40}(?:=|%3D))"),
    # https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html
    prefixed("Amazon Bedrock key", "ABSK", r"[A-Za-z0-9+/]{100,200}={0,2}"),
    # https://cloud.google.com/docs/authentication/api-keys
    prefixed("Google API key", "AIza", r"[A-Za-z0-9_-]{35}"),
    # https://developers.google.com/identity/protocols/oauth2#size
    prefixed("Google OAuth token", "ya29.", r"[A-Za-z0-9_-]{20,2048}"),
    prefixed("Google OAuth secret", "GOCSPX-", r"[A-Za-z0-9_-]{28}"),
    Rule(
        "Google OAuth token", re.compile(r"(?:^| )0[\w-]{40}"), re.compile(r"1//0(?<![\w/]1//0)[A-Za-z0-9_-]{40,512}")
    ),
    # https://cloud.google.com/storage/docs/authentication/signatures
    *(
        named("Google signature", name, "=(?P<secret>[0-9a-fA-F]{32,2000})")
        for name in ("X-Goog-Signature", "x-goog-signature")
    ),
    # https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string
    *(
        named("Azure key", name, "=(?P<secret>[A-Za-z0-9+/]{42,86}={0,2})")
        for name in ("AccountKey", "SharedAccessKey")
    ),
    # https://learn.microsoft.com/rest/api/storageservices/create-service-sas
    named("Azure signature", "sig=", "(?<=[?&;]sig=)(?P<secret>[A-Za-z0-9%+/=_-]{20,200})", hint="sig"),
    # https://learn.microsoft.com/purview/sit-defn-azure-ad-client-secret
    Rule("Azure client secret", "q~", re.compile(r"[\w~.-]{3}\dQ~[\w~.-]{31,34}")),
    # https://docs.databricks.com/aws/en/dev-tools/auth/pat
    prefixed("Databricks token", "dapi", rf"[0-9a-f]{{32}}{_NO_MORE}(?:-\d+)?"),
    prefixed("Databricks secret", "dose", rf"[0-9a-f]{{32}}{_NO_MORE}"),
    # https://docs.digitalocean.com/reference/api/create-personal-access-token/
    *(prefixed("DigitalOcean token", f"do{kind}_v1_", "[0-9a-f]{64}") for kind in "opr"),
    # https://developer.hashicorp.com/vault/docs/concepts/tokens#token-prefixes
    *(prefixed("Vault token", prefix, "[A-Za-z0-9_-]{24,300}") for prefix in ("hvs.", "hvb.", "hvr.")),
    # https://developer.hashicorp.com/terraform/cloud-docs/users-teams-organizations/api-tokens
    Rule("Terraform token", ".atlasv1.", re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,70}")),
    # https://github.com/FiloSottile/age
    prefixed("age key", "AGE-SECRET-KEY-1", "[0-9A-Z]{58}"),
    # A private key on one line, as in the JSON of a Google service account. RFC 7468,
    # https://www.rfc-editor.org/rfc/rfc7468; a key over several lines is `private_key_lines`' subject.
    named(
        PRIVATE_KEY,
        "PRIVATE KEY",
        r"(?: BLOCK)?-----(?P<secret>(?:[A-Za-z0-9+/=: \t,]|-(?!----)|\\{1,4}[nr]){16,20000})",
        hint="private",
    ),
    # RFC 7519, https://www.rfc-editor.org/rfc/rfc7519: the first two of three parts are JSON: `{"` is eyJ.
    bordered("JSON web token", "eyJ", r"[A-Za-z0-9_-]{7,4000}\.eyJ[A-Za-z0-9_-]{7,8000}\.[A-Za-z0-9_-]{10,2000}"),
    # The same, encrypted: five parts, https://www.rfc-editor.org/rfc/rfc7516
    bordered("JSON web token", "eyJ", r"[A-Za-z0-9_-]{7,4000}(?:\.[A-Za-z0-9_-]{0,4000}){4}"),
)
