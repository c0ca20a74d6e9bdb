# ruff: noqa: E501 - a table
"""Wrong calls, and a part of the answer to each. The workspace is that of film_club.py.

One entry: the tool (without CUSTOMERIO_), its arguments, and what the answer says; several parts for several faults.
"""

from typing import Any

Case = tuple[str, dict[str, Any], str] | tuple[str, dict[str, Any], str, str]


def _trigger(*cases: tuple[dict[str, Any], str]) -> list[Case]:
    return [("TRIGGER_BROADCAST", {"broadcast_id": 5, **arguments}, part) for arguments, part in cases]


def _each(tool: str, name: str, values: list[Any], part: str, **others: Any) -> list[Case]:
    return [(tool, {**others, name: value}, part) for value in values]


def _all(name: str, values: list[Any], part: str, **others: Any) -> list[tuple[dict[str, Any], str]]:
    return [({**others, name: value}, part) for value in values]


def _deep(depth: int) -> dict[str, Any]:
    """A filter with as many levels."""
    inner: dict[str, Any] = {"segment": {"id": 3}}
    for _ in range(depth - 1):
        inner = {"not": inner}
    return inner


ONE = {"ids": ["u1"]}
NOT_A_NUMBER = [True, 5.0, 5.5, "5.0", "5_0", " 5 ", "٣", "0x5", [5], {}]
NO_SCALAR: list[Any] = [None, [], {}]
NO_OBJECT: list[Any] = [[], "x", 1]
NOT_A_CURSOR = [1, "edited", "null", ["x"], "x" * 2000]
START = "start must be the `next` value of the previous answer with the same filters."

CALL: list[Case] = [
    *(
        ("TRIGGER_BROADCAST", {"broadcast_id": 5, **ONE, wrong: 1}, f"Unknown parameter `{wrong}`.", "Nothing was sent.")
        for wrong in ("recipents", "email", "id", "segment_id", "audience", "\u202e", "x" * 500)
        if len(wrong) < 60 and wrong.isprintable()
    ),
    ("TRIGGER_BROADCAST", {"broadcast_id": 5, "recipents": {}}, "Did you mean `recipients`?", "this call names nobody"),
    ("TRIGGER_BROADCAST", {"broadcast_id": 5, "email": ["a@b.example"]}, "Did you mean `emails`?"),
    ("TRIGGER_BROADCAST", {"broadcast_id": 5, "id": ["u1"]}, "Did you mean `ids`?"),
    ("TRIGGER_BROADCAST", {"broadcast_id": 5, **ONE, "a\u202eb": 1}, "Unknown parameter `a\\u202eb`."),
    *_trigger(
        ({**ONE, "emails": ["u1@film.example"]}, "Give exactly one of recipients, ids, emails, per_user_data, data_file_url; got ids and emails."),
        ({}, "Give exactly one of recipients, ids, emails, per_user_data, data_file_url; this call names nobody."),
        ({"ids": None}, "this call names nobody"),
    ),
    ("TRIGGER_BROADCAST", {"broadcast_id": "x", "ids": [], "data": []}, "broadcast_id must be", "data must be an object"),
]  # fmt: skip

BROADCAST_ID: list[Case] = [
    ("TRIGGER_BROADCAST", ONE, "broadcast_id is required (a whole number, see the broadcast's Triggering Details)."),
    ("TRIGGER_BROADCAST", {**ONE, "broadcast_id": None}, "broadcast_id is required"),
    ("TRIGGER_BROADCAST", {**ONE, "broadcast_id": True}, "broadcast_id must be a whole number such as 5; got true."),
    *_each("TRIGGER_BROADCAST", "broadcast_id", NOT_A_NUMBER, "broadcast_id must be a whole number such as 5", **ONE),
    *_each("TRIGGER_BROADCAST", "broadcast_id", [0, -1, 10**30, "0"], "between 1 and 9007199254740991.", **ONE),
    ("TRIGGER_BROADCAST", {**ONE, "broadcast_id": "5-37"}, "5-37 looks like a trigger id. Use 5."),
    ("TRIGGER_BROADCAST", {**ONE, "broadcast_id": 99}, "There is no broadcast 99. Known: 5 "),
    ("TRIGGER_BROADCAST", {**ONE, "broadcast_id": 12}, "12 is a newsletter, not an API-triggered broadcast."),
    ("TRIGGER_BROADCAST", {**ONE, "broadcast_id": 7}, "Broadcast 7 cannot be sent: it is a draft."),
    ("TRIGGER_BROADCAST", {**ONE, "broadcast_id": 8}, "Broadcast 8 cannot be sent: it has no active message."),
]

