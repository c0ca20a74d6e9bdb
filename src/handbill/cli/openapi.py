"""`handbill openapi`: what the workspace serves, for other programs."""

import json

import click

from handbill.contract.openapi import document


@click.command
def openapi() -> None:
    """Print OpenAPI 3.1 of the App, Track and Pipelines APIs as this workspace serves them.

    \b
    Examples:
      handbill openapi > handbill.json
    """
    click.echo(json.dumps(document(), indent=2, ensure_ascii=False))
