"""Links and the image in a tracked mail."""

from email import message_from_bytes, policy

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.workspace import archive
from handbill.workspace.engine.needs import Content, Rendered, RenderFailure, Work
from handbill.workspace.rendering.message import Message
from handbill.workspace.rendering.tracking import LinkFault, follow

BASE = "https://mail.film.example"
ID = "dlv-7"
IMAGE = f'<img src="{BASE}/e/o/{ID}" width="1" height="1" alt="">'
SHOP = "https://film.example/a?b=1&c=2"


def rendered(body: str, tracked: bool = True, type_: str = "email") -> Rendered | RenderFailure:
    fields = {
        "from": "a@film.example",
        "subject": "Hello",
        "body": body,
        "url": "https://hook.example",
        "method": "post",
    }
    customer = msgspec.Raw(msgspec.json.encode({"email": "ana@film.example", "url": SHOP, "nothing": ""}))
    content = Content(1, type_, fields, {}, base_url=BASE, tracked=tracked)
    return Message(content).render(Work(7, ID, customer, 1_764_000_000))


def sent(body: str) -> tuple[str, str, list[str]]:
    """The html and the plain text that leave, and where the links lead."""
    result = rendered(body)
    assert isinstance(result, Rendered), result
    mail = message_from_bytes(result.payload, policy=policy.default)
    html, plain = (mail.get_body((kind,)) for kind in ("html", "plain"))
    assert html
    assert plain
    links = archive.expand(result.archive).get("links", [])
    return html.get_content().strip(), plain.get_content().strip(), links


@pytest.mark.parametrize(
    ("tag", "target"),
    [
        (f'<a href="{SHOP}">', SHOP),
        ('<a href="https://film.example/a?b=1&amp;c=2">', SHOP),
        ("<A class='x' HREF='HTTPS://film.example/?a=b' id=y>", "HTTPS://film.example/?a=b"),
        ("<a title='a > b' href=https://film.example/x>", "https://film.example/x"),
        ('<a\n href = " https://film.example/\nlong " >', "https://film.example/long"),
        ('<a href="{{ customer.url }}">', SHOP),
    ],
)
def test_a_link_to_the_web_leads_here_first(tag: str, target: str) -> None:
    html, _, links = sent(f"<body><p>{tag}Look</a></p></body>")
    assert links == [target]
    assert f"{BASE}/e/c/{ID}/0" in html
    assert "//film.example" not in html
    assert html.endswith(f"</p>{IMAGE}</body>")


@pytest.mark.parametrize(
    "link",
    [
        '<a href="mailto:ana@film.example">',
        '<a href="tel:+43123">',
        '<a href="#top">',
        '<a name="top">',
        '<a class="button untracked" href="https://film.example/">',
        '<a href="{% unsubscribe_url %}">',
        '<a href="{% view_in_browser_url %}">',
        '<area href="https://film.example/">',
        '<abbr href="https://film.example/">',
        "{% unsubscribe %}",
    ],
)
def test_other_links_stay_as_they_are(link: str) -> None:
    html, _, links = sent(f"<body>{link}</body>")
    assert links == []
    assert "/e/c/" not in html


def test_the_plain_text_has_the_links_as_they_were_written() -> None:
    _, plain, _ = sent(f'<p><a href="{SHOP}">Look</a></p>')
    assert plain == f"Look ({SHOP})"


def test_what_is_kept_is_the_body_as_it_was_written_so_that_looking_at_it_follows_nothing() -> None:
    result = rendered(f'<a href="{SHOP}">Look</a>')
    assert isinstance(result, Rendered)
    assert archive.expand(result.archive)["body"] == f'<a href="{SHOP}">Look</a>'


def test_the_same_target_has_one_number() -> None:
    html, _, links = sent(f'<a href="{SHOP}">A</a><a href="https://b.example/">B</a><a href="{SHOP}">C</a>')
    assert links == [SHOP, "https://b.example/"]
    assert [html.count(f"/e/c/{ID}/{number}") for number in (0, 1, 2)] == [2, 1, 0]


def test_a_mail_that_is_not_tracked_stays_as_it_is() -> None:
    result = rendered(f'<a href="{SHOP}">Look</a> {{% cio_link url:https://b.example/ %}}', tracked=False)
    assert isinstance(result, Rendered)
    assert b"/e/" not in result.payload
    assert "links" not in archive.expand(result.archive)


def test_cio_link_is_tracked_wherever_it_stands() -> None:
    body = "Look: {% cio_link url:customer.url %} {% cio_link url:https://b.example/ track:false %}"
    result = rendered(body, type_="webhook")
    assert isinstance(result, Rendered)
    kept = archive.expand(result.archive)
    assert kept["body"] == f"Look: {BASE}/e/c/{ID}/0 https://b.example/"
    assert kept["links"] == [SHOP]


def test_cio_link_and_other_links_are_numbered_together() -> None:
    html, _, links = sent(f'<a href="{{% cio_link url:https://b.example/ %}}">B</a><a href="{SHOP}">Shop</a>')
    assert links == ["https://b.example/", SHOP]
    assert f'"{BASE}/e/c/{ID}/0"' in html
    assert f'"{BASE}/e/c/{ID}/1"' in html


def test_a_deep_link_carries_the_id_that_its_click_is_reported_with() -> None:
    html, _, links = sent('<a class="untracked" href="https://film.example/app?link={% cio_link_id %}">Open</a>')
    assert f'"https://film.example/app?link={ID}/0"' in html
    assert len(links) == 1


@pytest.mark.parametrize("query", ["?c={{customer.nothing}}", "?a=1&amp;c={{customer.nothing}}#top", "?c=&d=1"])
def test_a_parameter_without_a_value_fails_the_message(query: str) -> None:
    result = rendered(f'<a href="https://film.example/{query}">Look</a>')
    assert isinstance(result, RenderFailure)
    assert result.reason.startswith('body has a tracked link whose parameter "c" has no value;')


@pytest.mark.parametrize(
    "link",
    [
        'href="https://f.example/?c=" class=untracked',
        'href="https://f.example/#?c="',
        'href="https://f.example/?c=d=="',
    ],
)
def test_other_links_may_have_empty_values(link: str) -> None:
    assert isinstance(rendered(f"<a {link}>Look</a>"), Rendered)


@given(st.text(st.sampled_from("<aA >\"'=href:/htps.?&#\n"), max_size=60) | st.text(max_size=60))
def test_any_html_keeps_what_is_no_link(html: str) -> None:
    targets: dict[str, int] = {}
    try:
        made = follow(html, BASE, ID, targets)
    except LinkFault:
        return
    assert targets or made == html


@pytest.mark.parametrize("type_", ["email", "webhook"])
def test_a_parameter_without_a_value_fails_a_link_that_liquid_makes(type_: str) -> None:
    result = rendered("{% cio_link url:https://film.example/?code=&a=1 %}", type_=type_)
    assert isinstance(result, RenderFailure)
    assert "parameter 'code' has no value" in result.reason or 'parameter "code" has no value' in result.reason
