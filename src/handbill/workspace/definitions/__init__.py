"""The workspace as files: `apply` reads them in, `export` writes them out."""

from handbill.workspace.definitions.apply import Applied, apply
from handbill.workspace.definitions.export import export

__all__ = ["Applied", "apply", "export"]
