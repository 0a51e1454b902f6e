"""Limits and choices of the server towards those who call it, whom it fetches from, and whom it tells.

They are a part of `tinct.settings.Settings`, which reads them; nothing else uses this module.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, field_validator

__all__ = ["ServingSettings", "comma_separated"]


def comma_separated(value: object) -> object:
    """A set of words from a text, for settings that are one."""
    if isinstance(value, str):
        return frozenset(part.strip().lower() for part in value.split(",") if part.strip())
    return value


class ServingSettings(BaseModel):
    """Serving, fetching and callbacks."""

    # -- serving ----------------------------------------------------------------------------------
    host: str = Field(
        "127.0.0.1",
        min_length=1,
        description="Address to listen on. Anything but loopback opens the server to the network.",
    )
    port: int = Field(8080, ge=0, le=65535, description="TCP port to listen on; 0 takes a free one.")
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s?#]+$",
        description="Address under which clients reach the server, for links; none takes each request's own.",
    )
    max_connections: int = Field(
        2000,
        ge=16,
        description="Connections at a time, and never more than the limit of open files leaves room for; for one more, "
        "the oldest that waits for a request is closed.",
    )
    connections_per_address: int = Field(
        500,
        ge=1,
        description="Connections of one address at a time, or of one /64 network of IPv6; those of the "
        "trusted proxies are not counted so.",
    )
    header_s: float = Field(
        15.0,
        gt=0,
        description="Seconds in which the head of a request has to be whole, and a new connection has to begin one.",
    )
    body_idle_s: float = Field(
        60.0,
        gt=0,
        description="Seconds that a body's sender or a reply's reader may be silent; then the request is given up. A "
        "few bytes now and then are silence too.",
    )
    log_repeats_per_minute: int = Field(
        60,
        ge=1,
        description="Warnings and errors of one kind that the log gets in a minute; the rest is counted.",
    )
    offline: bool = Field(
        False,
        description="Whether to reach nothing but the database and the store for files: URLs are not fetched, "
        "callbacks are refused, models and runtimes are not brought.",
    )
    max_upload_bytes: int = Field(
        256 * 2**20, gt=0, description="Bytes of one uploaded file, counted while it arrives; 413 beyond."
    )
    max_body_bytes: int = Field(
        1 * 2**20, gt=0, description="Bytes of a request body that is not a file, such as an order in JSON."
    )
    max_params_bytes: int = Field(
        64 * 2**10,
        gt=0,
        description="Bytes of JSON that one job keeps of its parameters; the same for its meta data.",
    )
    max_archive_files: int = Field(5000, ge=1, description="Results that one ZIP of a batch may hold.")
    preview_side: int = Field(
        2048,
        ge=64,
        le=8192,
        description="Pixels of the longer side of a preview, the most that can be asked for; one costs no credit.",
    )
    preview_s: float = Field(
        30.0, gt=0, description="Seconds that one preview may take; a large photo decodes in a few."
    )
    preview_wait_s: float = Field(
        10.0,
        gt=0,
        description="Seconds that one preview may wait for others before 429; with its own time it stays bearable.",
    )
    previews_per_minute: int = Field(
        60, ge=1, description="Previews of one account in a minute before 429; they are made one at a time."
    )
    max_looks: int = Field(200, ge=1, description="Named looks of one account.")
    max_wait_s: float = Field(
        25.0, ge=0, description="Seconds one request may wait for a job; proxies cut at 30 to 60."
    )
    requests_per_minute: int = Field(
        6000, ge=1, description="Requests of one API key in a minute before 429; 100 a second."
    )
    refusals_per_minute: int = Field(
        120,
        ge=1,
        description="Requests without a good key of one address in a minute before 429; 2 a second.",
    )
    anonymous_per_minute: int = Field(
        6000,
        ge=1,
        description="Requests without any key of one address in a minute: public objects; 100 a second.",
    )
    trusted_proxies: Annotated[frozenset[str], BeforeValidator(comma_separated)] = Field(
        frozenset(),
        description="Addresses or networks of proxies before this server, comma-separated; only what they say of a "
        "client's address is believed.",
    )
    forwarded_header: Literal["x-forwarded-for", "forwarded"] = Field(
        "x-forwarded-for",
        description="The one header in which the trusted proxies say it; the other is ignored.",
    )
    metrics_token: str | None = Field(
        None,
        repr=False,
        min_length=16,
        description="Bearer token that may read /metrics from elsewhere; without it, loopback alone may.",
    )
    session_s: float = Field(
        12 * 3600.0,
        ge=60,
        lt=1e9,
        description="Seconds that a browser's session lasts; it ends with its key too.",
    )
    session_link_s: float = Field(
        600.0, gt=0, lt=1e9, description="Seconds in which the link of `tinct serve --open` has to be opened."
    )
    upload_link_s: float = Field(
        3600.0, gt=0, description="Seconds a link works to which a declared file is sent."
    )
    link_s: float = Field(24 * 3600.0, gt=0, description="Seconds a link to a result works.")

    # -- fetching ---------------------------------------------------------------------------------
    allow_private_hosts: Annotated[frozenset[str], BeforeValidator(comma_separated)] = Field(
        frozenset(),
        description="host or host:port, comma-separated: private ones that fetching and callbacks may reach.",
    )
    fetch_connect_s: float = Field(
        5.0, gt=0, description="Seconds to resolve a name, and seconds to connect."
    )
    fetch_total_s: float = Field(
        30.0, gt=0, description="Seconds to fetch one URL, redirects and body included."
    )
    fetch_redirects: int = Field(
        3, ge=0, le=10, description="Redirects that are followed, each checked anew."
    )

    # -- an images service ------------------------------------------------------------------------
    images_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s@]+$",
        description="Address of a service that speaks the OpenAI images API, such as https://host/v1; it makes "
        "pictures for tasks that no model of this machine serves. Prompts and pictures go there.",
    )
    images_key: str | None = Field(None, repr=False, description="Key of the images service, sent as bearer.")
    images_model: str = Field(
        "gpt-image-1", min_length=1, description="Model that the images service is asked for."
    )
    images_sizes: str = Field(
        "1024x1024,1536x1024,1024x1536",
        pattern=r"^\d{2,5}x\d{2,5}(,\d{2,5}x\d{2,5})*$",
        description="Sizes, width by height, that the images service makes, comma-separated.",
    )
    images_answer_s: float = Field(
        180.0, gt=0, description="Seconds that the images service has for a picture, further tries included."
    )

    # -- content credentials ----------------------------------------------------------------------
    c2pa_certificate: Path | None = Field(
        None,
        description="PEM file of an operator's certificate and those that vouch for it. With it and the key files say "
        "under its signature (C2PA) that a model made their pixels.",
    )
    c2pa_key: Path | None = Field(
        None, repr=False, description="PEM file of the certificate's private key, without a password."
    )

    # -- callbacks --------------------------------------------------------------------------------
    callback_slots: int = Field(
        8,
        ge=1,
        le=256,
        description="Callbacks that one worker process sends at a time, apart from its jobs. A dead receiver holds one "
        "for 15 s, and half of them at most.",
    )
    callback_bytes: int = Field(
        20_000, ge=1024, description="Bytes of one callback's message; receivers expect less than 20 kB."
    )
    max_webhooks: int = Field(
        10,
        ge=1,
        le=100,
        description="Addresses of one account that are told of all its jobs of one wire format.",
    )
    callback_rotation_s: float = Field(
        24 * 3600.0,
        ge=0,
        description="Seconds that callbacks are also signed with the secret that a new one replaced.",
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: frozenset[str]) -> frozenset[str]:
        for text in value:
            ipaddress.ip_network(text)
        return value
