"""The chart of a mail: a picture in the message itself, and in words for who does not see it."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from io import BytesIO

from PIL import Image

from processors.alerts.channels.chart_image import HEIGHT, WIDTH, png
from processors.alerts.channels.course import Course
from processors.alerts.channels.email import EmailConfig, mail
from processors.alerts.channels.notification import Notification
from processors.query.measures import Unit
from tests.processors.alerts import rig

_NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
_RULE = rig.rule(name="fails", measure="error_rate", window="5m", threshold=0.05)
# Of the line, as the pages have it.
_BLUE = (37, 99, 201)


def _course(*values: float) -> Course:
    times = tuple(_NOON - timedelta(minutes=len(values) - number) for number in range(len(values)))
    return Course("Error rate", Unit.SHARE, times, values, (("warning", 0.05),))


def test_a_mail_shows_how_it_came_to_this() -> None:
    course = _course(*(math.nan if 20 <= number < 25 else 0.002 * number for number in range(60)))
    found = {"cause": "93 % are those of the backend.", "affected": "ada"}
    alert = replace(rig.firing(_RULE, alertname="fails"), annotations=found)
    config = EmailConfig.model_validate({"to": "a@example.com", "from": "g@example.com", "host": "localhost"})
    sent = mail(config, Notification("r", "email", "{}:{}", {}, (alert,), courses={alert.fingerprint: course}))
    read = message_from_bytes(sent.as_bytes(), policy=policy.default)
    plain, page = read.get_body(("plain",)), read.get_body(("html",))
    assert plain is not None
    assert page is not None
    words = "Error rate from 11:00 to 11:59 UTC: 0 % to 11.8 %, last 11.8 %; warning at 5 %"
    for said in (words, "Cause: 93 % are those of the backend.", "Affected: ada"):
        assert said in plain.get_content()
    [picture] = [part for part in read.walk() if part.get_content_type() == "image/png"]
    assert picture["Content-Disposition"].startswith("inline")
    assert f'src="cid:{picture["Content-ID"][1:-1]}" alt="{words}"' in page.get_content()
    # Nothing is fetched from anywhere.
    assert "<img" not in page.get_content().replace('<img src="cid:', "")
    shown = Image.open(BytesIO(picture.get_content()))
    assert (shown.format, shown.size) == ("PNG", (2 * WIDTH, 2 * HEIGHT))
    assert _BLUE in {colour for _, colour in shown.getcolors(1 << 20) or []}


def test_courses_of_little_or_nothing_are_drawn() -> None:
    odd = [_course(1e-13, 5e-324), _course(1e308), _course(math.inf, -math.inf)]
    # A level that stands for never, and one that nothing is below.
    odd += [replace(odd[0], thresholds=(("warning", 1e-13), ("critical", 1.7e308)))]
    for course in (_course(math.nan, math.nan), _course(0.0), _course(0.0, math.nan, 1e-9), _course(1e12, 0.0), *odd):
        assert Image.open(BytesIO(png(course))).size == (2 * WIDTH, 2 * HEIGHT)
