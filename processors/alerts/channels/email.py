"""E-mail by SMTP: plain text and HTML in one message, over TLS wherever the server can."""

import smtplib
import ssl
from collections.abc import Mapping
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from html import escape
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr, model_validator

from processors.alerts.channels.chart_image import HEIGHT, WIDTH, png
from processors.alerts.channels.notification import DeliveryError, Notification
from processors.alerts.channels.secrets import ChannelModel
from processors.alerts.channels.text import Paragraph, omitted_count, paragraphs, plain_text, title

_TIMEOUT_SECONDS = 10.0
_PORTS = {"starttls": 587, "tls": 465, "none": 25}
# Of the status, as the pages colour it.
_COLOURS = {"firing": "#C62828", "resolved": "#2E7D6B"}
_PERMANENT = 500


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


class EmailConfig(ChannelModel):
    """A mail server and who is written to."""

    to: Annotated[tuple[str, ...], BeforeValidator(_one_or_more), Field(min_length=1)]
    sender: str = Field(alias="from")
    host: str = Field(min_length=1)
    port: int = Field(default=0, ge=0, le=65_535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: SecretStr | None = None
    # Certificates that are trusted instead of the system's.
    ca_file: str = ""

    @model_validator(mode="after")
    def _is_usable(self) -> "EmailConfig":
        for address in (*self.to, self.sender):
            if not _is_address(address):
                raise ValueError(f"{address!r} is no address; write one such as on-call@example.com")
        if not self.host.isprintable():
            raise ValueError("host: has a line break or another control character; leave it out")
        if self.username and self.security == "none":
            raise ValueError("would send the password in the clear; write security: starttls or tls")
        if bool(self.username) is not (self.password is not None):
            raise ValueError("needs username and password together; add the other, or leave both out")
        return self

    @property
    def shown(self) -> str:
        """The server and how many are written to."""
        return f"smtp://{self.host}:{self.port or _PORTS[self.security]}"

    def open(self) -> "EmailChannel":
        return EmailChannel(self)


class EmailChannel:
    """Writes a message for each notification."""

    def __init__(self, config: EmailConfig) -> None:
        self._config = config

    def send(self, notification: Notification) -> None:
        """Hand the message to the server; raises DeliveryError."""
        config, message = self._config, mail(self._config, notification)
        try:
            with self._connect() as server:
                if config.username and config.password is not None:
                    server.login(config.username, config.password.get_secret_value())
                server.send_message(message)
        except smtplib.SMTPAuthenticationError:
            raise DeliveryError(f"{config.shown} refused username and password. Correct them.", False) from None
        except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as error:
            code = getattr(error, "smtp_code", _PERMANENT)
            cause = f"{config.shown} refused the message with {code}. Check sender and recipients."
            raise DeliveryError(cause, code < _PERMANENT) from None
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            cause = str(error) or type(error).__name__
            raise DeliveryError(
                f"{config.shown} could not be used: {cause}. Check host, port and security.", True
            ) from None

    def close(self) -> None:
        """Each message has a connection of its own."""

    def _connect(self) -> smtplib.SMTP:
        config = self._config
        port = config.port or _PORTS[config.security]
        context = ssl.create_default_context(cafile=config.ca_file or None)
        if config.security == "tls":
            return smtplib.SMTP_SSL(config.host, port, timeout=_TIMEOUT_SECONDS, context=context)
        server = smtplib.SMTP(config.host, port, timeout=_TIMEOUT_SECONDS)
        if config.security == "starttls":
            try:
                server.starttls(context=context)
            except BaseException:
                server.close()
                raise
        return server


def mail(config: EmailConfig, notification: Notification) -> EmailMessage:
    """The message; those of one group are a thread."""
    message = EmailMessage()
    message["Subject"] = _one_line(title(notification))
    message["From"] = _address(config.sender)
    message["To"] = [_address(one) for one in config.to]
    message["Date"] = formatdate(localtime=False)
    domain = parseaddr(config.sender)[1].rpartition("@")[2]
    message["Message-ID"] = make_msgid(domain=domain)
    thread = f"<{notification.key_hash[:32]}@{domain}>"
    message["References"] = thread
    message["In-Reply-To"] = thread
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(plain_text(notification))
    pictures = {key: make_msgid(domain=domain) for key in notification.courses}
    message.add_alternative(_html(notification, pictures), subtype="html")
    *_, html = message.iter_parts()
    for key, course in notification.courses.items():
        name = f"chart-{key}.png"
        html.add_related(png(course), "image", "png", cid=pictures[key], filename=name, disposition="inline")
    return message


def _html(notification: Notification, pictures: Mapping[str, str]) -> str:
    blocks = "".join(_block(one, _picture(one, notification, pictures)) for one in paragraphs(notification))
    colour = _COLOURS[notification.status]
    return (
        '<div style="font:14px/1.5 Inter,Helvetica,Arial,sans-serif;max-width:640px">'
        f'<h2 style="font-size:20px;color:{colour}">{escape(title(notification))}</h2>'
        f"{blocks}<p>{escape(omitted_count(notification))}</p></div>"
    )


def _picture(paragraph: Paragraph, notification: Notification, pictures: Mapping[str, str]) -> str:
    course = notification.courses.get(paragraph.fingerprint)
    if course is None:
        return ""
    source = pictures[paragraph.fingerprint][1:-1]
    return (
        f'<img src="cid:{escape(source)}" alt="{escape(course.in_words)}" width="{WIDTH}" height="{HEIGHT}"'
        ' style="max-width:100%;height:auto">'
    )


def _block(paragraph: Paragraph, picture: str) -> str:
    rows = "".join(
        f'<tr><td style="color:#5A6472;padding-right:16px;vertical-align:top">{escape(name)}</td>'
        f"<td>{escape(value)}</td></tr>"
        for name, value in paragraph.facts
    )
    links = " · ".join(f'<a href="{escape(url)}">{escape(name)}</a>' for name, url in paragraph.links)
    summary = escape(paragraph.summary).replace("\n", "<br>")
    return (
        f'<div style="border-left:4px solid {_COLOURS[paragraph.status]};padding:4px 12px;margin:12px 0">'
        f"<strong>{escape(paragraph.status.upper())} {escape(paragraph.title)} {escape(paragraph.severity)}</strong>"
        f"<p>{summary}</p>{picture}<table>{rows}</table><p>{links}</p></div>"
    )


def _is_address(text: str) -> bool:
    """Whether it can stand in a header; what else would fail when somebody is to be told."""
    try:
        return "@" in parseaddr(text)[1] and text.isprintable() and bool(_address(text).domain)
    except (ValueError, MessageError):
        return False


def _address(text: str) -> Address:
    name, address = parseaddr(text)
    return Address(display_name=name, addr_spec=address)


def _one_line(text: str) -> str:
    """A name that clients invent may hold a line's end, and would be a header of its own."""
    return " ".join(text.split())
