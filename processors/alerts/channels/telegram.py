"""Telegram, by a bot: https://core.telegram.org/bots/api#sendmessage."""

from html import escape
from typing import Any

from pydantic import Field, SecretStr, field_validator

from processors.alerts.channels.http_call import HttpCaller
from processors.alerts.channels.notification import Notification
from processors.alerts.channels.secrets import ChannelModel, checked_address, shown_address
from processors.alerts.channels.text import Paragraph, omitted_count, paragraphs, title

# Telegram's limit is 4,096; a paragraph is left out whole, or its marks would be cut.
_LONGEST_MESSAGE = 4_000


class TelegramConfig(ChannelModel):
    """A bot and the chat that it writes to, a number or @channel."""

    token: SecretStr = Field(min_length=1)
    chat_id: str = Field(min_length=1, coerce_numbers_to_str=True)
    url: SecretStr = SecretStr("https://api.telegram.org")

    _is_address = field_validator("url")(checked_address)

    @property
    def shown(self) -> str:
        """The address as it may be shown."""
        return shown_address(self.url)

    def open(self) -> "TelegramChannel":
        return TelegramChannel(self)


class TelegramChannel:
    """Writes to a chat."""

    def __init__(self, config: TelegramConfig) -> None:
        self._config = config
        self._caller = HttpCaller()

    def send(self, notification: Notification) -> None:
        """Deliver a notification; raises DeliveryError."""
        base, token = self._config.url.get_secret_value().rstrip("/"), self._config.token.get_secret_value()
        self._caller.post(
            SecretStr(f"{base}/bot{token}/sendMessage"), telegram_message(notification, self._config.chat_id)
        )

    def close(self) -> None:
        self._caller.close()


def telegram_message(notification: Notification, chat_id: str) -> dict[str, Any]:
    """The message in the HTML that Telegram takes."""
    text = f"<b>{escape(title(notification))}</b>"
    left = 0
    for paragraph in map(_html, paragraphs(notification)):
        if len(text) + len(paragraph) > _LONGEST_MESSAGE:
            left += 1
        else:
            text += f"\n\n{paragraph}"
    more = " ".join(filter(None, (f"and {left} more" if left else "", omitted_count(notification))))
    return {
        "chat_id": chat_id,
        "text": f"{text}\n\n{more}".strip(),
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }


def _html(paragraph: Paragraph) -> str:
    facts = "\n".join(f"{escape(name)}: <code>{escape(value)}</code>" for name, value in paragraph.facts)
    links = " · ".join(f'<a href="{escape(url)}">{escape(name)}</a>' for name, url in paragraph.links)
    head = f"<b>{paragraph.status.upper()}</b> {escape(paragraph.title)} {escape(paragraph.severity)}".strip()
    return "\n".join(filter(None, (head, escape(paragraph.summary), facts, links)))
