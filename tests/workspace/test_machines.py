"""Who fetches a link or an image."""

import pytest

from handbill.workspace.machines import by_machine, by_proxy

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
)
GMAIL_AHEAD = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0"
)
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
YAHOO = "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"
PEOPLE = [
    CHROME,
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.3.0",
    "Mozilla/5.0 (Linux; Android 14; CUBOT KINGKONG 9) AppleWebKit/537.36 Chrome/139.0 Mobile Safari/537.36",
    "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
    GMAIL,
    YAHOO,
]
MACHINES = [
    "",
    "Mozilla/5.0",
    GMAIL_AHEAD,
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "facebookexternalhit/1.1",
    "WhatsApp/2.23.20.0",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/141.0.0.0 Safari/537.36",
    "Microsoft Office Existence Discovery",
    "Mozilla/5.0 (compatible; Barracuda Sentinel)",
    "Mimecast URL Protect",
    "curl/8.5.0",
    "python-requests/2.32",
    "Go-http-client/1.1",
]


@pytest.mark.parametrize("agent", PEOPLE)
def test_mail_programs_and_browsers_are_people(agent: str) -> None:
    assert not by_machine("GET", {"user-agent": agent})


@pytest.mark.parametrize("agent", MACHINES)
def test_scanners_robots_and_prefetchers_are_machines(agent: str) -> None:
    assert by_machine("GET", {"user-agent": agent})


@pytest.mark.parametrize(
    ("method", "more"),
    [
        ("HEAD", {}),
        ("GET", {"purpose": "prefetch"}),
        ("GET", {"sec-purpose": "prefetch;prerender"}),
        ("GET", {"x-purpose": "preview"}),
        ("GET", {"x-moz": "prefetch"}),
    ],
)
def test_a_browser_that_looks_ahead_is_a_machine(method: str, more: dict[str, str]) -> None:
    assert by_machine(method, {"user-agent": CHROME, **more})


@pytest.mark.parametrize(("agent", "proxied"), [(GMAIL, True), (YAHOO, True), ("Mozilla/5.0", True), (CHROME, False)])
def test_images_may_come_through_the_mail_programs_server(agent: str, proxied: bool) -> None:
    assert by_proxy({"user-agent": agent}) is proxied
