"""How a proxy's own log lines begin, which share a file with its access log."""

import re

# Istio's, Envoy's, nginx' and Apache's, as other_lines.sql distinguishes them.
OTHER_LINE = (
    r"^(?:\d{4}-\d\d-\d\dT[\d:.]+Z\t[a-z]+\t|\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+\]\[\d+\]\[[a-z]+\]\["
    r"|\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[[a-z]+\] \d+#\d+: "
    r"|\[[A-Z][a-z]{2} [A-Z][a-z]{2} +\d+ [\d:.]+ \d{4}\] \[(?:\w*:)?[a-z]+\d?\] )"
)

IS_OTHER_LINE = re.compile(OTHER_LINE, re.ASCII)
