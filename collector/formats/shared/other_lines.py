"""How a proxy's own log lines begin, which share a file with its access log."""

import re

ENVOY_MESSAGE = r"\d{4}-\d\d-\d\dT[\d:.]+Z\t[a-z]+\t|\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+\]\[\d+\]\[[a-z]+\]\["
NGINX_OR_APACHE_MESSAGE = (
    r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[[a-z]+\] \d+#\d+: "
    r"|\[[A-Z][a-z]{2} [A-Z][a-z]{2} +\d+ [\d:.]+ \d{4}\] \[(?:\w*:)?[a-z]+\d?\] "
)

# What containers' entry points, nginx, Apache, ingress-nginx and Gunicorn print at their start.
_AT_START = (
    r"(?:/docker-entrypoint\.sh|\d\d-[\w-]+\.(?:sh|envsh)): |nginx: \[[a-z]+\] |AH\d{5}: "
    r"|-{79}\s*$|NGINX Ingress controller\s*$|  (?:Release|Build|Repository|nginx version): "
    r"|\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [-+]\d{4}\] \[\d+\] \[[A-Z]+\] "
)

# These, those of Go's loggers, KrakenD, Linkerd, Caddy and W3C's directives, as other_lines.sql tells them apart.
OTHER_LINE = (
    rf"^(?:{ENVOY_MESSAGE}|{NGINX_OR_APACHE_MESSAGE}"
    r"|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[-+]\d\d:\d\d) (?:TRC|DBG|INF|WRN|ERR|FTL|PNC) |time=\"?\d{4}-[^ ]+ level=[A-Za-z]+ "
    r"|[IWEF](?:0[1-9]|1[0-2])[0-3]\d \d\d:\d\d:\d\d\.\d{6} +\d+ [\w.-]+:\d+\] "
    rf"|{_AT_START}"
    # Caddy's for consoles, but for its access log.
    r"|\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{3}\t[^\t]*[A-Z][^\t]*\t"
    r"(?:[a-gi-z][\w.-]*|http(?:\.(?:[a-km-z]|log\.error)[\w.-]*)?)\t"
    r"|\[(?:KRAKEND|GIN-debug)\] |\[ *\d+\.\d{6}s\] +[A-Z]+ ThreadId"
    r"|#(?:Software|Version|Date|Start-Date|Fields|Remark): )"
)

IS_OTHER_LINE = re.compile(OTHER_LINE, re.ASCII)
