"""Slack, by an incoming webhook: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks."""

from typing import Any

from pydantic import SecretStr, field_validator

from processors.alerts.channels.http_call import HttpCaller
from processors.alerts.channels.notification import Notification
from processors.alerts.channels.secrets import ChannelModel, checked_address, shown_address
from processors.alerts.channels.text import Paragraph, omitted_count, paragraphs, title

_COLOURS = {"firing": "#C62828", "resolved": "#2E7D6B"}
# Of a section's text, and of its fields, by Slack's limits.
_LONGEST_TEXT = 3_000
_MOST_FIELDS = 10
_LONGEST_FIELD = 2_000


class SlackConfig(ChannelModel):
    """An incoming webhook; `channel` overrides its own where the workspace lets it."""

    url: SecretStr
    channel: str = ""

    _is_address = field_validator("url")(checked_address)

    @property
    def shown(self) -> str:
        """The address as it may be shown."""
        return shown_address(self.url)

    def open(self) -> "SlackChannel":
        return SlackChannel(self)


class SlackChannel:
    """Posts to a channel of Slack."""

    def __init__(self, config: SlackConfig) -> None:
        self._config = config
        self._caller = HttpCaller()

    def send(self, notification: Notification) -> None:
        """Deliver a notification; raises DeliveryError."""
        body = slack_message(notification)
        self._caller.post(self._config.url, body | ({"channel": self._config.channel} if self._config.channel else {}))

    def close(self) -> None:
        self._caller.close()


def slack_message(notification: Notification) -> dict[str, Any]:
    """The message: a line, and an attachment for each alert."""
    attachments = [
        {"color": _COLOURS[paragraph.status], "blocks": _blocks(paragraph)} for paragraph in paragraphs(notification)
    ]
    more = omitted_count(notification)
    return {"text": _escaped(f"{title(notification)}{f' {more}' if more else ''}"), "attachments": attachments}


def _blocks(paragraph: Paragraph) -> list[dict[str, Any]]:
    head = f"*{_escaped(paragraph.title)}* {_escaped(paragraph.severity)}\n{_escaped(paragraph.summary)}"
    fields = [
        _markdown(f"*{_escaped(name)}*\n{_escaped(value)}"[:_LONGEST_FIELD])
        for name, value in paragraph.facts[:_MOST_FIELDS]
    ]
    blocks: list[dict[str, Any]] = [
        {"type": "section", "text": _markdown(head[:_LONGEST_TEXT]), **({"fields": fields} if fields else {})}
    ]
    if paragraph.links:
        links = " · ".join(f"<{url}|{name}>" for name, url in paragraph.links)
        blocks.append({"type": "context", "elements": [_markdown(links)]})
    return blocks


def _markdown(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