IDS = _trigger(
    *_all("ids", ["a,b", {}, 5], "ids must be a list of customer ids"),
    ({"ids": []}, "ids is empty: nobody would receive this. Leave it out or name people."),
    *(({"ids": [value]}, "ids[0] must be text; got") for value in (1, None, True, ["u1"], {"id": "u1"})),
    *(({"ids": ["u1", value]}, "ids[1] is empty.") for value in ("", "   ")),
    ({"ids": ["x" * 151]}, "ids[0] is longer than 150 bytes."),
    *(({"ids": [value]}, "ids[0] has a control character") for value in ("a\0b", "a\nb")),
    ({"ids": ["u1"] * 10_001}, "ids has 10,001 entries; the limit is 10,000. Use data_file_url."),
    ({"ids": ["u1", "u77"]}, '1 of 2 ids are not in the workspace: "u77". Nothing was sent.'),
    ({"ids": ["u77"]}, "Set id_ignore_missing to true to skip them."),
    ({"ids": ["u77", "u78"], "id_ignore_missing": True}, "None of the 2 ids is in the workspace; nobody to send to."),
    ({"ids": ["u5"]}, "ids matches nobody now; nothing was sent. Left out: 1 unsubscribed."),
)

EMAILS = _trigger(
    *_all("emails", ["a,b", {}, 5], "emails must be a list of addresses"),
    ({"emails": []}, "emails is empty: nobody would receive this."),
    *(({"emails": [value]}, "emails[0] must be text; got") for value in (1, None, True, ["u1"])),
    *(
        ({"emails": ["u1@film.example", value]}, "emails[1] is not one plain address:")
        for value in ("a", "a@", "@b.c", "a b@c.d", "a@b..c", "A <a@b.c>", "a@b.c, d@e.f", "a@b.c\r\nBcc: x@y.example",
                      "a" * 250 + "@b.c")
    ),
    ({"emails": ["u1@film.example"] * 10_001}, "emails has 10,001 entries"),
    ({"emails": ["shared@film.example"]}, "emails[0] belongs to 2 people. Set email_add_duplicates to true to send to each, or use ids."),
    ({"emails": ["who@film.example"]}, "1 of 1 emails are not in the workspace"),
    ({"emails": ["who@film.example"]}, "Set email_ignore_missing to true to skip them."),
    ({"emails": ["who@film.example"], "email_ignore_missing": True}, "None of the 1 emails is in the workspace"),
)  # fmt: skip

RECIPIENTS = _trigger(
    *_all("recipients", [[], "everybody", 3], "recipients must be a filter object"),
    *_all("recipients", [{}, {"and": []}, {"or": []}], "recipients matches everyone or nobody: the filter is empty."),
    *(
        ({"recipients": {key: []}}, f"recipients.{key} is not known; use and, or, not, segment, attribute.")
        for key in ("any", "AND", "segments")
    ),
    ({"recipients": {"segment": {"id": 3}, "not": {"segment": {"id": 4}}}}, "recipients must have one of"),
    ({"recipients": {"and": {"segment": {"id": 3}}}}, "recipients.and must be a list of filters"),
    ({"recipients": {"not": [{"segment": {"id": 3}}]}}, "recipients.not must be"),
    *(
        ({"recipients": {"and": [{"segment": {"id": 3}}, {"segment": value}]}}, "recipients.and[1].segment")
        for value in ({}, {"id": "VIP"}, {"id": [3]}, {"id": 0})
    ),
    ({"recipients": {"segment": {"id": "VIP"}}}, "segment.id must be a segment number; GET_SEGMENTS lists them."),
    ({"recipients": {"segment": {"id": 99}}}, "There is no segment 99."),
    ({"recipients": {"attribute": {"operator": "exists"}}}, "recipients.attribute.field must be"),
    *(
        ({"recipients": {"attribute": {"field": "x", "operator": operator}}}, "operator must be eq or exists; got")
        for operator in ("==", "like", None)
    ),
    *(
        ({"recipients": {"attribute": {"field": "x", "operator": "eq", "value": value}}}, "attribute.value must be")
        for value in NO_SCALAR
    ),
    ({"recipients": _deep(14)}, "recipients is nested 14 deep; the limit is 10."),
    ({"recipients": {"or": [{"segment": {"id": 3}}] * 300}}, "recipients has more than 200 parts"),
    ({"recipients": {"segment": {"id": 4}}}, "recipients matches nobody now; nothing was sent."),
)

