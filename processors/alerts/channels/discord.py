"""Discord, by a webhook of a channel: https://docs.discord.com/developers/resources/webhook#execute-webhook."""

import re
from typing import Any

from pydantic import SecretStr, field_validator

from processors.alerts.channels.http_call import HttpCaller
from processors.alerts.channels.notification import Notification
from processors.alerts.channels.secrets import ChannelModel, checked_address, shown_address
from processors.alerts.channels.text import Paragraph, omitted_count, paragraphs, title

_COLOURS = {"firing": 0xC62828, "resolved": 0x2E7D6B}
# Discord's limits; of all embeds together it takes 6,000 characters.
_MOST_FIELDS, _LONGEST_FIELD, _LONGEST_DESCRIPTION, _LONGEST_MESSAGE = 12, 128, 400, 2_000
_MOST_EMBEDS = 3
# It reads Markdown everywhere, and names come from clients.
_MARKDOWN = re.compile(r"([\\`*_\[\]()#~>|])")


class DiscordConfig(ChannelModel):
    """The webhook of a channel."""

    url: SecretStr

    _is_address = field_validator("url")(checked_address)

    @property
    def shown(self) -> str:
        """The address as it may be shown."""
        return shown_address(self.url)

    def open(self) -> "DiscordChannel":
        return DiscordChannel(self)


class DiscordChannel:
    """Posts to a channel of Discord."""

    def __init__(self, config: DiscordConfig) -> None:
        self._config = config
        self._caller = HttpCaller()

    def send(self, notification: Notification) -> None:
        """Deliver a notification; raises DeliveryError."""
        self._caller.post(self._config.url, discord_message(notification))

    def close(self) -> None:
        self._caller.close()


def discord_message(notification: Notification) -> dict[str, Any]:
    """The message with an embed for each of the first alerts; nobody is mentioned by a name that a client invents."""
    shown = paragraphs(notification)
    rest = len(shown) - _MOST_EMBEDS
    more = " ".join(filter(None, (f"and {rest} more" if rest > 0 else "", omitted_count(notification))))
    return {
        "content": _escaped(f"{title(notification)} {more}".strip())[:_LONGEST_MESSAGE],
        "embeds": [_embed(paragraph) for paragraph in shown[:_MOST_EMBEDS]],
        "allowed_mentions": {"parse": []},
    }


def _embed(paragraph: Paragraph) -> dict[str, Any]:
    links = " · ".join(f"[{name}]({url})" for name, url in paragraph.links)
    description = "\n".join(
        filter(None, (_escaped(paragraph.summary)[:_LONGEST_DESCRIPTION], links[:_LONGEST_MESSAGE]))
    )
    return {
        "title": _escaped(f"{paragraph.status.upper()}: {paragraph.title}")[:256],
        "description": description,
        "color": _COLOURS[paragraph.status],
        "fields": [
            {"name": _escaped(name)[:_LONGEST_FIELD], "value": _escaped(value)[:_LONGEST_FIELD] or "–", "inline": True}
            for name, value in paragraph.facts[:_MOST_FIELDS]
        ],
    }


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)
