"""What a picture from a prompt costs here: a diffusion model of the size of Stable Diffusion 1.5 with random weights.

    python -m benchmarks.generate            # float32 and bfloat16, 512 pixels, two steps each
    python -m benchmarks.generate --side 256 --dtype bfloat16

Time does not depend on what the weights say. Each line is measured in a process of its own: processor seconds of one
step and of the rest, and the most memory. A whole picture of 25 steps is extrapolated from them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tinct.machine import cores, peak_memory

STEPS = 25


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--side", type=int, default=512, help="pixels of the square")
    parser.add_argument("--dtype", action="append", help="float32, bfloat16; both by default")
    parser.add_argument("--tiny", action="store_true", help="the model of the tests, to try this program")
    parser.add_argument("--model", type=Path, help="a folder of one's own instead")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(one(given.model, given.one, given.side)))
        return
    with tempfile.TemporaryDirectory() as folder:
        model = given.model or Path(folder) / "model"
        if given.model is None:
            code = (
                "import sys, torch; from pathlib import Path; from benchmarks import random_diffusion as made;"
                "sizes = made.SIZES if sys.argv[2] == 'tiny' else made.FULL;"
                "dtype = torch.float16 if sizes is made.FULL else torch.float32;"
                "made.make(Path(sys.argv[1]), sizes=sizes, dtype=dtype)"
            )
            size = "tiny" if given.tiny else "full"
            subprocess.run([sys.executable, "-W", "ignore", "-c", code, str(model), size], check=True)
        print(
            f"| numbers | step, processor s | rest | {STEPS} steps | load | peak |\n|---|--:|--:|--:|--:|--:|"
        )
        for dtype in given.dtype or ("float32", "bfloat16"):
            command = [sys.executable, "-W", "ignore", "-m", "benchmarks.generate", "--one", dtype]
            command += ["--model", str(model), "--side", str(given.side)]
            found = json.loads(
                subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
            )
            whole = STEPS * found["step"] + found["rest"]
            print(
                f"| {dtype} | {found['step']:.1f} | {found['rest']:.1f} | {whole:.0f} | {found['load']:.1f} |"
                f" {found['peak'] / 1e9:.1f} GB |",
                flush=True,
            )
        print(f"\n{given.side}x{given.side}, {cores()} cores")


def one(model: Path, dtype: str, side: int) -> dict[str, float]:
    """Processor seconds of a step and of the rest, and bytes."""
    from tinct.models.generators.diffusion.engine import Diffusers
    from tinct.models.generators.diffusion.look import look
    from tinct.models.generators.port import Facts, Request
    from tinct.models.generators.uses import Use

    found = look(model)
    facts = Facts(
        engine="diffusers",
        name="random",
        family=found.family.name,
        licence="none",
        serves=found.serves,
        sizes=found.sizes,
    )
    began = time.process_time()
    engine = Diffusers(Use(where=str(model), facts=facts, options={"dtype": dtype, "device": "cpu"}))
    loaded = time.process_time()
    heard: list[float] = []
    engine.make(
        Request(prompt="a red chair", size=(side, side), steps=2),
        lambda share: heard.append(time.process_time()),
    )
    ended = time.process_time()
    step = heard[1] - heard[0]  # the first step has the words before it
    return {
        "load": loaded - began,
        "step": step,
        "rest": ended - loaded - 2 * step,
        "peak": float(peak_memory()),
    }


if __name__ == "__main__":
    main()
