"""Who fetches a link or an image: a person's mail program, or a machine that looks at everything by itself.

What cannot be told from one request (scanners that pass for browsers) shows in several: see `store/clicks.py`.
"""

import re
from collections.abc import Mapping

_PURPOSES = ("purpose", "sec-purpose", "x-purpose", "x-moz")
_AHEAD = re.compile("prefetch|prerender|preview", re.IGNORECASE)
_ROBOTS = re.compile(
    r"(?<!cu)bot\b|crawl|spider|slurp|headless|phantom|preview|facebookexternalhit|whatsapp/"  # Cubot makes phones
    r"|curl|wget|httpx|python|aiohttp|axios|node|java/|libwww|okhttp|go-http-client|apache-httpclient|winhttp"
    r"|barracuda|proofpoint|mimecast|messagelabs|symantec|ironport|trend ?micro|sophos|fireeye|fortinet|zscaler"
    r"|safelinks|existence discovery|linkcheck|virustotal|urlscan|scan(?:ner)?\b",
    re.IGNORECASE,
)
_PREFETCHERS = (
    "Mozilla/5.0",  # Apple's Mail Privacy Protection
    (  # Gmail, fetching before anybody looks
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0"
    ),
)
_PROXIES = re.compile("GoogleImageProxy|YahooMailProxy", re.IGNORECASE)


def by_machine(method: str, headers: Mapping[str, str]) -> bool:
    """Whether this request was made by no person; header names are in lower case."""
    agent = headers.get("user-agent", "").strip()
    ahead = any(_AHEAD.search(headers.get(name, "")) for name in _PURPOSES)
    return method == "HEAD" or ahead or not agent or agent in _PREFETCHERS or bool(_ROBOTS.search(agent))


def by_proxy(headers: Mapping[str, str]) -> bool:
    """Whether an image is fetched for a person by the server of the mail program, or by Apple for nobody yet."""
    agent = headers.get("user-agent", "").strip()
    return agent == _PREFETCHERS[0] or bool(_PROXIES.search(agent))
