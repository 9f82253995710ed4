"""The patterns of the detect-secrets library, as formats of ours. The only module that imports it.

Only compiled patterns are taken from its plugins: its scanning code reads global settings, writes files and
can call the network. Plugins whose patterns have no greatest length or cross white space are not used here;
secret_formats has those forms.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any, cast

from prudent_responsible_ai.checks.secret_formats import SecretFormat

_HINTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "DiscordBotTokenDetector": ("discord_token", (".",)),
    "GitLabTokenDetector": ("gitlab_token", ("glpat-", "gldt-", "glft-", "glsoat-", "glrt-", "gr1348941")),
    "MailchimpDetector": ("mailchimp_key", ("-us",)),
    "SendGridDetector": ("sendgrid_key", ("sg.",)),
    "SquareOAuthDetector": ("square_secret", ("sq0csp-",)),
    "StripeDetector": ("stripe_key", ("k_live_",)),
    "TelegramBotTokenDetector": ("telegram_token", (":aa",)),
    "TwilioKeyDetector": ("twilio_key", ("ac", "sk")),
}
_LONG = ("glagent", "gloas", "glcbt", "glimt", "glptt")


@cache
def detect_secrets_formats() -> tuple[SecretFormat, ...]:
    """Return the formats; the first call imports the library (about a quarter of a second)."""
    from detect_secrets.plugins import (
        discord,
        gitlab_token,
        mailchimp,
        sendgrid,
        square_oauth,
        stripe,
        telegram_token,
        twilio,
    )

    plugins: Iterable[Any] = (
        discord.DiscordBotTokenDetector,
        gitlab_token.GitLabTokenDetector,
        mailchimp.MailchimpDetector,
        sendgrid.SendGridDetector,
        square_oauth.SquareOAuthDetector,
        stripe.StripeDetector,
        telegram_token.TelegramBotTokenDetector,
        twilio.TwilioKeyDetector,
    )
    return tuple(_format(plugin.__name__, pattern) for plugin in plugins for pattern in _patterns(plugin))


def _patterns(plugin: Any) -> list[re.Pattern[str]]:
    patterns = cast("Iterable[re.Pattern[str]]", plugin.denylist)
    return [pattern for pattern in patterns if not pattern.pattern.startswith(_LONG)]


def _format(plugin: str, pattern: re.Pattern[str]) -> SecretFormat:
    label, hints = _HINTS[plugin]
    # The library's patterns are made for lines of code; in prose and logs they need the edges of a word.
    edged = re.compile(rf"(?<![A-Za-z0-9_])(?:{pattern.pattern})(?![A-Za-z0-9_])", pattern.flags)
    mixed = label in ("discord_token", "telegram_token")
    return SecretFormat(label, 6, hints, edged, mixed=mixed)
