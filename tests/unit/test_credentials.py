"""Signed statements that a model made a picture, by a certificate of the test's own; read back by the library."""

from __future__ import annotations

import asyncio
import datetime
import io
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("c2pa", reason="the extra credentials is not installed")

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

import painter
import tinct
from backends import Postgres, working
from tinct.backend import open_backend
from tinct.errors import OutputError, ParameterError
from tinct.jobs.job import JobState, Order
from tinct.models.generators import registry
from tinct.photo import decode, provenance
from tinct.photo.credentials import signatory
from tinct.photo.encode import encode
from tinct.photo.photo import Photo
from tinct.settings import Settings, current, use

NOW = datetime.datetime.now(datetime.UTC)
USAGE = dict.fromkeys(
    (
        *(
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
        ),
        *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
    ),
    False,
)


def _certificate(
    name: str, issuer: str, key: Any, signed_by: Any, *, days: int = 9, root: bool = False
) -> Any:
    def named(text: str) -> x509.Name:
        return x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test"),
                x509.NameAttribute(NameOID.COMMON_NAME, text),
            ]
        )

    usage = USAGE | ({"key_cert_sign": True, "crl_sign": True} if root else {"digital_signature": True})
    built = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - datetime.timedelta(days=20))
        .not_valid_after(NOW + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(root, None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signed_by.public_key()), critical=False
        )
    )
    if not root:
        built = built.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
        )
    return built.sign(signed_by, hashes.SHA256())


def _written(folder: Path, key: Any, days: int = 9) -> dict[str, Path]:
    """Settings for a certificate of `key`, which a root of the test's own vouches for."""
    folder.mkdir(exist_ok=True)
    authority = ec.generate_private_key(ec.SECP256R1())
    chain = [
        _certificate("signer", "root", key, authority, days=days),
        _certificate("root", "root", authority, authority, root=True),
    ]
    pem = serialization.Encoding.PEM
    (folder / "chain.pem").write_bytes(b"".join(one.public_bytes(pem) for one in chain))
    plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(plain)
    return {"c2pa_certificate": folder / "chain.pem", "c2pa_key": folder / "key.pem"}


@pytest.fixture
def signing(tmp_path: Path) -> dict[str, Path]:
    return _written(tmp_path / "own", ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture(autouse=True)
def _settings_come_back() -> Iterator[None]:
    before = current()
    yield
    use(before)
    registry.drop()


def _read(data: bytes, media_type: str) -> tuple[str, str]:
    """What the library makes of a file: whether it is as it was signed, and which source of its pixels it states."""
    with c2pa.Reader(media_type, io.BytesIO(data)) as reader:
        found = json.loads(reader.json())
    active = found["manifests"][found["active_manifest"]]
    (actions,) = [one for one in active["assertions"] if one["label"].startswith("c2pa.actions")]
    (action,) = actions["data"]["actions"]
    assert active["claim_generator_info"][0]["name"] == "Tinct"
    assert active["signature_info"]["common_name"] == "signer"
    assert "thumbnail" not in active
    return found["validation_state"], action["digitalSourceType"].rpartition("/")[2]


def _invented(kind: Any = "trainedAlgorithmicMedia") -> Photo:
    rng = np.random.default_rng(3)
    return provenance.marked(Photo(rng.integers(0, 256, (48, 64, 3)).astype(np.uint8)), kind)


@pytest.mark.parametrize("format", ["jpeg", "png", "webp", "tiff"])
@pytest.mark.parametrize("kind", ["trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"])
def test_a_file_says_under_a_signature_that_a_model_made_it(
    signing: dict[str, Path], format: str, kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("no network is asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    photo = _invented(kind)
    plain = encode(photo, format)
    use(Settings(**signing))
    data = encode(photo, format)
    assert _read(data, f"image/{format}") == ("Valid", kind)
    assert len(data) > len(plain)
    np.testing.assert_array_equal(decode.open(data).pixels, decode.open(plain).pixels)
    assert provenance.source(decode.open(data)) == kind
    assert encode(Photo(photo.pixels), format) != data
    with pytest.raises(c2pa.C2paError):  # nobody signs what no model made
        c2pa.Reader(f"image/{format}", io.BytesIO(encode(Photo(photo.pixels), format)))


def test_a_file_that_is_changed_afterwards_is_found_out(signing: dict[str, Path]) -> None:
    use(Settings(**signing))
    data = bytearray(encode(_invented(), "png"))
    data[-40] ^= 1
    assert _read(bytes(data), "image/png")[0] == "Invalid"


def test_a_saved_file_is_signed_too(signing: dict[str, Path], tmp_path: Path) -> None:
    use(Settings(**signing))
    saved = _invented().save(tmp_path / "a.jpg")
    assert _read(saved.read_bytes(), "image/jpeg")[0] == "Valid"


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP384R1()),
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(65537, 2048),
    ],
    ids=["P-384", "Ed25519", "RSA"],
)
def test_keys_of_all_usual_kinds_sign(tmp_path: Path, key: Any) -> None:
    use(Settings(**_written(tmp_path / "own", key)))
    assert _read(encode(_invented(), "jpeg"), "image/jpeg")[0] == "Valid"


