"""What a picture from a prompt costs here: a diffusion model of the size of Stable Diffusion 1.5 with random weights.

    python -m benchmarks.generate            # float32 and bfloat16, 512 pixels, two steps each
    python -m benchmarks.generate --side 256 --dtype bfloat16
    python -m benchmarks.generate --engine stable-diffusion.cpp     # float16 and q8_0, where its library is installed

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

from benchmarks import random_single_file
from tinct import apart
from tinct.machine import cores, peak_memory
from tinct.models import runtime

STEPS = 25
DTYPES = {"diffusers": ("float32", "bfloat16"), "stable-diffusion.cpp": ("float16", "q8_0")}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--side", type=int, default=512, help="pixels of the square")
    parser.add_argument("--engine", choices=DTYPES, default="diffusers")
    parser.add_argument("--dtype", action="append", help="numbers; two of the engine's by default")
    parser.add_argument("--threads", type=int, default=cores(), help="that it computes with")
    parser.add_argument("--tiny", action="store_true", help="the model of the tests, to try this program")
    parser.add_argument("--model", type=Path, help="a folder or a file of one's own instead")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        runtime.use_threads(given.threads)
        print(json.dumps(one(given.engine, given.model, given.one, given.side)))
        return
    with tempfile.TemporaryDirectory() as folder:
        model = given.model or Path(folder) / "model.safetensors"
        if given.model is None and given.engine != "diffusers":
            random_single_file.write(model)
        elif given.model is None:
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
        for dtype in given.dtype or DTYPES[given.engine]:
            command = [sys.executable, "-W", "ignore", "-m", "benchmarks.generate", "--one", dtype]
            command += ["--model", str(model), "--side", str(given.side)]
            command += ["--engine", given.engine, "--threads", str(given.threads)]
            found = json.loads(
                subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
            )
            whole = STEPS * found["step"] + found["rest"]
            print(
                f"| {dtype} | {found['step']:.1f} | {found['rest']:.1f} | {whole:.0f} | {found['load']:.1f} |"
                f" {found['peak'] / 1e9:.1f} GB |",
                flush=True,
            )
        print(f"\n{given.engine}, {given.side}x{given.side}, {given.threads} threads, {cores()} cores")


def one(name: str, model: Path, dtype: str, side: int) -> dict[str, float]:
    """Processor seconds of a step and of the rest, and bytes."""
    from tinct.models.generators import registry
    from tinct.models.generators.port import Facts, Request
    from tinct.models.generators.uses import Use

    apart.forbid()  # all of it counts as this process's
    found = registry.look(name, model)
    facts = Facts(
        engine=name,
        name="random",
        family=found.family.name,
        licence="none",
        serves=found.serves,
        sizes=found.sizes,
    )
    began = time.process_time()
    engine = registry.opened(Use(where=str(model), facts=facts, options={"dtype": dtype}))
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
