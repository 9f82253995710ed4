"""The forms of credentials that issuers publish, as data. Knows nothing of how they are searched."""

from __future__ import annotations

import re
from dataclasses import dataclass

from prudent_responsible_ai.check import LONGEST_MATCH

_TOKEN = r"[A-Za-z0-9_\-]"  # noqa: S105 - a character class
_START = r"(?<![A-Za-z0-9_])"


@dataclass(frozen=True, slots=True)
class SecretFormat:
    """One form. Without any of `hints` in the lower-cased text the pattern is not tried.

    `continues` is set where the form has no greatest length; `mixed` asks for an upper-case letter and a
    digit in the value, which tells keys from names in code. `context` is how far the value may begin after
    the match.
    """

    label: str
    severity: int
    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    continues: re.Pattern[str] | None = None
    mixed: bool = False
    context: int = 0
    reason: str = "the published form of this credential"


def _open(
    label: str, hint: str, prefix: str, least: int, characters: str = _TOKEN, *, mixed: bool = False
) -> SecretFormat:
    """A prefix followed by at least so many characters of a class, as long as they go on."""
    return SecretFormat(
        label,
        7,
        (hint,),
        re.compile(rf"{_START}{prefix}{characters}{{{least},{LONGEST_MATCH - 100}}}"),
        continuing(characters),
        mixed,
    )


def continuing(characters: str) -> re.Pattern[str]:
    """Match what goes on with characters of a class, over characters without a shape."""
    return re.compile(rf"(?:\u200b*{characters})*")


_USERINFO = r"[A-Za-z0-9!$%^&*()_+=\[\]{}|;,.?~#\-]"
_BODY = r"[A-Za-z0-9+/=\s\\]"

