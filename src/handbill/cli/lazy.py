"""A group whose commands are imported when they are used, so that `handbill --help` stays quick."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """`commands_at` maps each name to `module:attribute` and the sentence that help shows."""

    def __init__(
        self, *args: Any, commands_at: Mapping[str, tuple[str, str]], every: Callable[[], click.Option], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._commands_at = commands_at
        self._every = every

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self._commands_at]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._commands_at:
            return None
        module, _, attribute = self._commands_at[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        self._add_option(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, sentence) for name, (_, sentence) in self._commands_at.items()])

    def _add_option(self, command: click.Command) -> None:
        option = self._every()
        if all(option.name != parameter.name for parameter in command.params):
            command.params.append(option)
        for inner in command.commands.values() if isinstance(command, click.Group) else ():
            self._add_option(inner)
