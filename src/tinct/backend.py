"""Everything behind the API, opened and closed together."""

from __future__ import annotations

import functools
import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from tinct.accounts.credits import Credits
from tinct.accounts.key_pairs import KeyPairs
from tinct.accounts.keys import Accounts
from tinct.accounts.limits import Limits
from tinct.accounts.prices import Prices
from tinct.accounts.sessions import Sessions
from tinct.accounts.signing import SigningSecrets
from tinct.accounts.tokens import Tokens
from tinct.effects import registry
from tinct.errors import StorageError
from tinct.jobs.archives import Archives
from tinct.jobs.callbacks.recipe import Recipe
from tinct.jobs.callbacks.service import Callbacks
from tinct.jobs.callbacks.webhooks import Webhooks
from tinct.jobs.capabilities import Capabilities
from tinct.jobs.changes import Changes
from tinct.jobs.declarations import Declarations
from tinct.jobs.files import Files
from tinct.jobs.intake import Intake
from tinct.jobs.looks import Looks
from tinct.jobs.previews import Previews
from tinct.jobs.prompts import Prompts
from tinct.jobs.queue import Queue, schema
from tinct.jobs.service import Jobs
from tinct.net.deliver import Deliverer
from tinct.net.fetch import Fetcher
from tinct.objects.buckets import Buckets
from tinct.objects.contents import Contents
from tinct.objects.multipart import Multipart
from tinct.objects.objects import Objects
from tinct.settings import Settings
from tinct.storage.blobs import Blobs, open_blobs
from tinct.storage.database import Database
from tinct.storage.keyring import open_keyring
from tinct.storage.links import Links

__all__ = ["Backend", "open_backend"]

_RECIPES: Final = {
    "native": "tinct.dialects.native.callbacks:recipe",
    "picma": "tinct.dialects.picma.callbacks:recipe",
    "youcam": "tinct.dialects.youcam.webhooks:recipe",
}
"""How each wire format tells of a job's end, ``module:function`` of a backend; imported when one is first sent."""


@dataclass(frozen=True, kw_only=True)
class Backend:
    """The parts, each usable by itself."""

    settings: Settings
    database: Database
    blobs: Blobs
    links: Links
    accounts: Accounts
    tokens: Tokens
    sessions: Sessions
    key_pairs: KeyPairs
    credits: Credits
    prices: Prices
    limits: Limits
    files: Files
    declarations: Declarations
    buckets: Buckets
    contents: Contents
    objects: Objects
    multipart: Multipart
    queue: Queue
    changes: Changes
    capabilities: Capabilities
    jobs: Jobs
    archives: Archives
    previews: Previews
    looks: Looks
    callbacks: Callbacks
    webhooks: Webhooks
    fetcher: Fetcher
    intake: Intake


@asynccontextmanager
async def open_backend(settings: Settings, *, listens: bool = True) -> AsyncIterator[Backend]:
    """Start or join the database, bring its schema up to date, and open the rest.

    Parameters
    ----------
    settings : Settings
    listens : bool
        False: nobody in this process waits for jobs, so that it need not hear of their changes.

    Raises
    ------
    DatabaseError, StorageError, ParameterError
        Something cannot be opened; the sentence says what.
    """
    for name, where in settings.own_effects():
        registry.register(name, where)
    prices = Prices.read(settings.prices, (*registry.names(), *registry.clip_names()))
    try:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        where = f"the data folder {settings.data} cannot be made"
        raise StorageError(f"{where}; choose another with --data or TINCT_DATA") from None
    keyring = open_keyring(settings)
    blobs = open_blobs(settings)
    database = await Database.open(settings, schema())
    try:
        queue = Queue(database)
        await queue.open()
        changes = Changes(database)
        if listens:
            changes.start()
        try:
            files = Files(database, blobs, settings)
            contents = Contents(database, blobs, settings)
            accounts, tokens = Accounts(database, keyring), Tokens(database, keyring)
            secrets = SigningSecrets(database, keyring, "callbacks")
            deliverer, rotation_s = Deliverer(settings), settings.callback_rotation_s
            objects, fetcher = Objects(database, contents), Fetcher(settings)
            capabilities = Capabilities(database, settings)
            jobs = Jobs(
                database, queue, changes, capabilities, files, blobs, prices, Prompts(settings), settings
            )
            callbacks = Callbacks(database, secrets, deliverer, rotation_s=rotation_s)
            backend = Backend(
                settings=settings,
                database=database,
                blobs=blobs,
                links=Links(keyring),
                accounts=accounts,
                tokens=tokens,
                sessions=Sessions(tokens, accounts, keyring, settings),
                key_pairs=KeyPairs(accounts),
                credits=Credits(database),
                prices=prices,
                limits=Limits(database),
                files=files,
                declarations=Declarations(database, blobs, settings),
                buckets=Buckets(database),
                contents=contents,
                objects=objects,
                multipart=Multipart(database, contents, settings),
                queue=queue,
                changes=changes,
                capabilities=capabilities,
                jobs=jobs,
                looks=Looks(database, files, settings),
                archives=Archives(database, jobs, files, settings),
                previews=Previews(blobs, settings),
                callbacks=callbacks,
                webhooks=Webhooks(database, callbacks, settings),
                fetcher=fetcher,
                intake=Intake(jobs, files, objects, fetcher, settings),
            )
            for name, where in _RECIPES.items():
                backend.callbacks.register(name, functools.partial(_recipe, where, backend))
            jobs.leases.start()
            try:
                yield backend
            finally:
                backend.previews.rest()
                await jobs.leases.stop()
        finally:
            await changes.stop()
    finally:
        await database.close()


def _recipe(where: str, backend: Backend) -> Recipe:
    """Import a wire format's recipe and give it what it needs."""
    module, _, function = where.partition(":")
    recipe: Recipe = getattr(importlib.import_module(module), function)(backend)
    return recipe
