"""The command ``tinct``."""

from __future__ import annotations

import codecs
import functools
import importlib
import io
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from tinct import __version__, extras
from tinct.cli import examples
from tinct.cli.lines import plain
from tinct.cli.refusals import sentence
from tinct.cli.words import TYPED
from tinct.effects import registry
from tinct.errors import ParameterError, TinctError
from tinct.loading import end_quickly

if TYPE_CHECKING:
    from tinct.cli.effects import EffectCommand

__all__ = ["app", "main"]

_SPECIAL = ("background", "colorize", "enhance", "erase", "migrate", "moderate")
"""Effects whose commands have a module of their own here."""
_NAMED = ("detect_faces",)
"""Effects whose commands have a name of their own: `tinct faces`."""
_GROUPS = {"hair": "Hair of one person: volume, bangs, length, and other hair."}
"""First words of effects whose commands stand together: `hair_volume` is `tinct hair volume`."""
_OTHERS = {
    "doctor": "doctor:doctor",
    "faces": "faces:faces",
    "marked": "faces:marked",
    "palette": "palette:palette",
    "serve": "serve:serve",
    "watch": "watch:watch",
    "worker": "worker:worker",
    "video": "video:app",
    "callbacks": "callbacks:app",
    "webhooks": "webhooks:app",
    "credits": "credits:app",
    "keys": "keys:app",
    "models": "models:app",
}
"""The module here, and in it the function or group, of each command that is of no effect; loaded when asked for."""
_PASSING = ("watch",)
"""Commands that pass options on to another one."""


class _Commands(TyperGroup):
    """Commands of effects are made when they are asked for: their libraries are slow to load."""

    _listing = False

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The list of commands needs their sentences alone."""
        self._listing = True
        super().format_help(ctx, formatter)

    def list_commands(self, ctx: Any) -> list[str]:
        alone = [name for name in _effects() if name.partition("_")[0] not in _GROUPS]
        return [*(name.replace("_", "-") for name in alone), *_OTHERS, *_GROUPS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        effect = cmd_name.replace("-", "_")
        if cmd_name in _OTHERS:
            own = _other(cmd_name)
        elif cmd_name in _GROUPS:
            own = _group(cmd_name)
        elif effect not in _effects():
            return None
        elif self._listing:
            return TyperCommand(cmd_name, help=registry.sentence(effect))
        else:
            own = _command(effect)
        return examples.shown(own, cmd_name)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Errors will say the options as they were typed."""
        ctx.meta[TYPED] = list(args)
        return super().parse_args(ctx, args)

    def main(self, args: Any = None, prog_name: str | None = None, *more: Any, **options: Any) -> Any:
        """Wrong options are one sentence in one form, and exit status 2."""
        alone = options.pop("standalone_mode", True)
        run: Any = functools.partial(super().main, args, prog_name, *more, **options)
        if not alone:
            return run(standalone_mode=False)
        try:
            status = run(standalone_mode=False)
        except typer.Abort:
            typer.echo("tinct: stopped", err=True)
            status = 1
        except Exception as error:
            if not hasattr(error, "format_message") or not hasattr(error, "ctx"):
                raise
            if type(error).__name__ == "NoArgsIsHelpError":
                error.show()  # type: ignore[attr-defined]
            else:
                typer.echo(f"tinct: {sentence(error)}", err=True)
            status = 2
        sys.exit(status if isinstance(status, int) else 0)


class _Group(TyperGroup):
    """Commands of effects whose names begin with the group's."""

    def list_commands(self, ctx: Any) -> list[str]:
        own = f"{self.name}_"
        made = [name.removeprefix(own).replace("_", "-") for name in _effects() if name.startswith(own)]
        return [*made, *super().list_commands(ctx)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        effect = f"{self.name}_{cmd_name.replace('-', '_')}"
        if effect not in _effects():
            return super().get_command(ctx, cmd_name)
        own = _command(effect)
        own.name = cmd_name
        return examples.shown(own, f"{self.name} {cmd_name}")


def _effects() -> tuple[str, ...]:
    """All effects that have a command of their name, those of one's own included."""
    _register()
    return tuple(name for name in registry.names() if name not in _NAMED)


@functools.cache
def _register() -> None:
    from tinct.settings import current

    for name, where in current().own_effects():
        registry.register(name, where)


def _command(name: str) -> Any:
    """The command of an effect."""
    module = importlib.import_module(f"tinct.cli.{name if name in _SPECIAL else 'effects'}")
    kind: type[EffectCommand] = module.Command if name in _SPECIAL else module.EffectCommand
    return kind.command(registry.get(name))


def _other(name: str) -> Any:
    """A command that is of no effect."""
    module, _, attribute = _OTHERS[name].partition(":")
    found = getattr(importlib.import_module(f"tinct.cli.{module}"), attribute)
    if isinstance(found, typer.Typer):
        own: Any = typer.main.get_group(found)
        own.name = name
        return own
    alone = typer.Typer(add_completion=False)
    passes = {"ignore_unknown_options": True, "allow_extra_args": True} if name in _PASSING else None
    alone.command(name, context_settings=passes)(found)
    return typer.main.get_command(alone)


def _group(name: str) -> Any:
    """Commands of effects that stand together, and what belongs to them."""
    made = typer.Typer(cls=_Group, no_args_is_help=True, help=_GROUPS[name])
    made.callback()(lambda: None)
    if name == "hair":
        from tinct.cli import hair_styles

        made.add_typer(hair_styles.app, name="styles")
    own: Any = typer.main.get_group(made)
    own.name = name
    return own


app = typer.Typer(
    cls=_Commands, no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]}
)


def _say_version(asked: bool) -> None:
    if asked:
        typer.echo(f"tinct {__version__}")
        raise typer.Exit


@app.callback()
def _tinct(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Say which version this is."),
    ] = False,
) -> None:
    """Photo colour: as a library, a command line and a server."""


def _written_anyhow(error: UnicodeError) -> tuple[str | bytes, int]:
    """What stands for letters that a stream cannot hold: of a file's name its own bytes, else their codes."""
    try:
        return codecs.lookup_error("surrogateescape")(error)
    except UnicodeError:
        return codecs.lookup_error("backslashreplace")(error)


def main() -> None:
    """Run the command line; an error of Tinct is one sentence, and exit status 2 for a wrong option, else 1."""
    codecs.register_error("tinct", _written_anyhow)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="tinct")
    end_quickly()
    try:
        app()
    except TinctError as error:
        typer.echo(f"tinct: {plain(str(error))}", err=True)
        sys.exit(2 if isinstance(error, ParameterError) else 1)
    except ModuleNotFoundError:
        if not extras.lacking(extras.SERVER):
            raise
        typer.echo(
            f"tinct: this command belongs to the server, which is not installed; run: {extras.command(extras.SERVER)}",
            err=True,
        )
        sys.exit(2)
