"""The formats of a process: those of the configuration, the presets and the built-in ones."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from collector.formats.custom.definition import FormatDefinition
from collector.formats.custom.descriptor import declared
from collector.formats.descriptor import Format
from collector.formats.formats import FORMATS
from collector.formats.registry import Formats
from storage.yaml_text import read_yaml_file

_FOLDER = Path(__file__).parents[1] / "presets"

# A line or a record is of the first that recognises it: what has more is narrower.
PRESETS = (
    "envoy_gateway",
    "contour",
    "ambassador",
    "kuma",
    "kuma_old",
    "ingress_nginx",
    "ingress_nginx_old",
    "kong",
    "kong_log",
    "apisix",
    "apisix_json",
    "traefik",
    "traefik_json",
    "caddy",
    "caddy_console",
    "nginx_proxy_manager",
    "npmplus",
    "nginx_tabs",
    "nginx_stream",
    "haproxy_json",
    "nginx_json_ingress",
    "nginx_json_logstash",
    "nginx_json",
    "haproxy_clf",
    "apache_ssl_request",
    "tomcat",
    "tomcat9",
    "reactor_netty",
    "aws_alb",
    "aws_elb",
    "aws_nlb",
    "aws_s3",
    "aws_api_gateway",
    "azure_api_management",
    "azure_application_gateway",
    "azure_front_door",
    "cloudfront",
    "cloudfront_fields",
    "cloudflare",
    "iis",
    "iis_fields",
    "w3c",
    "anypoint_analytics",
    "gravitee",
    "tyk",
    "tyk_access",
    "wso2_analytics",
    "ecs",
    "google_cloud",
    "linkerd",
    "linkerd_text",
    "gin",
    "squid",
    "pomerium",
    "envoy_names",
)

# Of any program: what a built-in format recognises is that format's.
OF_ANY_PROGRAM = ("access_json", "access_logfmt")


@cache
def presets() -> dict[str, FormatDefinition]:
    """The definitions that come with Gatelens, by name."""
    return {
        name: FormatDefinition.model_validate(read_yaml_file(_FOLDER / f"{name}.yaml", is_long=True))
        for name in (*PRESETS, *OF_ANY_PROGRAM)
    }


def known_formats(
    definitions: Sequence[FormatDefinition] = (), elsewhere: Callable[[str], Format | None] = lambda _: None
) -> Formats:
    """Formats of users come first, and one with the name of a preset takes its place.

    Raises ValueError where a name is taken.
    """
    own = {definition.name for definition in definitions}
    if taken := sorted(own & FORMATS.by_name.keys()):
        raise ValueError(f"{', '.join(taken)}: built-in formats have these names; choose others.")
    if len(own) < len(definitions):
        raise ValueError("Two definitions have one name; each needs its own.")
    shipped = [_preset(name) for name in PRESETS if name not in own]
    last = [_preset(name) for name in OF_ANY_PROGRAM if name not in own]
    return Formats((*map(declared, definitions), *shipped, *FORMATS, *last), elsewhere)


@cache
def _preset(name: str) -> Format:
    return declared(presets()[name])
