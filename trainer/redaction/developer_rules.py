"""Tokens of services around training: hosts of models and data, builds, databases, monitoring.

Where no page of the service itself is named, the shape is one of those that gitleaks (MIT) publishes or that GitHub's
secret scanning lists: https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml and
https://docs.github.com/en/code-security/reference/secret-security/supported-secret-scanning-patterns.
"""

import re
from collections.abc import Sequence

from trainer.redaction.rule import Rule, bordered, named, prefixed, random_looking

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

DEVELOPER_RULES: Sequence[Rule] = (
    # ---- models
    # A prefix that says more than `sk-`, so that it needs no border before it.
    *(
        prefixed("API key (sk-)", f"sk-{kind}-", "[A-Za-z0-9_-]{20,300}", random_looking)
        for kind in ("proj", "svcacct", "admin", "ant-api03", "ant-admin01", "ant-oat01", "or-v1")
    ),
    prefixed("Langfuse key", "sk-lf-", _UUID),
    # https://docs.langchain.com/langsmith/create-account-api-key
    *(prefixed("LangSmith key", f"lsv2_{kind}_", "[0-9a-f]{32}_[0-9a-f]{10}") for kind in ("pt", "sk")),
    # https://docs.nvidia.com/ngc/latest/ngc-user-guide.html
    prefixed("NVIDIA key", "nvapi-", "[A-Za-z0-9_-]{60,80}"),
    # https://elevenlabs.io/docs/api-reference/authentication
    bordered("ElevenLabs key", "sk_", "[0-9a-f]{48}"),
    # https://inference-docs.cerebras.ai, https://docs.tavily.com, https://docs.fireworks.ai, https://docs.voyageai.com
    prefixed("Cerebras key", "csk-", "[a-z0-9]{40,60}"),
    prefixed("Tavily key", "tvly-", "(?:dev-|prod-)?[A-Za-z0-9]{30,40}"),
    bordered("Fireworks key", "fw_", "[A-Za-z0-9]{20,30}", random_looking),
    bordered("Voyage key", "pa-", "[A-Za-z0-9_-]{40,50}", random_looking),
    # ---- machines
    # https://docs.runpod.io/get-started/api-keys, https://modal.com/docs/guide/trigger-deployed-functions
    prefixed("RunPod key", "rpa_", "[A-Z0-9]{40,50}"),
    *(bordered("Modal token", f"{kind}-", "[A-Za-z0-9]{22}(?![A-Za-z0-9])", random_looking) for kind in ("ak", "as")),
    # https://www.alibabacloud.com/help/en/ram/user-guide/create-an-accesskey-pair
    bordered("Alibaba key id", "LTAI", "[A-Za-z0-9]{20}"),
    # https://yandex.cloud/en/docs/iam/concepts/authorization/api-key
    bordered("Yandex key", "AQVN", "[A-Za-z0-9_-]{35,38}"),
    # https://fly.io/docs/security/tokens/: macaroons in base64
    *(named("Fly token", prefix, "[A-Za-z0-9+/=_-]{40,2000}") for prefix in ("fo1_", "fm1a_", "fm1r_", "fm2_")),
    prefixed("Heroku key", "HRKU-AA", "[A-Za-z0-9_-]{58}"),
    # https://tailscale.com/kb/1085/auth-keys
    prefixed("Tailscale key", "tskey-", "(?:auth|api|client|webhook|scim)-[A-Za-z0-9]{8,20}-[A-Za-z0-9]{20,40}"),
    prefixed("Cloudflare key", "v1.0-", "[0-9a-f]{24}-[0-9a-f]{140,150}"),
    # https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-generate.html: base64 of a signed address
    prefixed("Amazon Bedrock key", "bedrock-api-key-", "[A-Za-z0-9+/=_-]{40,4000}"),
    # `aws ecr get-login-password`: {"payload": in base64, https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html
    *(
        prefixed("Amazon ECR password", head, "[A-Za-z0-9+/]{200,6000}={0,2}")
        for head in ("eyJwYXlsb2Fk", "eyAicGF5bG9hZC")
    ),
    # ---- data and databases
    prefixed("Supabase token", "sbp_", "[0-9a-f]{40}"),
    *(prefixed("PlanetScale token", f"pscale_{kind}_", r"[A-Za-z0-9_.=-]{32,64}") for kind in ("tkn", "pw", "oauth")),
    # https://airtable.com/developers/web/guides/personal-access-tokens
    bordered("Airtable token", "pat", r"[A-Za-z0-9]{14}\.[0-9a-f]{64}"),
    bordered("Dropbox token", "sl.", "[A-Za-z0-9_-]{120,2000}", random_looking),
    # ---- builds and code
    # https://jfrog.com/help/r/jfrog-platform-administration-documentation/access-tokens
    bordered("Artifactory key", "AKCp", "[A-Za-z0-9]{60,80}"),
    bordered("Artifactory token", "cmVmdGtu", "[A-Za-z0-9]{50,80}"),
    *(bordered("Sonar token", f"sq{kind}_", "[0-9a-f]{40}") for kind in "uap"),
    *(prefixed("CircleCI token", f"CCI{kind}_", "[A-Za-z0-9]{20,30}_[0-9a-f]{40}") for kind in ("PAT", "PRJ")),
    bordered("Buildkite token", "bkua_", "[0-9a-f]{40}"),
    bordered("Bitbucket token", "ATBB", "[A-Za-z0-9]{28,32}", random_looking),
    *(bordered("Prefect key", f"pn{kind}_", "[A-Za-z0-9]{36}") for kind in "ub"),
    prefixed("Netlify token", "nfp_", "[A-Za-z0-9]{36,60}"),
    prefixed("Figma token", "figd_", "[A-Za-z0-9_-]{38,60}"),
    # ---- others
    prefixed("1Password token", "ops_eyJ", "[A-Za-z0-9+/=_-]{200,4000}"),
    prefixed("New Relic key", "NRAK-", "[A-Z0-9]{27}"),
    bordered("Square token", "EAAA", "[A-Za-z0-9_-]{60}"),
    # https://docs.mapbox.com/help/glossary/access-token/
    prefixed("Mapbox token", "sk.eyJ", r"[A-Za-z0-9_-]{40,200}\.[A-Za-z0-9_-]{20,24}"),
    bordered("Discord token", "mfa.", "[A-Za-z0-9_-]{80,90}"),
    # crypt(5), https://manpages.debian.org/bookworm/libcrypt-dev/crypt.5.en.html
    Rule(
        "password hash",
        re.compile(r"(?:^| )(?:2[aby]|[1567y]|apr1|argon2(?:id|i|d))(?: |$)"),
        re.compile(r"\$(?:2[aby]|[1567y]|apr1|argon2(?:id|i|d))\$[A-Za-z0-9./$=,+]{20,200}"),
        anywhere=True,
    ),
)
