"""The page that people see when they follow a link of ours, or none: one look, no script, light and dark."""

import html

from starlette.responses import HTMLResponse

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="robots" content="noindex">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
<style>:root{{color-scheme:light dark;--line:#d8dcd9;--soft:#5c6661;--own:#1f4d3f}}
body{{font:17px/1.5 system-ui,sans-serif;max-width:26rem;margin:14vh auto 4rem;padding:0 1.5rem;text-align:center}}
h1{{font-size:1.6rem;line-height:1.25}}
button{{font:inherit;padding:.6rem 1.4rem;border:0;border-radius:.5rem;cursor:pointer}}
button{{background:var(--own);color:#fff}}
label{{display:flex;gap:.9rem;align-items:start;text-align:left;padding:.9rem 0;border-top:1px solid var(--line)}}
label:last-of-type{{border-bottom:1px solid var(--line);margin-bottom:1.6rem}}
input{{flex:none;width:1.2rem;height:1.2rem;margin:.2rem 0 0;accent-color:var(--own)}}
small{{display:block;color:var(--soft);font-size:.9rem}}
@media (prefers-color-scheme:dark){{:root{{--line:#333a36;--soft:#a3ada8;--own:#2f7d65}}
body{{background:#161616;color:#eee}}}}</style>
<h1>{title}</h1><p>{text}</p>{form}</html>"""
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def page(title: str, text: str, form: str = "", status: int = 200) -> HTMLResponse:
    """Title and text are escaped here; `form` is HTML already."""
    shown = _PAGE.format(title=html.escape(title), text=html.escape(text), form=form)
    return HTMLResponse(shown, status, headers=_HEADERS)


def incomplete() -> HTMLResponse:
    """A link that was cut off or made up."""
    return page("This link is not complete", "Please copy all of it from the message.", status=404)
