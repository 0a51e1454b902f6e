"""docs/reference/cli.md: every command with every option, as ``--help`` has them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import typer

from tinct.cli import app
from tinct.cli.examples import lines

__all__ = ["write"]

_HEAD = """# The command line

Written from the commands themselves by `scripts/derive`; `tinct COMMAND --help` says the same. The
[quickstart](../quickstart.md) shows the first five minutes, the [recipes](../recipes.md) whole tasks.

"""


def write(text: str) -> str:
    """The whole page."""
    root = typer.main.get_command(app)
    commands = list(_commands(root, click.Context(root, info_name="tinct"), "tinct"))  # type: ignore[arg-type]
    contents = "".join(
        f"| [`{name}`](#{_anchor(name)}) | {_cell(_first(command))} |\n" for name, command in commands
    )
    parts = [_HEAD, "| command | |\n|---|---|\n", contents]
    return "".join(parts + [_described(name, command) for name, command in commands])


def _commands(group: Any, context: Any, path: str) -> Iterator[tuple[str, Any]]:
    """All commands below a group, by name."""
    for name in sorted(set(group.list_commands(context))):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        if hasattr(command, "list_commands"):
            yield from _commands(command, context, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def _described(name: str, command: Any) -> str:
    """One command."""
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option" and not one.hidden]
    words = [name, *(_shown(one) for one in arguments), *(["[OPTIONS]"] if options else [])]
    rows = [f"| `{_shown(one)}` | | {_cell(one.help)} |\n" for one in arguments if one.help]
    rows += [f"| {_option(one)} | {_default(one)} | {_cell(one.help)} |\n" for one in options]
    table = "| | default | |\n|---|---|---|\n" + "".join(rows) if rows else ""
    tries = "\n```bash\n" + "\n".join(lines(name.removeprefix("tinct "), command)) + "\n```\n"
    return f"\n## {name}\n\n```text\n{' '.join(words)}\n```\n\n{_text(command)}\n\n{table}{tries}"


def _text(command: Any) -> str:
    """What a command does; signs that only typer's own formatting knows are left out."""
    return "\n\n".join(
        "\n".join(line.strip() for line in part.splitlines())
        for part in (command.help or "").replace("\b", "").strip().split("\n\n")
    )


def _first(command: Any) -> str:
    return " ".join(_text(command).partition("\n\n")[0].split())


def _shown(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    return name if argument.required else f"[{name}]"


def _option(option: Any) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    value = "" if option.is_flag else _value(option)
    return (f"{names} {value}" if value else names).replace("|", "\\|") + (
        " (required)" if option.required else ""
    )


def _value(option: Any) -> str:
    """What an option takes."""
    if option.metavar:
        return str(option.metavar).strip("[]").replace("|", " or ")
    described = getattr(option, "type_descriptor", None)
    kind = getattr(described, "annotation", None)
    inside = getattr(kind, "__args__", (kind,))[0]
    choices = getattr(inside, "__members__", None)
    if choices:
        return " or ".join(str(one.value) for one in choices.values())
    known = {int: "NUMBER", float: "NUMBER", str: "TEXT", Path: "PATH"}
    if inside in known:
        return known[inside]
    return str(getattr(getattr(option, "type", None), "name", "text")).upper()


def _default(option: Any) -> str:
    if option.is_flag:
        return f"`{option.opts[0]}`" if option.default and option.secondary_opts else ""
    if option.default in (None, ..., "", [], ()) or callable(option.default) or option.required:
        return ""
    shown = option.default.as_posix() if isinstance(option.default, Path) else option.default
    return f"`{getattr(shown, 'value', shown)}`"


def _cell(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


def _anchor(name: str) -> str:
    return name.replace(" ", "-")
