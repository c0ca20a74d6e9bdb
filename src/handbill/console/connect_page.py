"""The page on which a person connects a workspace at Customer.io: keys go from it to where they are kept."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from handbill.console.pages import Shown, escaped
from handbill.errors import HandbillError, InvalidInput


@dataclass(frozen=True, slots=True)
class Connected:
    """What the page shows when it worked; `fails` are the tools that will not work, each with the reason."""

    title: str
    kept_in: str
    works: Sequence[str]
    fails: Mapping[str, str]
    notes: Sequence[str] = ()


Connect = Callable[[Mapping[str, str]], Awaitable[Connected]]
"""Tries the fields and keeps the keys. Raises HandbillErrors; InvalidInput names the fields that are wrong."""

WHERE_APP = "Settings → Account settings → API credentials → App API keys"
WHERE_TRACK = "Settings → Account settings → API credentials → Track API keys"
WHERE_PIPELINES = "Data &amp; Integrations → Integrations → your source"


@dataclass(slots=True)
class ConnectPage:
    connect: Connect
    name: str = ""
    """What the connection is to be called, as far as that is known."""
    title: str = "Connect Customer.io"

    def form(self) -> str:
        return self._fields({"name": self.name}, {}, "")

    async def submit(self, fields: Mapping[str, str]) -> Shown:
        try:
            return Shown(_result(await self.connect(fields)), done=True)
        except InvalidInput as error:
            faults = {fault.field: fault.message for fault in error.faults}
            return Shown(self._fields(fields, faults, _fault("Nothing was kept yet. Please type the keys again.")))
        except HandbillError as error:
            return Shown(self._fields(fields, {}, _fault(f"{error} Nothing was kept.")))

    def _fields(self, given: Mapping[str, str], faults: Mapping[str, str], above: str) -> str:
        """Keys are never put back into the page."""
        region = given.get("region", "us")
        options = "".join(_option(value, text, region) for value, text in (("us", "US"), ("eu", "EU")))
        return f"""<p>The tools will then work on your Customer.io workspace. Keys stay on this machine; whatever may
reach people waits for a person's yes.</p>{above}
{_key("app_key", "App API key", WHERE_APP, faults, required=True)}
<div class="row"><label>Region<select name="region">{options}</select>{_wrong("region", faults)}
<small>If the key is of the other one, that is found out.</small></label>
<label>Name<input type="text" name="name" value="{escaped(given.get("name", ""))}" spellcheck="false"
autocapitalize="none" placeholder="after the workspace">{_wrong("name", faults)}
<small>How answers will name it.</small></label></div>
<fieldset><legend>If wanted</legend>
<small>For tools that identify people, track events, suppress and unsubscribe.</small>
<div class="row"><label>Track site id<input type="text" name="site_id" value="{escaped(given.get("site_id", ""))}"
spellcheck="false" autocapitalize="none">{_wrong("site_id", faults)}</label>
{_key("track_key", "Track API key", WHERE_TRACK, faults)}</div>
{_key("pipelines_key", "Pipelines API key", WHERE_PIPELINES, faults)}</fieldset>
<button>Try and connect</button>"""


def _key(name: str, text: str, where: str, faults: Mapping[str, str], *, required: bool = False) -> str:
    marks = (" required autofocus" if required else "") + (' aria-invalid="true"' if name in faults else "")
    return (
        f'<label>{text}<input type="password" name="{name}" autocomplete="off"{marks}>'
        f"{_wrong(name, faults)}<small>{where}</small></label>"
    )


def _option(value: str, text: str, chosen: str) -> str:
    return f'<option value="{value}"{" selected" if value == chosen else ""}>{text}</option>'


def _wrong(name: str, faults: Mapping[str, str]) -> str:
    return f'<span class="wrong" role="alert">{escaped(faults[name])}</span>' if name in faults else ""


def _fault(text: str) -> str:
    return f'<p class="fault" role="alert">{escaped(text)}</p>'


def _result(connected: Connected) -> str:
    notes = "".join(f"<p>{escaped(note)}</p>" for note in connected.notes)
    return f"""<p class="good">{escaped(connected.title)} answers, and is the current connection.</p>{notes}
<p>The keys are kept in {escaped(connected.kept_in)}. Whatever may reach people there waits for a person's yes.
You can close this page.</p>
<h2>{len(connected.works)} tools work</h2><p><code>{escaped(", ".join(map(_short, connected.works)))}</code></p>
{_failing(connected.fails)}"""


def _failing(fails: Mapping[str, str]) -> str:
    """The tools that will not work, by the reason."""
    ordered = sorted(fails.items(), key=lambda item: item[1])
    parts = "".join(
        f"<p>{escaped(reason)}<br><code>{escaped(', '.join(_short(name) for name, _ in items))}</code></p>"
        for reason, items in groupby(ordered, key=lambda item: item[1])
    )
    return f"<h2>{len(fails)} do not</h2>{parts}" if parts else ""


def _short(tool: str) -> str:
    return tool.removeprefix("CUSTOMERIO_")
