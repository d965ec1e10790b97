"""How proxies write times in text, as patterns; and which of them are believed."""

# 10/Oct/2000:13:55:36, as nginx, Apache and HAProxy write it, and its beginning, which is cheap to look for.
CLF_TIME = r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d"
CLF_TIME_MARKER = r"\[\d\d/[A-Z][a-z]{2}/\d{4}:"

# How the ids of segments begin whose events keep their own time, and how old that may be: before that there was no web,
# and a clock that was never set says so.
KEPT_TIME = "keep_time-"
KEPT_DAYS = 36 * 365
