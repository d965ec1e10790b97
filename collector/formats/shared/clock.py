"""How proxies write times in text, as patterns."""

# 10/Oct/2000:13:55:36, as nginx, Apache and HAProxy write it, and its beginning, which is cheap to look for.
CLF_TIME = r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d"
CLF_TIME_MARKER = r"\[\d\d/[A-Z][a-z]{2}/\d{4}:"
