"""``tinct models``: which weights there are, and fetching those that are not part of the package."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tinct.cli import generators
from tinct.cli.backends import AsJson
from tinct.errors import MissingModelError, OutputError, ParameterError

if TYPE_CHECKING:
    from tinct.models.manifest import Model

__all__ = ["app"]

app = typer.Typer(help="List, fetch and verify model weights.", no_args_is_help=True)

app.command()(generators.use)
app.command()(generators.forget)

Names = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME]...", help="Models; see: tinct models list")
]
Accept = Annotated[
    bool, typer.Option("--accept-license", help="Accept the licences of the models that ask for it.")
]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Show all models: what they are for, licence, size, and whether they are installed."""
    from tinct.models import store
    from tinct.models.manifest import models

    rows = [_row(name, model, store.installed(name)) for name, model in models().items()]
    brought = generators.rows()
    if as_json:
        typer.echo(json.dumps([*rows, *brought], indent=2))
        return
    for row in rows:
        state = (
            row["state"]
            if row["installed"] or row["state"] == "packaged"
            else f"{row['state']}, not installed"
        )
        typer.echo(f"{row['name']:22} {row['bytes'] / 1e6:6.1f} MB  {state:23} {row['licence']}")
        typer.echo(f"{'':22} {row['purpose']}")
    for found in brought:
        typer.echo(
            f"{found['task']:22} {found['name']} by {found['engine']}, {found['licence']}: {found['where']}"
        )
        if found["lacks"]:
            typer.echo(f"{'':22} its packages are not installed; run: {found['lacks']}")
    _say_engines()
    typer.echo(
        "default: tinct models fetch --defaults; optional: by name; licence: by name, its licence asks for consent"
    )


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A model; see: tinct models list")], as_json: AsJson = False
) -> None:
    """Show all that is known of a model: its facts, and its card where this package has one."""
    from tinct.models import store
    from tinct.models.manifest import entry

    model, card = entry(name), store.card(name)
    facts = _row(name, model, store.installed(name)) | _details(name, model)
    if as_json:
        typer.echo(json.dumps(facts | {"card": card}, indent=2))
        return
    for key, value in facts.items():
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        typer.echo(f"{key:14} {text}")
    if card is not None:
        typer.echo(f"\n{card.rstrip()}")


@app.command()
def fetch(
    names: Names = None,
    defaults: Annotated[bool, typer.Option("--defaults", help="All that effects use by default.")] = False,
    every: Annotated[bool, typer.Option("--all", help="All there are.")] = False,
    accept_license: Accept = False,
    download: Annotated[
        Path | None,
        typer.Option(help="Only bring the archives, into this folder, for: tinct models import FOLDER"),
    ] = None,
) -> None:
    """Bring models with pip and npm, verify them, and convert them once. May be stopped and run again."""
    from tinct.models import install
    from tinct.models.manifest import fetched

    chosen = _chosen(names, defaults=defaults, every=every)
    _ask(chosen, accept_license)
    if download is not None:
        _download(chosen, download)
        return
    missing: dict[str, list[str]] = {}  # by package
    for name in chosen:
        if install.renew(name):
            _say(f"{name}: installed already")
        else:
            missing.setdefault(fetched(name).package, []).append(name)
    for package, group in missing.items():
        _fetch(package, group)


@app.command()
def verify(names: Names = None, as_json: AsJson = False) -> None:
    """Compare all installed files with their digests; exit status 1 if one differs, or a named one is missing."""
    from tinct.models import install
    from tinct.models.generators.uses import damage as damaged
    from tinct.models.generators.uses import recorded
    from tinct.models.manifest import entry, models

    for name in names or ():
        entry(name)
    found: dict[str, str] = {}
    failed = False
    for name in names or models():
        error = install.damage(name)
        missing = isinstance(error, MissingModelError)
        found[name] = "ok" if error is None else "not installed" if missing else error.message
        failed |= error is not None and (bool(names) or not missing)
    for task, use in () if names else recorded().items():
        error = damaged(use)
        found[f"{task} ({use.facts.name})"] = "ok" if error is None else error.message
        failed |= error is not None
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    else:
        for name, state in found.items():
            typer.echo(f"{name}: {state}")
    if failed:
        raise typer.Exit(1)


@app.command("import")
def import_(
    folder: Annotated[Path, typer.Argument(help="Holds archives that pip and npm saved on another machine.")],
    accept_license: Accept = False,
) -> None:
    """Install models from archives, without a network."""
    from tinct.models import install
    from tinct.models.manifest import packages

    if not os.path.isdir(folder):
        raise ParameterError("folder", str(folder), "a folder with archives")
    found = install.recognise(folder)
    if not found:
        known = ", ".join(package.archive for package in packages().values())
        raise ParameterError("folder", str(folder), f"a folder that holds at least one of: {known}")
    for finding in found:
        for name in install.models_in(finding.package):
            if install.consents([name]) and not accept_license:
                _say(f"{name}: left out, because its licence must be accepted; add --accept-license")
                continue
            if not install.renew(name):
                install.install(name, finding.path)
            _say(f"{name}: installed")


@app.command()
def path(
    name: Annotated[str | None, typer.Argument(help="A model; without it, the folder of all.")] = None,
) -> None:
    """Print where fetched models lie."""
    from tinct.models import store
    from tinct.models.manifest import fetched
    from tinct.settings import current

    if name is not None:
        fetched(name)
    typer.echo(store.folder(name) if name is not None else current().models)


