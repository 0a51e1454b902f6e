"""Examples that help texts end with: a person's first tries, and nothing that they would have to guess."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "lines", "shown"]

EXAMPLES: dict[str, tuple[str, ...]] = {
    "background": (
        "tinct background portrait.jpg -o cutout.png",
        "tinct background product.jpg --mode change --color white -o shop/",
        "tinct background portrait.jpg --mode blur --degree 0.3",
    ),
    "cartoon": ("tinct cartoon photo.jpg", "tinct cartoon photo.jpg --lines 0 --tones 5 -o poster.png"),
    "colorize": (
        "tinct colorize old.jpg",
        "tinct colorize album/ --recursive --skip-existing -o coloured/",
        'tinct colorize old.jpg --hint "120,80,navy" --variants 3',
        "tinct colorize frames/ --same-scene -o coloured/",
    ),
    "convert": (
        "tinct convert photo.heic --format jpg",
        "tinct convert - --format webp < photo.png > photo.webp",
    ),
    "correct": ("tinct correct tinted.jpg", "tinct correct tinted.jpg --variants 4 --sheet looks.jpg"),
    "enhance": (
        "tinct enhance small.jpg --scale 4",
        "tinct enhance noisy.jpg --scale 1 --denoise 0.8 -o clean.jpg",
    ),
    "erase": (
        'tinct erase photo.jpg --box "120,80,64,64"',
        "tinct erase photo.jpg --mask mask.png --grow 8 -o clean.jpg",
    ),
    "extend": (
        "tinct extend photo.jpg --to 16:9",
        "tinct extend photo.jpg --left 25% --top 200 -o wider.jpg",
    ),
    "faces": ("tinct faces group.jpg --boxes numbered.jpg", "tinct faces album/ --recursive --json"),
    "generate": (
        'tinct generate --prompt "a lighthouse in snow" --width 768 --height 512 -o lighthouse.png',
        'tinct generate sketch.jpg --prompt "an oil painting of a harbour" --strength 0.5',
    ),
    "hair volume": (
        "tinct hair volume portrait.jpg",
        "tinct hair volume portrait.jpg --degree 1 --where crown",
    ),
    "hair bangs": ("tinct hair bangs portrait.jpg --cut wispy", "tinct hair bangs portrait.jpg --length 0.6"),
    "hair extend": ("tinct hair extend portrait.jpg", "tinct hair extend portrait.jpg --length 1 --wave 0.7"),
    "hair style": ("tinct hair style portrait.jpg --style female_blunt_bob",),
    "hair transfer": (
        "tinct hair transfer portrait.jpg --reference worn.jpg",
        "tinct hair transfer portrait.jpg --reference worn.jpg --color src",
    ),
    "light": ("tinct light dark.jpg", "tinct light holiday/ --degree 0.6 -o lighter/"),
    "makeup": (
        "tinct makeup portrait.jpg --look rose",
        "tinct makeup portrait.jpg --reference worn.jpg --lips 0.7",
    ),
    "migrate": (
        "tinct migrate photo.jpg --auto 4 -o out/",
        'tinct migrate photo.jpg --template "#1B4965,#F4A259"',
        "tinct migrate first.jpg --reference look.jpg --cube look.cube",
        "tinct migrate holiday/ --recursive --apply look.cube -o out/",
        "tinct migrate - --apply look.cube < photo.jpg > recoloured.jpg",
    ),
    "marked": ("tinct marked photo.jpg",),
    "moderate": ("tinct moderate uploads/ --json",),
    "palette": ("tinct palette photo.jpg --count 5",),
    "swap": ("tinct swap group.jpg --reference face.jpg --consent -o swapped.jpg",),
    "doctor": ("tinct doctor --data tinct-data",),
    "replace": (
        "tinct replace room.jpg --mask wall.png --by surface --reference tiles.jpg",
        "tinct replace car.jpg --mask paint.png --by color --color navy",
    ),
    "serve": ("tinct serve --data tinct-data --port 8080",),
    "watch": (
        "tinct watch incoming/ --apply look.cube -o done/",
        "tinct watch incoming/ colorize --degree 0.8 -o done/",
    ),
    "worker": ("tinct worker --data tinct-data --workers 2",),
    "video colorize": ("tinct video colorize film.mp4 -o coloured.mp4 --compare both.mp4",),
    "video correct": ("tinct video correct tinted.mp4 --look vivid",),
    "video enhance": (
        "tinct video enhance small.mp4 --scale 2",
        "tinct video enhance clips/ --scale 1 -o clean/",
    ),
    "video light": ("tinct video light dark.mp4 -o lighter.mp4",),
    "video migrate": (
        'tinct video migrate clip.mp4 --mode template --color "#1B4965" --color "#F4A259"',
        "tinct video migrate clips/ --mode reference --reference look.jpg --cube look.cube -o out/",
    ),
    "callbacks list": ("tinct callbacks list --state failed",),
    "callbacks show": ("tinct callbacks show msg_0123",),
    "callbacks replay": ("tinct callbacks replay msg_0123",),
    "callbacks secret": ("tinct callbacks secret acct_0123 --rotate",),
    "callbacks set": ("tinct callbacks set acct_0123 https://shop.example/hook",),
    "callbacks test": ("tinct callbacks test https://shop.example/hook",),
    "credits grant": ("tinct credits grant acct_0123 500 --kind subscription --days 31",),
    "credits show": ("tinct credits show acct_0123",),
    "credits history": ("tinct credits history acct_0123 --json",),
    "keys create": ('tinct keys create --name "web shop" --credits 1000',),
    "keys list": ("tinct keys list --data tinct-data",),
    "keys revoke": ("tinct keys revoke acct_0123",),
    "keys rotate": ("tinct keys rotate acct_0123 --grace-s 86400",),
    "keys temporary": ("tinct keys temporary SECRET_ID --seconds 1800",),
    "models fetch": ("tinct models fetch --defaults", "tinct models fetch isnet --accept-license"),
    "models import": ("tinct models import archives/",),
    "models list": ("tinct models list",),
    "models path": ("tinct models path",),
    "models runtime": ("tinct models runtime gpu",),
    "models show": ("tinct models show person",),
    "models verify": ("tinct models verify",),
    "webhooks add": ("tinct webhooks add acct_0123 https://shop.example/hook",),
    "webhooks list": ("tinct webhooks list acct_0123",),
    "webhooks remove": ("tinct webhooks remove acct_0123 hook_0123",),
    "webhooks test": ("tinct webhooks test acct_0123 hook_0123",),
}
"""By command; a test runs each through the command's own parser. Others get the shortest call."""


def lines(name: str, command: Any) -> tuple[str, ...]:
    """Examples of a command: its own, or the shortest call."""
    if name in EXAMPLES:
        return EXAMPLES[name]
    said = ["tinct", name]
    for param in command.params:
        if param.name == "photos":
            said.append("photo.jpg")
        elif param.param_type_name == "argument" and param.required:
            said.append(str(param.name).upper())
        elif param.required:
            said += [param.opts[0], str(param.metavar or param.name).upper()]
    return (" ".join(said),)


def shown(command: Any, name: str) -> Any:
    """The command, and those inside it, with examples below their help."""
    inner = getattr(command, "commands", None)
    if inner:
        each = [lines(f"{name} {own}", shown(one, f"{name} {own}")) for own, one in inner.items()]
        first = each[0]
    else:
        first = lines(name, command)
    command.epilog = f"Example: {first[0]}" if len(first) == 1 else "\n\n".join(["Examples:", *first])
    return command
