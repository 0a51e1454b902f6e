"""Limits and choices of jobs and of the workers that run them.

They are a part of `tinct.settings.Settings`, which reads them; nothing else uses this module.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field

from tinct.serving import comma_separated

__all__ = ["ORDINARY", "WorkingSettings"]

ORDINARY = "ordinary"
"""What a worker does which takes jobs that need no capability."""
Capability = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]{0,30}$")]


class WorkingSettings(BaseModel):
    """Jobs, workers, and what is asked of what they make."""

    # -- jobs -------------------------------------------------------------------------------------
    workers: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=0,
        le=256,
        description="Jobs that one worker process runs at a time, one child each. Effects use a core each. 0: this "
        "server has no worker process of its own, and others do the work.",
    )
    work_for: Annotated[frozenset[Capability], BeforeValidator(comma_separated)] = Field(
        frozenset(),
        description="What the worker takes: ordinary (jobs that need nothing particular), generate (jobs that need an "
        "image generator), gpu, or a capability that an operator's own effects name; comma-separated. None: ordinary "
        "jobs, and what else this machine has the means for.",
    )
    job_deadline_s: float = Field(
        300.0, gt=0, description="Seconds one attempt may run; an order may ask for less, never for more."
    )
    longest_job_s: float = Field(
        3600.0,
        gt=0,
        description="Seconds one attempt may run where its effect foresees that it takes longer than usual: three "
        "times the estimate, and what would need more than this is refused.",
    )
    job_attempts: int = Field(
        3,
        ge=1,
        le=20,
        description="Attempts of a job whose process dies. More rarely helps: it is the photo.",
    )
    job_memory_bytes: int = Field(
        4 * 2**30,
        ge=256 * 2**20,
        description="Resident bytes of one child; above it the job fails, the rest goes on.",
    )
    child_jobs: int = Field(
        1000,
        ge=1,
        description="Jobs after which a child is replaced, so that no leak in a library grows for ever.",
    )
    child_idle_bytes: int = Field(
        1 * 2**30,
        ge=64 * 2**20,
        description="Resident bytes between two jobs above which a child is replaced.",
    )
    max_queued_jobs: int = Field(
        200_000, ge=1, description="Jobs that may wait; more are refused with a time to come back."
    )
    heartbeat_s: float = Field(2.0, gt=0, description="Seconds between a worker's signs of life.")
    stalled_s: float = Field(
        10.0,
        gt=0,
        description="Seconds without a sign of life after which a worker's jobs are given to others.",
    )
    sweep_s: float = Field(
        5.0, gt=0, description="Seconds between two looks for stalled jobs and expired files."
    )
    aging_s: float = Field(
        600.0,
        gt=0,
        description="Seconds after which a waiting job is raised to high priority, so that none starves.",
    )
    shutdown_s: float = Field(
        30.0, ge=0, description="Seconds that running jobs get to finish when a worker is told to stop."
    )
    idempotency_s: float = Field(
        24 * 3600.0, gt=0, description="Seconds an idempotency key is remembered: a day, as clients expect."
    )
    extra_effects: str = Field(
        "",
        description="Own effects as name=module:ATTRIBUTE, comma-separated; the module must be importable.",
    )

    generation_check: bool = Field(
        True,
        description="Whether the prompts of orders for a generator are held against the list of words, and the photos "
        "that go in and the pictures that come out against the content check, where its weights are installed. False "
        "leaves all of it to the operator.",
    )
    prompt_words: Path | None = Field(
        None,
        description="TOML file of words that no prompt may have, beside the package's own list, or instead of it.",
    )
    prompt_hook: str | None = Field(
        None,
        min_length=1,
        description="An operator's own check of prompts: module:function, which gives a sentence to refuse, or a "
        "command, which reads JSON and ends with status 1 to refuse. It is asked whatever generation_check says.",
    )
    prompt_hook_s: float = Field(
        5.0, gt=0, description="Seconds that the hook has for a prompt; then the order is refused."
    )

    allow_swap: bool = Field(
        False,
        description="Whether orders of face swap are taken. Who switches it on says that callers have the consent "
        "of those who are shown; each order has to say so too.",
    )

    prices: Path | None = Field(
        None,
        description="TOML file that changes what effects cost, by parameters and files too; none: their own prices.",
    )