def test_what_cannot_sign_is_refused_by_the_setting_that_is_wrong(
    signing: dict[str, Path], tmp_path: Path
) -> None:
    other = _written(tmp_path / "other", ec.generate_private_key(ec.SECP256R1()))
    (tmp_path / "text").write_text("no certificate")
    certificate, key = signing["c2pa_certificate"], signing["c2pa_key"]
    for given, named in (
        ({"c2pa_key": key}, "TINCT_C2PA_CERTIFICATE"),
        ({"c2pa_certificate": certificate}, "TINCT_C2PA_KEY"),
        ({"c2pa_certificate": tmp_path / "nowhere", "c2pa_key": key}, "TINCT_C2PA_CERTIFICATE"),
        ({"c2pa_certificate": tmp_path / "text", "c2pa_key": key}, "TINCT_C2PA_CERTIFICATE"),
        ({"c2pa_certificate": certificate, "c2pa_key": tmp_path / "text"}, "TINCT_C2PA_KEY"),
        ({"c2pa_certificate": certificate, "c2pa_key": other["c2pa_key"]}, "TINCT_C2PA_KEY"),
    ):
        with pytest.raises(ParameterError, match=named):
            signatory(Settings(**given))
    assert signatory(Settings()) is None


def test_an_expired_certificate_signs_nothing(tmp_path: Path) -> None:
    use(Settings(**_written(tmp_path / "own", ec.generate_private_key(ec.SECP256R1()), days=-1)))
    with pytest.raises((OutputError, ParameterError), match="TINCT_C2PA_CERTIFICATE"):
        encode(_invented(), "png")


@pytest.mark.asyncio
async def test_a_servers_results_are_signed_by_its_worker_and_its_child_knows_no_key(
    postgres: Postgres, tmp_path: Path, signing: dict[str, Path]
) -> None:
    os.chmod(signing["c2pa_key"], 0o400)
    changes = {"models": tmp_path / "models", "workers": 1} | signing
    settings = postgres.create(tmp_path / "data", **changes)
    use(settings)
    painter.install()
    async with open_backend(settings) as backend, working(backend) as worker:
        assert all(child._settings.c2pa_key is None for child in worker._children)
        account = (await backend.accounts.create("tester")).account.id
        while "generate.text-to-image" not in await backend.capabilities.live():
            await asyncio.sleep(0.05)
        params = {"prompt": "a red chair", "width": 96, "height": 64}
        order = Order(account=account, effect="generate", params=params, format="png")
        job = (await backend.jobs.submit(order)).job
        ended = await backend.jobs.wait(account, job.id, 60)
        assert ended.state is JobState.SUCCEEDED, ended.failure
        file = await backend.files.get(account, ended.results[0].file_id)
        data = await backend.blobs.get(file.key)
    assert len(data) == file.size
    assert _read(data, "image/png") == ("Valid", "trainedAlgorithmicMedia")
    assert tinct.open(data).width == 96