PER_USER_DATA = _trigger(
    *_all("per_user_data", [{}, "text", 1], "per_user_data must be a list of people"),
    ({"per_user_data": []}, "per_user_data is empty"),
    ({"per_user_data": [{"id": "u1"}] * 10_001}, "per_user_data has 10,001 entries; the limit is 10,000."),
    ({"per_user_data": [{"data": {}}]}, "per_user_data[0] needs exactly one of id or email; got neither."),
    (
        {"per_user_data": [{"id": "u1", "email": "u1@film.example"}]},
        "per_user_data[0] needs exactly one of id or email; got both.",
    ),
    *(({"per_user_data": [{"id": "u1", key: {}}]}, f"per_user_data[0].{key} is not known") for key in ("attributes", "Data")),
    ({"per_user_data": ["u1"]}, "per_user_data[0] must be an object with id or email, and data; got text."),
    *(({"per_user_data": [{"id": "u1", "data": value}]}, "per_user_data[0].data must be an object") for value in NO_OBJECT),
    ({"per_user_data": [{"id": "u7"}, {"id": "u8"}, {"id": "u7"}]}, 'per_user_data[0] and [2] are the same person ("u7").'),
    ({"per_user_data": [{"id": "u1", "data": {"x": "x" * 3_300_000}}]}, "per_user_data[0] is 3.1 MB; the limit is 2 MB"),
    ({"per_user_data": [{"id": "u99"}]}, "are not in the workspace"),
)  # fmt: skip

DATA = _trigger(
    *_all("data", [[], "x", 1, True], 'data must be an object, e.g. {"headline":"…"}.', **ONE),
    ({**ONE, "data": {"x": "y" * 61_196}}, "data is 61,204 bytes; the limit is 50,000."),
    ({**ONE, "data": {"price": 10**5000}}, "data.price is a whole number beyond 64 bits; write it as text."),
    ({**ONE, "data": {"x": "\ud83d"}}, "data.x is not text JSON allows"),
    ({**ONE, "data": {"x": "a\0b"}}, "data.x is not text JSON allows"),
)

DATA_FILE_URL = _trigger(
    *(
        ({"data_file_url": url}, "data_file_url must start with https://")
        for url in ("files.example/x", "file:///etc/passwd", "ftp://x/y", "data:,x", "gopher://x", "javascript:1", "http://x.example/")
    ),
    *_all("data_file_url", [1, ["https://x.example"], {}, True], "data_file_url must be text; got"),
    *(
        ({"data_file_url": f"https://{host}/people"}, "data_file_url points to a private or local address; that is not allowed.")
        for host in ("127.0.0.1", "169.254.169.254", "[::1]", "10.0.0.1")
    ),
    *(({"data_file_url": url}, "data_file_url is not a whole URL") for url in ("https://", "https://a b/", "https://[x")),
)  # fmt: skip

FLAGS = [
    case
    for flag in ("email_add_duplicates", "email_ignore_missing", "id_ignore_missing")
    for value in ("yes", 1, None, "false")
    for case in _trigger(({**ONE, flag: value}, f"{flag} must be true or false"))
]

