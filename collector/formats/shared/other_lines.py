"""How a proxy's own log lines begin, which share a file with its access log."""

import re

ENVOY_MESSAGE = r"\d{4}-\d\d-\d\dT[\d:.]+Z\t[a-z]+\t|\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+\]\[\d+\]\[[a-z]+\]\["
NGINX_OR_APACHE_MESSAGE = (
    r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[[a-z]+\] \d+#\d+: "
    r"|\[[A-Z][a-z]{2} [A-Z][a-z]{2} +\d+ [\d:.]+ \d{4}\] \[(?:\w*:)?[a-z]+\d?\] "
)

# These, those of Go's loggers and the directives of W3C's format, as other_lines.sql distinguishes them.
OTHER_LINE = (
    rf"^(?:{ENVOY_MESSAGE}|{NGINX_OR_APACHE_MESSAGE}"
    r"|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[-+]\d\d:\d\d) (?:TRC|DBG|INF|WRN|ERR|FTL|PNC) |time=\"?\d{4}-[^ ]+ level=[A-Za-z]+ "
    r"|[IWEF](?:0[1-9]|1[0-2])[0-3]\d \d\d:\d\d:\d\d\.\d{6} +\d+ [\w.-]+:\d+\] "
    r"|#(?:Software|Version|Date|Start-Date|Fields|Remark): )"
)

IS_OTHER_LINE = re.compile(OTHER_LINE, re.ASCII)
