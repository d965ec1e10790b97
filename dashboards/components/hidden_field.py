"""What a form sends besides what is entered."""

import dash_mantine_components as dmc
from dash.development.base_component import Component


def hidden_field(name: str, value: str) -> Component:
    """A field that nobody sees."""
    return dmc.TextInput(name=name, value=value, display="none")
