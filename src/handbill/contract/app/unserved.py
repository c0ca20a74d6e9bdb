"""What the App API has and this workspace does not serve, each with the reason. Reference 10, 11."""

from collections.abc import Iterator

from handbill.contract.endpoint import Endpoint

_LIVE = "Live activities on phones need Apple's and Google's servers for them; push is the channel that is here."
_INDEX = "Descriptions of attributes and events appear only in Customer.io's own pages."
_ASSETS = "Pictures and files are yours to host: a workspace on your machine is no place people's mail can load from."
_DESIGN = "Design Studio is an editor on Customer.io's pages; here messages are files (`handbill apply`)."


def endpoints() -> Iterator[Endpoint]:
    """Each of them, with only what a table needs: nobody reads or answers them."""
    yield from _of("live_notifications", _LIVE, _LIVE_NOTIFICATIONS)
    yield from _of("data_index", _INDEX, _DATA_INDEX)
    yield from _of("assets", _ASSETS, _FILES_AND_FOLDERS)
    yield from _of("design_studio", _DESIGN, _DESIGNS)


def _of(resource: str, why: str, listed: str) -> Iterator[Endpoint]:
    for line in listed.strip().splitlines():
        methods, path, does = line.split(maxsplit=2)
        for method in methods.split(","):
            yield Endpoint(
                name=f"{resource}.{method.lower()}{path.replace('/', '.')}",
                method=method,
                path=f"/v1/{resource}{path.rstrip('/')}",
                does=does,
                source="10",
                unserved=why,
            )


_LIVE_NOTIFICATIONS = """
POST /start Start a live notification
POST /update Change a live notification
POST /end End a live notification
"""
_DATA_INDEX = """
POST /attributes Describe attributes
POST /events Describe events
"""
_FILES_AND_FOLDERS = """
GET / List files and folders
POST /files Upload a file
GET,PUT,DELETE /files/{file_id} One file
GET,POST /folders Folders
GET,PUT,DELETE /folders/{folder_id} One folder
"""
_DESIGNS = """
GET,POST /folders Folders
GET,PUT,DELETE /folders/{folder_id} One folder
GET,POST /components Components
GET,PUT,DELETE /components/{component_id} One component
GET,POST /emails Emails
GET,PUT,DELETE /emails/{email_id} One email
GET,POST /emails/{email_id}/languages An email's translations
GET,PUT,DELETE /emails/{email_id}/languages/{language} One translation
POST /emails/{email_id}/publish Publish an email
GET /emails/{email_id}/unpublished_changes Whether an email has unpublished changes
"""
