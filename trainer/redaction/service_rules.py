"""Tokens of services that announce themselves by a prefix. Each rule has its source."""

import re
from collections.abc import Sequence

from trainer.redaction.rule import Rule, bordered, mixed, named, prefixed, random_looking

_END = r"(?![A-Za-z0-9])"

SERVICE_RULES: Sequence[Rule] = (
    # https://docs.github.com/authentication/keeping-your-account-and-data-secure/about-authentication-to-github
    # "integrators should plan to support tokens up to 255 characters":
    # https://github.blog/changelog/2021-03-31-authentication-token-format-updates-are-generally-available/
    *(prefixed("GitHub token", f"gh{kind}_", "[A-Za-z0-9_]{36,255}", mixed) for kind in "pousr"),
    prefixed("GitHub token", "github_pat_", "[A-Za-z0-9_]{36,255}"),
    # https://docs.gitlab.com/security/tokens/#token-prefixes
    *(
        prefixed("GitLab token", f"{prefix}-", r"[A-Za-z0-9_-]{20,300}(?:\.[0-9a-z]{2,20}){0,2}")
        for prefix in ("glpat", "gldt", "glrt", "glrtr", "glptt", "glft", "glimt", "glagent", "gloas", "glsoat")
    ),
    prefixed("GitLab token", "glcbt-", "[0-9a-zA-Z_-]{20,300}"),
    prefixed("GitLab token", "GR1348941", "[A-Za-z0-9_-]{20}"),
    # https://huggingface.co/docs/hub/security-tokens
    prefixed("Hugging Face token", "hf_", f"[A-Za-z0-9]{{34,64}}{_END}"),
    prefixed("Hugging Face token", "api_org_", f"[A-Za-z0-9]{{34}}{_END}"),
    # Keys have 86 characters, https://github.com/wandb/wandb/issues/11614; older ones are 40 hexadecimal digits and are
    # recognised by what stands before them.
    prefixed("W&B key", "wandb_v1_", "[A-Za-z0-9_-]{40,120}"),
    named("W&B key", "wandb login", r"(?: --?[\w-]+){0,3} (?P<secret>[0-9a-f]{40})", hint="wandb"),
    Rule("W&B key", re.compile("local-[0-9a-f]{40}"), re.compile(r"local-[0-9a-f]{40}(?![0-9a-f])")),
    # https://platform.openai.com/docs/api-reference/authentication and
    # https://docs.anthropic.com/en/api/overview#authentication; others took the prefix over.
    bordered("API key (sk-)", "sk-", "[A-Za-z0-9_-]{20,300}", random_looking),
    # https://console.groq.com/docs/quickstart, https://docs.x.ai/docs, https://replicate.com/docs/topics/security/api-tokens
    prefixed("Groq key", "gsk_", f"[A-Za-z0-9]{{40,64}}{_END}"),
    prefixed("xAI key", "xai-", "[A-Za-z0-9]{70,90}"),
    bordered("Replicate token", "r8_", f"[A-Za-z0-9]{{37,40}}{_END}"),
    # https://docs.pinecone.io/guides/projects/manage-api-keys, https://docs.perplexity.ai/guides/api-key-management
    prefixed("Pinecone key", "pcsk_", "[A-Za-z0-9_]{40,100}"),
    prefixed("Perplexity key", "pplx-", "[A-Za-z0-9]{40,64}"),
    # https://docs.slack.dev/authentication/tokens
    *(prefixed("Slack token", f"xox{kind}-", "[A-Za-z0-9.-]{10,300}") for kind in "abcdeoprs"),
    prefixed("Slack token", "xapp-", r"\d-[A-Za-z0-9-]{20,200}"),
    # https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
    named("Slack webhook", "hooks.slack.com", "/(?P<secret>[a-z]{1,12}/[A-Za-z0-9_/-]{20,120})"),
    # User id, time and signature in base64: https://github.com/Rapptz/discord.py/blob/48c9b366/docs/token.rst
    Rule(
        "Discord token",
        re.compile(r"\.[\w-]{6}\.[\w-]{27}"),
        re.compile(r"(?<![\w.-])[MNO][\w-]{22,27}\.[\w-]{6}\.[\w-]{27,45}(?![\w-])", re.ASCII),
        random_looking,
    ),
    # https://docs.discord.com/developers/resources/webhook#execute-webhook
    named("Discord webhook", "webhooks", r"/\d{15,21}/(?P<secret>[A-Za-z0-9_-]{40,100})"),
    # https://core.telegram.org/bots/api#authorizing-your-bot
    Rule(
        "Telegram token",
        re.compile(r"(?:^|[ .])aa[\w-]{33}"),
        re.compile(r"(?<!\d)\d{8,10}:AA[\w-]{33}", re.ASCII),
    ),
    # https://github.blog/changelog/2021-09-23-npm-has-a-new-access-token-format/
    prefixed("npm token", "npm_", f"[A-Za-z0-9]{{36}}{_END}"),
    named("npm token", ":_auth", r"(?:Token)?=(?P<secret>[^\s\"']{16,400})", hint="_auth"),
    # https://pypi.org/help/#apitoken: a macaroon in base64 behind the prefix
    prefixed("PyPI token", "pypi-", "A[A-Za-z0-9_-]{50,1000}"),
    # https://docs.rubygems.org and https://crates.io/docs name no length; these are what they issue
    prefixed("RubyGems key", "rubygems_", "[0-9a-f]{48}"),
    # https://docs.stripe.com/keys
    *(
        prefixed("Stripe key", f"{kind}_{mode}_", "[A-Za-z0-9]{16,200}")
        for kind in ("sk", "rk")
        for mode in ("live", "test", "prod")
    ),
    bordered("Stripe webhook secret", "whsec_", "[A-Za-z0-9+/=]{24,100}"),
    # https://docs.docker.com/security/access-tokens/
    prefixed("Docker Hub token", "dckr_pat_", "[A-Za-z0-9_-]{20,64}"),
    prefixed("Docker Hub token", "dckr_oat_", "[A-Za-z0-9_-]{20,64}"),
    # https://github.com/Kaggle/kaggle-api/blob/main/docs/README.md#api-credentials
    bordered("Kaggle token", "KGAT_", "[0-9a-zA-Z]{32,64}"),
    named(
        "Kaggle key",
        "username",
        r"\\{0,2}[\"']\s{0,3}:\s{0,3}\\{0,2}[\"'][^\"'\n]{1,64}[\"'],\s{0,3}\\{0,2}[\"']key\\{0,2}[\"']\s{0,3}:"
        r"\s{0,3}\\{0,2}[\"'](?P<secret>[0-9a-f]{32})",
    ),
    # A Neptune token is a JSON object in base64, which begins with `{"api_address":`.
    # https://docs.neptune.ai/setup/setting_api_token/
    prefixed("Neptune token", "eyJhcGlfYWRkcmVzcyI6", "[A-Za-z0-9+/_-]{20,2000}={0,2}"),
    # https://www.twilio.com/docs/glossary/what-is-a-sid; an API key's SID is SK and 32 hexadecimal digits
    Rule(
        "Twilio key",
        re.compile(r"(?:^| )sk[0-9a-f]{32}"),
        re.compile(r"SK(?<![A-Za-z0-9]SK)[0-9a-f]{32}(?![A-Za-z0-9])"),
    ),
    # https://www.twilio.com/docs/sendgrid/ui/account-and-settings/api-keys
    Rule("SendGrid key", "sg.", re.compile(r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}")),
    # https://documentation.mailgun.com/docs/mailgun/user-manual/api-key-mgmt/, https://mailchimp.com/developer/
    bordered("Mailgun key", "key-", f"[0-9a-f]{{32}}{_END}"),
    Rule("Mailchimp key", re.compile(r"[0-9a-f]{32}-us\d"), re.compile(r"(?<![0-9a-f])[0-9a-f]{32}-us\d{1,2}(?!\w)")),
    # https://shopify.dev/docs/apps/build/authentication-authorization
    *(prefixed("Shopify token", f"shp{kind}_", "[0-9a-fA-F]{32}") for kind in ("at", "ca", "pa", "ss")),
    # https://grafana.com/docs/grafana/latest/administration/service-accounts/
    prefixed("Grafana token", "glsa_", "[A-Za-z0-9]{32}_[0-9a-fA-F]{8}"),
    prefixed("Grafana token", "glc_", "[A-Za-z0-9+/]{32,400}={0,2}"),
    # https://docs.sentry.io/account/auth-tokens/, https://linear.app/developers, https://developers.notion.com/docs
    prefixed("Sentry token", "sntrys_", "[A-Za-z0-9+/=_-]{40,400}"),
    prefixed("Sentry token", "sntryu_", "[0-9a-f]{64}"),
    prefixed("Linear key", "lin_api_", "[A-Za-z0-9]{32,64}"),
    bordered("Notion token", "ntn_", "[A-Za-z0-9]{40,60}"),
    # https://www.pulumi.com/docs/administration/access-identity/access-tokens/, https://docs.doppler.com/reference
    bordered("Pulumi token", "pul-", "[0-9a-f]{40}"),
    Rule(
        "Doppler token",
        re.compile(r"dp\.[a-z]{2,5}\.\w"),
        re.compile(r"dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,44}"),
    ),
    # https://learning.postman.com/docs/developer/postman-api/authentication/
    prefixed("Postman key", "PMAK-", "[0-9a-f]{24}-[0-9a-f]{34}"),
    # https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/
    prefixed("Atlassian token", "ATATT3", "[A-Za-z0-9_=-]{100,400}"),
)
