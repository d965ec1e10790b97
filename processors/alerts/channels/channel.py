"""What a channel is, and the list of them. A new one is a file next to this one, and a line in the list."""

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar, Protocol

from processors.alerts.channels.alertmanager import AlertmanagerConfig
from processors.alerts.channels.apprise_channel import AppriseConfig
from processors.alerts.channels.discord import DiscordConfig
from processors.alerts.channels.email import EmailConfig
from processors.alerts.channels.notification import Notification
from processors.alerts.channels.opsgenie import OpsgenieConfig
from processors.alerts.channels.pagerduty import PagerDutyConfig
from processors.alerts.channels.secrets import ChannelModel
from processors.alerts.channels.slack import SlackConfig
from processors.alerts.channels.teams import TeamsConfig
from processors.alerts.channels.telegram import TelegramConfig
from processors.alerts.channels.webhook import WebhookConfig


class Channel(Protocol):
    """Brings notifications to people or programs; used by one thread at a time."""

    def send(self, notification: Notification) -> None:
        """Deliver a notification, once; raises DeliveryError, whose message names no secret."""

    def close(self) -> None: ...


class ChannelConfig(Protocol):
    """The settings of a channel, as users write them under a receiver."""

    resend_interval: ClassVar[timedelta | None]

    @property
    def shown(self) -> str:
        """Where it leads, without any secret."""

    def open(self) -> Channel:
        """The channel, ready to send."""


class Channels(ChannelModel):
    """The list: by the name that a receiver calls it by, the settings of each channel."""

    webhook: WebhookConfig | None = None
    email: EmailConfig | None = None
    slack: SlackConfig | None = None
    teams: TeamsConfig | None = None
    pagerduty: PagerDutyConfig | None = None
    opsgenie: OpsgenieConfig | None = None
    discord: DiscordConfig | None = None
    telegram: TelegramConfig | None = None
    apprise: AppriseConfig | None = None
    alertmanager: AlertmanagerConfig | None = None

    @property
    def channels(self) -> Mapping[str, ChannelConfig]:
        """The channels that are set, by name."""
        return {name: config for name in CHANNELS if (config := getattr(self, name)) is not None}


CHANNELS = tuple(Channels.model_fields)