FORMATS: tuple[SecretFormat, ...] = (
    _open("github_token", "gh", r"gh[pousr]_", 36, "[A-Za-z0-9]"),
    _open("github_token", "github_pat_", r"github_pat_", 22, "[A-Za-z0-9_]"),
    _open("anthropic_key", "sk-ant-", r"sk-ant-", 20),
    _open("openai_key", "sk-", r"sk-(?!ant-)", 20, mixed=True),
    _open("slack_token", "xox", r"xox[abposre]-", 10, r"[A-Za-z0-9\-]"),
    _open("slack_token", "xapp-", r"xapp-[0-9]-", 20, r"[A-Za-z0-9\-]"),
    _open("slack_webhook", "hooks.slack.com", r"hooks\.slack\.com/services/T", 20, r"[A-Za-z0-9_/]"),
    _open("stripe_key", "k_", r"[srp]k_(?:live|test)_", 16, "[A-Za-z0-9]"),
    _open("stripe_key", "whsec_", r"whsec_", 24, "[A-Za-z0-9+/=]"),
    _open("google_oauth_token", "ya29.", r"ya29\.", 20),
    _open("google_oauth_secret", "gocspx-", r"GOCSPX-", 20),
    _open("npm_token", "npm_", r"npm_", 36, "[A-Za-z0-9]"),
    _open("hugging_face_token", "hf_", r"hf_(?=[a-z0-9]{0,40}[A-Z])", 30, "[A-Za-z0-9]"),
    _open("pypi_token", "pypi-ag", r"pypi-Ag[A-Za-z0-9]", 40),
    _open("gitlab_token", "gl", r"gl(?:agent|oas|cbt|imt|ptt)-", 20),
    _open("digitalocean_token", "do", r"do[opr]_v1_", 32, "[a-f0-9]"),
    _open("shopify_token", "shp", r"shp(?:at|ca|pa|ss)_", 32, "[a-fA-F0-9]"),
    _open("databricks_token", "dapi", r"dapi", 32, "[a-f0-9]"),
    _open("aliyun_key", "ltai", r"LTAI", 12, "[A-Za-z0-9]", mixed=True),
    _open("tencent_cloud_key", "akid", r"AKID", 13, "[A-Za-z0-9]", mixed=True),
    _open("deepseek_key", "sk-", r"sk-", 32, "[a-f0-9]"),
    _open("openrouter_key", "sk-or-", r"sk-or-v[0-9]-", 32, "[a-f0-9]"),
    _open("groq_key", "gsk_", r"gsk_", 40, "[A-Za-z0-9]", mixed=True),
    _open("xai_key", "xai-", r"xai-", 40, "[A-Za-z0-9]", mixed=True),
    _open("perplexity_key", "pplx-", r"pplx-", 32, "[A-Za-z0-9]"),
    _open("replicate_token", "r8_", r"r8_", 37, "[A-Za-z0-9]", mixed=True),
    _open("vault_token", "hv", r"hv[sbr]\.", 24, mixed=True),
    _open("grafana_token", "gl", r"gl(?:sa|c)_", 32, "[A-Za-z0-9_+/=]", mixed=True),
    _open("linear_key", "lin_api_", r"lin_api_", 32, "[A-Za-z0-9]"),
    _open("notion_token", "ntn_", r"ntn_", 40, "[A-Za-z0-9]"),
    _open("postman_key", "pmak-", r"PMAK-", 24, r"[a-f0-9\-]"),
    _open("atlassian_token", "atatt3", r"ATATT3", 60, r"[A-Za-z0-9_\-=]"),
    _open("discord_webhook", "/api/webhooks/", r"discord(?:app)?\.com/api/webhooks/[0-9]{15,22}/", 40),
    _open("age_secret_key", "age-secret-key-", r"AGE-SECRET-KEY-1", 40, "[0-9A-Z]"),
    SecretFormat(
        "aws_access_key",
        7,
        ("akia", "asia", "abia", "acca"),
        re.compile(_START + r"(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}(?![A-Za-z0-9])"),
    ),
    SecretFormat(
        "google_api_key", 7, ("aiza",), re.compile(_START + r"AIza[A-Za-z0-9_\-]{35}(?![A-Za-z0-9_])")
    ),
    SecretFormat(
        "json_web_token",
        6,
        ("eyj",),
        re.compile(_START + r"eyJ[A-Za-z0-9_\-]{8,400}\.eyJ[A-Za-z0-9_\-.]{8,80}"),
        continuing(r"[A-Za-z0-9_\-.]"),
    ),
    SecretFormat(
        "azure_storage_key",
        7,
        ("accountkey=", "sharedaccesskey="),
        re.compile(
            r"(?:AccountKey|SharedAccessKey)=(?P<value>[A-Za-z0-9+/=]{40,100})", re.IGNORECASE | re.ASCII
        ),
        continuing("[A-Za-z0-9+/=]"),
        context=20,
    ),
    SecretFormat(
        "azure_sas_signature",
        6,
        ("sig=",),
        re.compile(r"(?<=[?&])sig=(?P<value>[A-Za-z0-9%+/=]{40,100})"),
        continuing("[A-Za-z0-9%+/=]"),
        context=8,
    ),
    SecretFormat(
        "private_key",
        7,
        ("private key",),
        re.compile(
            r"BEGIN (?:[A-Z0-9]{2,10} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:\s|\\[nr]){0,6}"
            r"(?:[A-Za-z\-]{3,20}: [^\n]{1,90}(?:\s|\\[nr]){1,4}){0,3}"
            rf"(?P<value>[A-Za-z0-9+/=]{{24}}{_BODY}{{0,100}})"
        ),
        continuing(_BODY),
        context=256,
        reason="the body of a private key",
    ),
    SecretFormat(
        "url_password",
        6,
        ("://",),
        re.compile(
            rf"(?<![A-Za-z])[A-Za-z][A-Za-z0-9+.\-]{{1,20}}://{_USERINFO}{{0,64}}:(?P<value>{_USERINFO}{{3,128}})@(?=[A-Za-z0-9\[])"
        ),
        context=100,
        reason="a password in a URL",
    ),
    SecretFormat(
        "bearer_token",
        6,
        ("bearer ", "authorization"),
        re.compile(
            r"\b(?:bearer|authorization:\s{0,2}(?:basic|token))\s{1,2}(?P<value>[A-Za-z0-9._~+/=\-]{16,100})",
            re.IGNORECASE | re.ASCII,
        ),
        continuing(r"[A-Za-z0-9._~+/=\-]"),
        mixed=True,
        context=32,
        reason="the token of an Authorization header",
    ),
)