MESSAGES: list[Case] = [
    *_each("GET_MESSAGES", "type", ["sms", "Email", "mail", "", ["email"]],
           "type must be one of email, webhook, twilio, slack, push, in_app (SMS is twilio); got"),
    *_each("GET_MESSAGES", "metric", ["open", "bounce", "all", "", 1], "metric must be one of attempted, sent, delivered,"),
    ("GET_MESSAGES", {"metric": "open"}, "did you mean opened?"),
    ("GET_MESSAGES", {"metric": "bounce"}, "did you mean bounced?"),
    *(
        case
        for name in ("campaign_id", "newsletter_id", "action_id")
        for case in (
            *_each("GET_MESSAGES", name, NOT_A_NUMBER, f"{name} must be a whole number such as 5"),
            *_each("GET_MESSAGES", name, [0, -1, 10**30], f"{name} must be between 1 and"),
        )
    ),
    ("GET_MESSAGES", {"campaign_id": 5, "newsletter_id": 12}, "no message belongs to both"),
    *(
        case
        for name in ("start_ts", "end_ts")
        for case in (
            *_each("GET_MESSAGES", name, ["2026-01-01", "2026-01-01T00:00Z"],
                   f"{name} must be Unix seconds; 2026-01-01 UTC is 1767225600."),
            ("GET_MESSAGES", {name: 1767225600000}, f"{name} looks like milliseconds; in seconds it is 1767225600."),
            *_each("GET_MESSAGES", name, [-1, 10**18, 1.5, True, "soon", []], f"{name} must be between 0 and 4102444800"),
        )
    ),
    ("GET_MESSAGES", {"start_ts": 20, "end_ts": 10}, "start_ts is after end_ts."),
    *_each("GET_MESSAGES", "limit", [0, -1, 1001, "all", 5.5, True], "limit must be 1 to 1000; got"),
    *_each("GET_MESSAGES", "start", NOT_A_CURSOR, START),
    *_each("GET_MESSAGES", "drafts", ["true", 1, None], "drafts must be true or false"),
    ("GET_MESSAGES", {"drafts": True, "metric": "opened"}, "drafts have no metrics; leave out metric."),
    ("GET_MESSAGES", {"broadcast_id": 5}, "Unknown parameter `broadcast_id`."),
]  # fmt: skip

TRIGGER_ID = "trigger_id must look like 456 or 5-37; got"
LISTS: list[Case] = [
    *_each("LIST_NEWSLETTERS", "limit", [0, 101, "ten", -1], "limit must be 1 to 100; got"),
    *_each("LIST_NEWSLETTERS", "sort", ["ASC", "newest", 1, ""], "sort must be asc (oldest first) or desc (newest first)"),
    *_each("LIST_NEWSLETTERS", "start", NOT_A_CURSOR, START),
    ("GET_TRIGGERS", {}, "broadcast_id is required"),
    *_each("GET_TRIGGERS", "broadcast_id", NOT_A_NUMBER, "broadcast_id must be a whole number such as 5"),
    ("GET_TRIGGERS", {"broadcast_id": 99}, "There is no broadcast 99. Known: 5 "),
    ("GET_TRIGGERS", {"broadcast_id": 12}, "12 is a newsletter"),
    ("GET_TRIGGER", {"broadcast_id": 99, "trigger_id": "1"}, "There is no broadcast 99."),
    ("GET_TRIGGER", {"broadcast_id": 5}, "trigger_id is required"),
    ("GET_TRIGGER", {"broadcast_id": 5, "trigger_id": "7-37"}, "trigger_id 7-37 belongs to broadcast 7, not 5."),
    *_each("GET_TRIGGER", "trigger_id",
           ["5-", "-37", "5-37-1", "5–37", " 456", "0456", "456.0", "²", "", "../7", "456?x=1", "456#", "%2e%2e",
            "456\n", "9" * 10_000, True, 4.0, -1, [456]], TRIGGER_ID, broadcast_id=5),
    ("GET_TRIGGER", {"broadcast_id": 5, "trigger_id": "5–37"}, "(that dash is not a hyphen)"),
    ("GET_TRIGGER", {"broadcast_id": 5, "trigger_id": 999}, "Broadcast 5 has no trigger 999; it was never triggered."),
    *_each("GET_SEGMENT_DETAILS", "segment_id", ["Regulars", True, 3.0, [3]], "segment_id must be a number; GET_SEGMENTS lists them."),
    ("GET_SEGMENT_DETAILS", {"segment_id": 99}, "There is no segment 99."),
    ("GET_SEGMENT_DETAILS", {}, "segment_id is required"),
    ("GET_SEGMENTS", {"limit": 5}, "CUSTOMERIO_GET_SEGMENTS takes no parameters; got limit."),
    ("LIST_TRANSACTIONAL_MESSAGES", {"start": ""}, "CUSTOMERIO_LIST_TRANSACTIONAL_MESSAGES takes no parameters; got start."),
    ("LIST_BROADCASTS", {"id": 5}, "CUSTOMERIO_LIST_BROADCASTS takes no parameters; got id."),
    ("GET_BROADCAST_MESSAGES", {}, "broadcast_id is required"),
    ("GET_BROADCAST_MESSAGES", {"broadcast_id": 99}, "There is no broadcast 99."),
    ("GET_BROADCAST_MESSAGES", {"broadcast_id": 5, "trigger_id": "7-37"}, "belongs to broadcast 7, not 5."),
    ("GET_BROADCAST_MESSAGES", {"broadcast_id": 5, "state": "queued"}, "state must be one of failed, sent, drafted, attempted"),
    ("GET_BROADCAST_MESSAGES", {"broadcast_id": 5, "start_ts": 20, "end_ts": 10}, "start_ts is after end_ts."),
    *_each("GET_BROADCAST_MESSAGES", "start", NOT_A_CURSOR, START, broadcast_id=5),
]  # fmt: skip

