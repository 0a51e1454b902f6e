"""Content credentials: a signed statement in a file that a model made its pixels, for operators with a certificate.

The statement follows C2PA (https://spec.c2pa.org), and the library c2pa-python writes it. Nothing is sent anywhere: no
time is stamped by others, and no certificate is looked up.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

from tinct import extras
from tinct.errors import OutputError, ParameterError
from tinct.photo import formats
from tinct.photo.provenance import SCHEME, Invented

if TYPE_CHECKING:
    from tinct.settings import Settings

__all__ = ["Signatory", "signatory"]

_MOST: Final = 2**20  # bytes of a certificate with its chain, or of a key
_CURVES: Final = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_OFFLINE: Final = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "builder": {"thumbnail": {"enabled": False}},
}


@dataclass(frozen=True, kw_only=True)
class Signatory:
    """Who signs: an operator's certificate with its key."""

    chain: bytes
    """Certificates as PEM, that of the key first, then those that vouch for it."""
    key: bytes
    """PEM."""
    algorithm: str
    """As C2PA calls it, such as ``es256``."""

    def signs(self, format: str) -> bool:
        """Whether files of a format can hold such a statement."""
        row = formats.named(format)
        return row is not None and row.media_types[0] in _library().Builder.get_supported_mime_types()

    def signed(self, data: bytes, format: str, kind: Invented) -> bytes:
        """An encoded photo with the statement in it.

        Parameters
        ----------
        data : bytes
            Of a format that `signs` allows.
        format : str
            Name of the format.
        kind : str
            Whether a model made all of it, or a part.

        Raises
        ------
        OutputError
            The certificate has expired or was not made for this, or the file cannot hold the statement.
        """
        library, row, out = _library(), formats.named(format), io.BytesIO()
        assert row is not None
        try:
            with self._signer(library) as signer, library.Context.from_dict(_OFFLINE) as context:
                builder = library.Builder(_statement(kind), context)
                builder.sign(signer, row.media_types[0], io.BytesIO(data), out)
        except library.C2paError:
            raise OutputError(
                "the file cannot be signed with TINCT_C2PA_CERTIFICATE: it has expired, is self-signed, or does not "
                "allow signatures of documents; bring another one, or leave the setting out"
            ) from None
        return out.getvalue()

    def _signer(self, library: Any) -> Any:
        return library.Signer.from_info(library.C2paSignerInfo(self.algorithm, self.chain, self.key, None))


def signatory(settings: Settings) -> Signatory | None:
    """Who the settings say signs; None where they name nobody.

    Raises
    ------
    ParameterError
        Certificate or key cannot be read, or only one of them is given; or what signs is not installed.
    """
    certificate, key = settings.c2pa_certificate, settings.c2pa_key
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        lacking = "TINCT_C2PA_CERTIFICATE" if certificate is None else "TINCT_C2PA_KEY"
        raise ParameterError(lacking, None, "a file, for certificate and key belong together")
    if extras.lacking("credentials"):
        to_do = f"no certificate without what signs; run: {extras.command('credentials')}"
        raise ParameterError("TINCT_C2PA_CERTIFICATE", str(certificate), to_do)
    chain = _pem(certificate, "TINCT_C2PA_CERTIFICATE", "certificates as PEM, the key's own first")
    secret = _pem(key, "TINCT_C2PA_KEY", "a private key as PEM, without a password")
    found = Signatory(chain=chain, key=secret, algorithm=_algorithm(chain, secret, key))
    try:
        found._signer(_library()).close()
    except _library().C2paError:
        allowed = "certificates as PEM that allow signatures of documents, the key's own first"
        raise ParameterError("TINCT_C2PA_CERTIFICATE", str(certificate), allowed) from None
    return found


def _pem(path: Path, name: str, allowed: str) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST)
    except OSError:
        raise ParameterError(name, str(path), f"a file that can be read, with {allowed}") from None
    if b"-----BEGIN" not in data:
        raise ParameterError(name, str(path), allowed)
    return data


def _algorithm(chain: bytes, key: bytes, path: Path) -> str:
    """How the key signs; the certificate must be its own."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        loaded = load_pem_private_key(key, None)
        own = x509.load_pem_x509_certificate(chain).public_key()
    except (ValueError, TypeError):
        allowed = "a private key as PEM, without a password, and its certificate beside it"
        raise ParameterError("TINCT_C2PA_KEY", str(path), allowed) from None
    if loaded.public_key() != own:
        raise ParameterError("TINCT_C2PA_KEY", str(path), "the key of the first certificate")
    if isinstance(loaded, ec.EllipticCurvePrivateKey) and loaded.curve.name in _CURVES:
        return _CURVES[loaded.curve.name]
    if isinstance(loaded, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(loaded, rsa.RSAPrivateKey):
        return "ps256"
    raise ParameterError("TINCT_C2PA_KEY", str(path), "a key of P-256, P-384, P-521, Ed25519 or RSA")


def _statement(kind: Invented) -> dict[str, Any]:
    """What is said: who wrote the file, and that a model made its pixels, or some of them."""
    assert kind in get_args(Invented)
    tinct = {"name": "Tinct", "version": metadata.version("tinct")}
    made = {"action": "c2pa.created", "digitalSourceType": SCHEME + kind, "softwareAgent": tinct}
    return {
        "claim_generator_info": [tinct],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [made]}}],
    }


def _library() -> Any:
    import c2pa

    return c2pa
