"""Microsoft Teams, by a workflow's webhook that takes an adaptive card.

https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook
"""

import re
from typing import Any

from pydantic import SecretStr, field_validator

from processors.alerts.channels.http_call import HttpCaller
from processors.alerts.channels.notification import Notification
from processors.alerts.channels.secrets import ChannelModel, checked_address, shown_address
from processors.alerts.channels.text import Paragraph, omitted_count, paragraphs, title

_STYLES = {"firing": "attention", "resolved": "good"}
# Text blocks read Markdown, and names come from clients.
_MARKDOWN = re.compile(r"([\\`*_\[\]()#~>|])")


class TeamsConfig(ChannelModel):
    """The address of a workflow that begins when a webhook request is received."""

    url: SecretStr

    _is_address = field_validator("url")(checked_address)

    @property
    def shown(self) -> str:
        """The address as it may be shown."""
        return shown_address(self.url)

    def open(self) -> "TeamsChannel":
        return TeamsChannel(self)


class TeamsChannel:
    """Posts a card to a channel or chat of Teams."""

    def __init__(self, config: TeamsConfig) -> None:
        self._config = config
        self._caller = HttpCaller()

    def send(self, notification: Notification) -> None:
        """Deliver a notification; raises DeliveryError."""
        self._caller.post(self._config.url, teams_message(notification))

    def close(self) -> None:
        self._caller.close()


def teams_message(notification: Notification) -> dict[str, Any]:
    """The message with its card."""
    body: list[dict[str, Any]] = [
        {"type": "TextBlock", "size": "Large", "weight": "Bolder", "wrap": True, "text": _escaped(title(notification))}
    ]
    for paragraph in paragraphs(notification):
        body.append(_container(paragraph))
    if more := omitted_count(notification):
        body.append({"type": "TextBlock", "text": more, "isSubtle": True})
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": body,
    }
    return {
        "type": "message",
        "attachments": [
            {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
        ],
    }


def _container(paragraph: Paragraph) -> dict[str, Any]:
    items: list[dict[str, Any]] = [
        {"type": "TextBlock", "weight": "Bolder", "wrap": True, "text": _escaped(paragraph.title)},
        {"type": "TextBlock", "wrap": True, "text": _escaped(paragraph.summary)},
        {"type": "FactSet", "facts": [{"title": name, "value": _escaped(value)} for name, value in paragraph.facts]},
    ]
    if paragraph.links:
        actions = [{"type": "Action.OpenUrl", "title": name, "url": url} for name, url in paragraph.links]
        items.append({"type": "ActionSet", "actions": actions})
    return {"type": "Container", "style": _STYLES[paragraph.status], "items": items}


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)