NOT_TEXT = [5, True, ["u1"], {}]
NOT_AN_OBJECT = [[], "x", 1, True]
ONE_OF = "Give exactly one of broadcast_id, newsletter_id, campaign_id, transactional_message_id"
PEOPLE: list[Case] = [
    ("GET_PERSON", {}, 'identifier is required (text such as "u1").'),
    *_each("GET_PERSON", "identifier", NOT_TEXT, 'identifier must be text such as "u1"; got'),
    *_each("GET_PERSON", "identifier", ["", "  "], "identifier is empty."),
    *_each("GET_PERSON", "identifier", ["a\0b", "a\nb", "\ud83d"], "identifier has a control character"),
    ("GET_PERSON", {"identifier": "x" * 151}, "identifier is longer than 150 bytes."),
    ("GET_PERSON", {"identifier": "u77"}, 'There is no person "u77": neither as id, email address, nor `cio_` id.'),
    *_each("GET_PERSON", "activities", [0, 101, "all"], "activities must be 1 to 100; got", identifier="u1"),
    ("FIND_PEOPLE", {}, "Give exactly one of email and filter."),
    ("FIND_PEOPLE", {"email": "a@b.example", "filter": {"segment": {"id": 3}}}, "Give exactly one of email and filter."),
    *_each("FIND_PEOPLE", "filter", NOT_AN_OBJECT, "filter must be an object, e.g."),
    ("FIND_PEOPLE", {"filter": {"any": []}}, "filter.any is not known; use and, or, not, segment, attribute."),
    *_each("FIND_PEOPLE", "start", NOT_A_CURSOR, START, filter={"segment": {"id": 3}}),
    ("GET_SEGMENT_MEMBERSHIP", {"segment_id": 99}, "There is no segment 99."),
    ("GET_SEGMENT_MEMBERSHIP", {"segment_id": "VIP"}, "segment_id must be a number; GET_SEGMENTS lists them."),
    *_each("GET_SEGMENT_MEMBERSHIP", "limit", [0, 30_001, "all"], "limit must be 1 to 30000; got", segment_id=3),
    *_each("GET_SEGMENT_MEMBERSHIP", "sort", ["ASC", 1], "sort must be asc (oldest first) or desc", segment_id=3),
    *_each("GET_SEGMENT_MEMBERSHIP", "start", NOT_A_CURSOR, START, segment_id=3),
    *_each("CUSTOMER_IO_SUPPRESS_PERSON", "identifier", NOT_TEXT, 'identifier must be text such as "u1"; got'),
    ("EXPLAIN_DELIVERY", {"identifier": "u1"}, f"{ONE_OF}; this call names none."),
    ("EXPLAIN_DELIVERY", {"identifier": "u1", "broadcast_id": 5, "campaign_id": 1}, f"{ONE_OF}; got broadcast_id and"),
    ("EXPLAIN_DELIVERY", {"identifier": "u1", "broadcast_id": 99}, "There is no broadcast 99."),
    ("EXPLAIN_DELIVERY", {"broadcast_id": 5, "email": "u1"}, "Unknown parameter `email`.", "identifier is required"),
]  # fmt: skip

