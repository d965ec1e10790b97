"""The pages that strangers see: plain HTML, since Dash asks for data that they may not have."""

from html import escape
from pathlib import Path
from string import Template

from starlette.responses import HTMLResponse

from dashboards.design import css_variables
from storage.access.administrators import SHORTEST_PASSWORD

_HERE = Path(__file__).parent
_PAGE = Template((_HERE / "form_page.html").read_text(encoding="utf-8"))
STYLE_SHEET = css_variables(follows_system=True) + (_HERE / "style.css").read_text(encoding="utf-8")

_OLD_FIELD = 'type="password" autocomplete="current-password" required'
_NEW_FIELD = f'type="password" autocomplete="new-password" minlength="{SHORTEST_PASSWORD}" required'


def sign_in_page(wanted: str, name: str = "", fault: str = "", status: int = 200) -> HTMLResponse:
    """Name and password; `wanted` is where to go then."""
    form = f"""<form method="post" action="/sign-in">
          <input type="hidden" name="next" value="{escape(wanted)}">
          {_field("Name", "name", f'value="{escape(name)}" autocomplete="username" {_focus(not name)} required')}
          {_field("Password", "password", f"{_OLD_FIELD} {_focus(bool(name))}")}
          <button>Sign in</button>
        </form>"""
    return _page("Sign in", "Enter the administrator's name and password.", form, fault, status)


def setup_page(token: str, known_name: str, name: str = "", fault: str = "", status: int = 200) -> HTMLResponse:
    """The administrator's name and first password, or the next password of the one that is known."""
    held = f'value="{escape(known_name)}" readonly' if known_name else f'value="{escape(name)}" autofocus'
    title = "Set a new password" if known_name else "Set up the administrator"
    lead = (
        "It replaces the current password and ends all sessions."
        if known_name
        else "From then on the pages are shown only after signing in. This link works once."
    )
    form = f"""<form method="post" action="/setup">
          <input type="hidden" name="token" value="{escape(token)}">
          {_field("Name", "name", f'{held} autocomplete="username" autocapitalize="none" required')}
          {_field("Password", "password", _NEW_FIELD, f"{SHORTEST_PASSWORD} characters or more")}
          {_field("Repeat password", "repeated", _NEW_FIELD)}
          <button>{"Set password" if known_name else "Create administrator"}</button>
        </form>"""
    return _page(title, lead, form, fault, status)


def no_administrator_page() -> HTMLResponse:
    """What there is to see before anybody can sign in."""
    lead = (
        "Nobody can sign in yet. Open the link that Gatelens printed when it started, or get a new one on its machine"
        " with <code>gatelens admin link</code>."
    )
    return _page("No administrator yet", lead, "", "", 200)


def unavailable_page() -> HTMLResponse:
    """What strangers see while accounts and sessions cannot be read or written; the reason is not for them."""
    return _page("Signing in is unavailable", "Try again in a moment. The log of Gatelens says why.", "", "", 503)


def open_link_page() -> HTMLResponse:
    """Where a view-only link leads: a script hands its secret on, see shared_routes.py."""
    form = """<form method="post" action="/shared">
          <input type="hidden" name="secret">
          <noscript>The pages need JavaScript.</noscript>
        </form>
        <script src="/shared/open.js" defer></script>"""
    return _page("Opening the page", "It will open in a moment.", form, "", 200)


def over_link_page() -> HTMLResponse:
    """A view-only link that opens nothing."""
    lead = "It has expired, was revoked, or was not copied in full. Ask whoever sent it for a new one."
    return _page("This link does not work", lead, "", "", 410)


def used_link_page() -> HTMLResponse:
    """A link that no longer works."""
    lead = (
        "A link works once, for 24 hours, and until Gatelens restarts. Get a new one on its machine with"
        " <code>gatelens admin link</code>."
    )
    return _page("This link no longer works", lead, "", "", 410)


def _page(title: str, lead: str, form: str, fault: str, status: int) -> HTMLResponse:
    alert = f'<p class="fault" role="alert">{escape(fault)}</p>' if fault else ""
    text = _PAGE.substitute(title=title, lead=lead, fault=alert, form=form)
    return HTMLResponse(text, status, {"Cache-Control": "no-store"})


def _field(label: str, name: str, attributes: str, hint: str = "") -> str:
    shown = f' <span class="hint">({hint})</span>' if hint else ""
    return f'<label>{label}{shown}<input name="{name}" maxlength="1024" {attributes}></label>'


def _focus(has_focus: bool) -> str:
    return "autofocus" if has_focus else ""
