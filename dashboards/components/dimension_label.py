"""What a dimension is called on the pages."""


def dimension_label(name: str) -> str:
    """'User agent family' of 'user_agent_family', 'x-team' of 'attribute:x-team'."""
    if name == "api":
        return "API"
    return name.removeprefix("attribute:") if ":" in name else name.replace("_", " ").capitalize()