PIPELINES: list[Case] = [
    *((tool, more, "user_id or anonymous_id is required.") for tool, more in (
        ("IDENTIFY_PERSON", {}), ("TRACK_EVENT", {"event": "x"}), ("TRACK_PAGE", {}), ("TRACK_SCREEN", {"name": "x"}))),
    *_each("IDENTIFY_PERSON", "user_id", NOT_TEXT, 'user_id must be text such as "u1"; got'),
    *_each("IDENTIFY_PERSON", "traits", NOT_AN_OBJECT, 'traits must be an object, e.g. {"plan": "pro"}; got', user_id="u1"),
    ("IDENTIFY_PERSON", {"user_id": "u1", "traits": {"x": "y" * 1001}}, "traits.x is 1001 bytes; the limit is 1000."),
    ("IDENTIFY_PERSON", {"user_id": "u1", "traits": {"x": 10**30}}, "traits.x is a whole number beyond 64 bits"),
    ("IDENTIFY_PERSON", {"user_id": "u1", "traits": {"x": ["y" * 900] * 40}}, "the limit is 32768."),
    ("TRACK_EVENT", {"user_id": "u1"}, "event is required"),
    ("TRACK_EVENT", {"user_id": "u1", "event": "x" * 101}, "event is longer than 100 bytes."),
    ("TRACK_EVENT", {"user_id": "u1", "event": "x", "timestamp": 1767225600000}, "timestamp looks like milliseconds"),
    ("TRACK_EVENT", {"user_id": "u1", "event": "x", "property": {}}, "Did you mean `properties`? Nothing was sent."),
    ("TRACK_SCREEN", {"user_id": "u1"}, "name is required"),
    ("ADD_PERSON_TO_GROUP", {}, "user_id is required", "group_id is required"),
    ("ADD_PERSON_TO_GROUP", {"user_id": "u1", "group_id": "g", "traits": {"objectTypeId": "x"}}, "objectTypeId must be the number of a type"),
    ("CREATE_ALIAS", {"user_id": "u1"}, "previous_id is required"),
    *_each("SEND_BATCH", "batch", [{}, "x", 5], "batch must be a list, e.g."),
    ("SEND_BATCH", {"batch": []}, "batch must be a list of calls"),
    ("SEND_BATCH", {"batch": ["x"]}, "batch[0]"),
    ("SEND_BATCH", {"batch": [{"type": "buy", "userId": "u1"}]}, "batch[0].type must be one of identify, track, page,"),
]  # fmt: skip

DELIVERIES: list[Case] = [
    ("REPORT_PUSH_EVENTS", {"delivery_id": "x", "event": "bounced"}, "event must be one of converted, delivered, opened"),
    ("REPORT_PUSH_EVENTS", {"event": "opened"}, "delivery_id is required"),
    ("REPORT_PUSH_EVENTS", {"delivery_id": "x", "event": "opened", "timestamp": "soon"}, "timestamp must be between 0"),
    ("UNSUBSCRIBE_DELIVERY", {"delivery_id": "made-up"}, "delivery_id must be the `id` of a message as a list gave it."),
    ("UNSUBSCRIBE_DELIVERY", {"delivery_id": "../x"}, "delivery_id must be the `id` of a message as a list gave it"),
    ("UNSUBSCRIBE_DELIVERY", {"delivery_id": "x", "unsubscribe": "yes"}, "unsubscribe must be true or false"),
    ("SEND_TRANSACTIONAL_MESSAGE", {"identifier": "u1"}, "transactional_message_id is required"),
    ("SEND_TRANSACTIONAL_MESSAGE", {"identifier": "u1", "transactional_message_id": 9, "channel": "mail"}, "did you mean email?"),
    ("SEND_TRANSACTIONAL_MESSAGE", {"identifier": "u1", "transactional_message_id": 9}, "there is no transactional message"),
    ("GET_METRICS_REPORT", {"broadcast_id": 5, "newsletter_id": 12}, "Give at most one of broadcast_id, newsletter_id,"),
    ("GET_METRICS_REPORT", {"steps": 7}, "steps must be 1 to 6 for weeks"),
    ("GET_METRICS_REPORT", {"period": "year"}, "period must be one of hours, days, weeks, months"),
    ("GET_METRICS_REPORT", {"broadcast_id": 99}, "There is no broadcast 99."),
]  # fmt: skip

CASES: list[Case] = [
    *CALL, *BROADCAST_ID, *IDS, *EMAILS, *RECIPIENTS, *PER_USER_DATA, *DATA, *DATA_FILE_URL, *FLAGS, *MESSAGES, *LISTS,
    *PEOPLE, *PIPELINES, *DELIVERIES,
]  # fmt: skip
