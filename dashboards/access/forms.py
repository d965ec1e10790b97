"""What a plain form of the pages for strangers holds."""

from urllib.parse import parse_qs

from fastapi import Request

_MOST_FORM_BYTES = 16 << 10


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form; none of what is no form, or a large one."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        return {}
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_FORM_BYTES:
            return {}
    try:
        fields = parse_qs(body.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=8)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}
