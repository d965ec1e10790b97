"""Adding a panel to a dashboard's text, which keeps its comments and its form."""

import yaml

from processors.custom_dashboards.definition import PanelDefinition, parse_dashboard


def panel_yaml(panel: PanelDefinition) -> str:
    """A panel as an item of `panels:`, without what is as it would be anyway."""
    plain = panel.model_dump(mode="json", exclude_defaults=True, exclude={"step"})
    return yaml.safe_dump([plain], sort_keys=False, allow_unicode=True, width=110)


def with_panel(definition: str, panel: str) -> str:
    """A dashboard's text with one panel more, given as a list of one; raises InvalidDashboard."""
    parse_dashboard(definition)
    tree = yaml.compose(definition, Loader=yaml.SafeLoader)
    items = _panels(tree)
    if items is not None and not items.flow_style and items.value:
        lines = definition.splitlines(keepends=True)
        end = items.end_mark.line
        # What follows a list is marked where it begins, and the end of a text in its last line.
        if end < len(lines) and items.end_mark.column and not lines[end][: items.end_mark.column].isspace():
            end += 1
        before = "".join(lines[:end])
        indent = " " * items.start_mark.column
        added = "".join(f"{indent}{line}" for line in panel.splitlines(keepends=True))
        text = f"{before}{'' if before.endswith(chr(10)) else chr(10)}{added}{''.join(lines[end:])}"
    else:
        given = yaml.safe_load(definition) or {}
        panels = [*(given.get("panels") or ()), *yaml.safe_load(panel)]
        text = yaml.safe_dump({**given, "panels": panels}, sort_keys=False, allow_unicode=True)
    parse_dashboard(text)
    return text


def _panels(tree: yaml.Node | None) -> yaml.SequenceNode | None:
    if not isinstance(tree, yaml.MappingNode) or tree.flow_style:
        return None
    found = (value for key, value in tree.value if key.value == "panels")
    node = next(found, None)
    return node if isinstance(node, yaml.SequenceNode) else None