@app.command()
def runtime(
    kind: Annotated[
        str | None, typer.Argument(metavar="[cpu|gpu]", help="What to install; without it, what there is.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what runs the networks, or swap it: onnxruntime's wheels for CPU and GPU have the same files."""
    from tinct.net import runtimes

    if kind not in (None, "cpu", "gpu"):
        raise ParameterError("runtime", kind, "cpu or gpu")
    found = runtimes.look() if kind is None else runtimes.swap("gpu" if kind == "gpu" else "cpu")
    device = _device() if len(found.installed) == 1 and found.providers else None
    if as_json:
        facts = {"installed": found.installed, "providers": found.providers, "device": device}
        typer.echo(json.dumps(facts, indent=2))
    else:
        for package, version in found.installed.items():
            typer.echo(f"{package} {version}: {', '.join(found.providers) or 'cannot be imported'}")
        if device is not None:
            typer.echo(f"networks run on: {device}")
    if len(found.installed) != 1:
        _say("the runtime is missing, or two have overwritten each other; run: tinct models runtime cpu")
        raise typer.Exit(1)
    if "CUDAExecutionProvider" in found.providers and device == "cpu":
        _say(
            "it can use CUDA, but no graphics card with its driver answers here: networks run on the processor"
        )


def _used_by(name: str) -> list[str]:
    """Effects and their engines that need a model."""
    from tinct.effects import registry

    return [
        f"{effect} ({engine})"
        for effect in registry.names()
        for engine, needed in registry.get(effect).engines.items()
        if name in needed
    ]


def _device() -> str:
    """Where a network of the package runs, tried in a fresh process."""
    import subprocess

    code = "from tinct.models import runtime; print(runtime.session('person').device)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "nothing: it cannot run one"


def _say_engines() -> None:
    """One line for each effect that uses models: which of its engines can work now."""
    from tinct.effects.available import available

    typer.echo()
    for name, engines in available().items():
        if not any(engine.models for engine in engines):
            continue
        for engine in engines:
            by = f", by {engine.served_by}" if engine.served_by else ""
            state = f"ready{by}" if engine.ready else f"not yet: {engine.fetch}"
            typer.echo(f"{name:12} {engine.name:14} {state}")
    typer.echo()


def _row(name: str, model: Model, installed: bool) -> dict[str, Any]:
    from tinct.models.manifest import Packaged

    if isinstance(model, Packaged):
        state = "packaged"
    else:
        state = "default" if model.default else "licence" if model.consent else "optional"
    return {
        "name": name,
        "state": state,
        "installed": installed,
        "bytes": model.bytes,
        "licence": model.licence,
        "purpose": model.purpose,
        "origin": model.origin,
    }


def _details(name: str, model: Model) -> dict[str, Any]:
    """What `show` adds to the row of `list`."""
    from tinct.models import store
    from tinct.models.manifest import Packaged, packages

    memory = {"memory_bytes": model.memory_bytes, "used_by": _used_by(name)}
    if isinstance(model, Packaged):
        return memory | {"sha256": model.sha256}
    package = packages()[model.package]
    return memory | {
        "package": f"{package.name} {package.version} ({package.registry}), {package.bytes} bytes to fetch",
        "sha256": [f"{source.sha256} {source.file}" for source in model.sources],
        "folder": str(store.folder(name)),
        **({"consent": model.consent} if model.consent else {}),
    }


def _chosen(names: list[str] | None, *, defaults: bool, every: bool) -> list[str]:
    """Names of the models that are meant."""
    from tinct.models.manifest import Fetched, fetched, models

    known = {name: model for name, model in models().items() if isinstance(model, Fetched)}
    given = [name for name in known if every or (defaults and known[name].default)]
    for name in names or ():
        fetched(name)
        given.append(name)
    if not given:
        raise ParameterError(
            "NAME", "nothing", "one or more of " + ", ".join(known) + ", or --defaults, or --all"
        )
    return list(dict.fromkeys(given))


def _ask(names: list[str], accepted: bool) -> None:
    """Get consent to each licence that asks for it: by option, or by a question on a terminal."""
    from tinct.models import install

    if not accepted and sys.stdin.isatty():
        for name, model in install.consents(names).items():
            typer.echo(f"{name} is under {model.licence}. {model.consent}", err=True)
            accepted = typer.confirm("Do you accept this?", err=True)
            if not accepted:
                break
    install.check(names, accepted=accepted)


def _fetch(package: str, names: list[str]) -> None:
    from tinct.models import archives, install

    archive = archives.kept(package) or _bring(package)
    for name in names:
        install.install(name, archive)
        _say(f"{name}: installed")
    archives.discard(package)


def _bring(package: str) -> Path:
    from tinct.models import archives
    from tinct.models.manifest import packages
    from tinct.net.packages import download

    wanted = packages()[package]
    _say(f"bringing {wanted.name} {wanted.version} from {wanted.registry} ({wanted.bytes / 1e6:.0f} MB)")
    with archives.workspace() as folder:
        found = download(wanted.registry, wanted.name, wanted.version, wanted.archive, folder)
        return archives.keep(package, found)


def _download(names: list[str], folder: Path) -> None:
    import shutil

    from tinct.models import archives
    from tinct.models.manifest import fetched, packages

    for package in dict.fromkeys(fetched(name).package for name in names):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.move(archives.kept(package) or _bring(package), folder / packages()[package].archive)
        except OSError:
            raise OutputError("the archives cannot be written to this folder; choose another") from None
        _say(f"{packages()[package].archive}: saved")


def _say(line: str) -> None:
    typer.echo(line, err=True)
