"""nginx's `log_format`, and what its variables mean.

$request_time and all $upstream_..._time are in seconds, with milliseconds. Lists of the upstreams that were tried are
separated by ", ", and by " : " where a redirect within nginx led to another group.
https://nginx.org/en/docs/http/ngx_http_log_module.html https://nginx.org/en/docs/http/ngx_http_core_module.html#variables
https://nginx.org/en/docs/http/ngx_http_upstream_module.html#variables
$proxy_upstream_name, $req_id and $the_real_ip are of ingress-nginx:
https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/log-format/
"""

import re
from collections.abc import Callable, Mapping

from collector.formats.custom.faults import DefinitionFault, Fault
from collector.formats.custom.reading import (
    CLF,
    CLF_WITH_ZONE,
    HOST,
    ISO,
    ISO_TIME,
    NUMBER,
    WORD,
    Reading,
    attribute,
    duration,
    not_kept,
    ranked,
    request_header,
    response_header,
)
from collector.formats.custom.template import Capture, Literal, Part, Template, adjacency_faults, scan, template

_VARIABLE = re.compile(r"\$(?:(?P<name>[A-Za-z0-9_]+)|\{(?P<braced>[A-Za-z0-9_]+)\})?")
# A whole directive, as it stands in nginx.conf.
_DIRECTIVE = re.compile(r"\s*log_format\s+\S+\s+(?:escape=\w+\s+)?(?P<strings>['\"].*?['\"])\s*;?\s*", re.DOTALL)
_STRING = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", re.DOTALL)

_LIST = r"[^ ,]+(?:(?:, | : )[^ ,]+)*"
_PATH = r"[^? \"]*"

_VARIABLES = {
    "remote_addr": Reading("client_address", pattern=WORD),
    "the_real_ip": Reading("client_address", pattern=WORD),
    "realip_remote_addr": not_kept(WORD),
    "remote_port": not_kept(NUMBER),
    "remote_user": Reading("consumer", rank=2),
    "time_local": Reading("time", CLF, pattern=CLF_WITH_ZONE, rank=2),
    "time_iso8601": Reading("time", ISO, pattern=ISO_TIME, rank=1),
    # The log is written when the request has ended.
    "msec": Reading("time", "unix", pattern=NUMBER, is_end=True),
    "request": Reading("request"),
    "request_method": Reading("method", pattern=r"[^ \"]+"),
    "request_uri": Reading("url", pattern=r"[^ \"]+"),
    "uri": Reading("url", pattern=_PATH, rank=1),
    "document_uri": Reading("url", pattern=_PATH, rank=1),
    # Queries are not kept.
    "is_args": not_kept(r"\??"),
    "args": not_kept(r"[^ \"]*"),
    "query_string": not_kept(r"[^ \"]*"),
    "server_protocol": Reading("protocol", pattern=r"[^ \"]*"),
    "scheme": attribute("url.scheme", r"[a-z]*"),
    "host": Reading("authority", pattern=r"[^/ \"]*"),
    "server_name": Reading("authority", pattern=r"[^/ \"]*", rank=2),
    "status": Reading("status", pattern=r"[0-9]{3}|-"),
    "body_bytes_sent": Reading("response_bytes", pattern=r"[0-9]+|-"),
    "bytes_sent": Reading("response_bytes", pattern=r"[0-9]+|-", rank=1),
    "request_length": Reading("request_bytes", pattern=r"[0-9]+|-"),
    "request_time": duration("s"),
    "upstream_response_time": Reading("upstream_duration", "s", pattern=_LIST, is_list=True),
    "upstream_addr": Reading("upstream_address", pattern=_LIST, is_list=True),
    "upstream_status": Reading("upstream_status", pattern=_LIST, is_list=True),
    "upstream_response_length": not_kept(_LIST),
    "proxy_upstream_name": Reading("upstream"),
    "proxy_alternative_upstream_name": attribute("nginx.proxy_alternative_upstream_name"),
    "upstream_name": Reading("upstream"),
    # APISIX' address of what was asked for.
    "upstream_scheme": not_kept(r"[a-z]*"),
    "upstream_host": not_kept(r"[^/ \"]*"),
    "upstream_uri": not_kept(r"[^ \"]*"),
    # Nginx Proxy Manager's, of the host that it forwards to.
    "server": Reading("upstream_address", pattern=r"[^ \]]+"),
    "proxy_host": Reading("upstream", HOST, rank=1),
    "request_id": Reading("request_id", pattern=WORD),
    "req_id": Reading("request_id", pattern=WORD),
    "otel_trace_id": Reading("trace_id", pattern=WORD),
    "otel_span_id": Reading("span_id", pattern=WORD),
    "opentelemetry_trace_id": Reading("trace_id", pattern=WORD),
    "opentracing_context_uber_trace_id": not_kept(),
    "proxy_add_x_forwarded_for": Reading("forwarded_for", rank=1),
    "grpc_status": Reading("grpc_status"),
    "ssl_server_name": Reading("server_name"),
    "ssl_client_s_dn": Reading("consumer", rank=1),
    "jwt_claim_sub": Reading("consumer"),
    "hostname": Reading("instance"),
    "http_user_agent": Reading("user_agent"),
    "request_body": not_kept(),
    "http_referer": not_kept(),
}  # fmt: skip


def parse(text: str) -> Template:
    """The template of a log_format: its text, or the whole directive. Raises DefinitionFault."""
    text = text_of(text)
    faults: list[Fault] = []
    parts: list[Part] = []
    for found in scan(_VARIABLE, text):
        if isinstance(found, Literal):
            parts.append(found)
        elif name := found["name"] or found["braced"]:
            parts.append(Capture(reading(name), found.start()))
        else:
            faults.append(Fault(found.start(), "`$` must be followed by the name of a variable, as in $status"))
    line = template(parts, has_escapes=True)
    faults += adjacency_faults(line)
    if faults:
        raise DefinitionFault("nginx", text, faults)
    return line


def reading(name: str) -> Reading:
    """What a variable means; one that is not known is an attribute of its name."""
    if known := _VARIABLES.get(name):
        return known
    for prefix, of_rest in _PREFIXES.items():
        if name.startswith(prefix):
            return of_rest(name.removeprefix(prefix).replace("_", "-"))
    is_list = name.startswith("upstream_") and name.endswith("_time")
    return attribute(f"nginx.{name}", _LIST if is_list else "")


def _sent(name: str) -> Reading:
    return ranked(response_header(name), 1)


_PREFIXES: Mapping[str, Callable[[str], Reading]] = {
    "upstream_http_": _sent,
    "sent_http_": _sent,
    "http_": request_header,
    "cookie_": lambda _: not_kept(),
    "arg_": lambda _: not_kept(),
}


def text_of(text: str) -> str:
    """The text of a log_format; the whole directive may be given."""
    directive = _DIRECTIVE.fullmatch(text)
    if directive is None:
        return text
    found = [single or double for single, double in _STRING.findall(directive["strings"])]
    return "".join(re.sub(r"\\(.)", r"\1", part) for part in found)
