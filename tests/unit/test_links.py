"""Signed links and the keyring they are signed with."""

import os
import stat
import threading
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tinct.errors import LinkError, LinkExpiredError, ParameterError, StorageError
from tinct.settings import Settings
from tinct.storage.keyring import Keyring, open_keyring
from tinct.storage.links import Links

OLD, NEW = "o" * 32, "n" * 32


def parts(link: str) -> tuple[str, dict[str, str]]:
    split = urlsplit(link)
    return split.path, {name: values[0] for name, values in parse_qs(split.query).items()}


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def links(clock: Clock) -> Links:
    return Links(Keyring((OLD,)), clock)


def test_a_link_works_for_get_and_head_until_its_time_is_over(links, clock):
    path, query = parts(links.sign("/files/file_1", seconds=60))
    links.check("GET", path, query)
    links.check("HEAD", path, query)
    clock.now += 59
    links.check("GET", path, query)
    clock.now += 1
    with pytest.raises(LinkExpiredError):
        links.check("GET", path, query)


def test_every_change_to_a_link_is_refused(links):
    path, query = parts(links.sign("/files/a%20b", seconds=60, disposition='attachment; filename="a"'))
    links.check("GET", path, query)
    signature = query["signature"]
    flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
    wrong = [
        ("GET", path, query | {"signature": flipped}),
        ("GET", path, query | {"signature": signature[:-2]}),
        ("GET", path, query | {"signature": ""}),
        ("GET", path, {name: value for name, value in query.items() if name != "signature"}),
        ("GET", path, query | {"signature": "not base64 %%%"}),
        ("GET", path, query | {"signature": signature + "é"}),
        ("GET", "/files/other", query),
        ("GET", "/files/a%2520b", query),
        ("GET", "/files/a b", query),
        ("GET", path, query | {"expires": str(int(query["expires"]) + 1)}),
        ("GET", path, query | {"expires": "soon"}),
        ("GET", path, query | {"disposition": "inline"}),
        ("PUT", path, query),
        ("DELETE", path, query),
    ]
    for method, where, changed in wrong:
        with pytest.raises(LinkError) as caught:
            links.check(method, where, changed)
        assert not isinstance(caught.value, LinkExpiredError)


def test_parts_cannot_be_shifted_from_one_field_to_another(links):
    _, query = parts(links.sign("/a", seconds=60, disposition="b"))
    for where, expires, disposition in (
        (f"/a\n{query['expires']}", "b", ""),
        ("/a", f"{query['expires']}\nb", ""),
    ):
        changed = query | {"expires": expires, "disposition": disposition}
        with pytest.raises(LinkError):
            links.check("GET", where, changed)


def test_an_upload_link_is_for_its_method_only(links):
    path, query = parts(links.sign("/upload/1", seconds=60, method="put"))
    links.check("PUT", path, query)
    with pytest.raises(LinkError):
        links.check("GET", path, query)


def test_after_a_rotation_links_of_both_secrets_work_and_new_ones_use_the_new(clock):
    old = parts(Links(Keyring((OLD,)), clock).sign("/x", seconds=60))
    rotated = Links(Keyring((NEW, OLD)), clock)
    new = parts(rotated.sign("/x", seconds=60))
    for path, query in (old, new):
        rotated.check("GET", path, query)
    Links(Keyring((NEW,)), clock).check("GET", *new)
    with pytest.raises(LinkError):
        Links(Keyring((NEW,)), clock).check("GET", *old)
    with pytest.raises(LinkError):
        Links(Keyring((OLD,)), clock).check("GET", *new)


def test_other_query_fields_do_not_matter(links):
    path, query = parts(links.sign("/x", seconds=60))
    links.check("GET", path, query | {"utm": "1"})


@pytest.mark.parametrize("ring", [(), ("short",), (OLD, "x" * 31)])
def test_a_ring_without_long_secrets_is_refused(ring):
    with pytest.raises(ParameterError):
        Keyring(ring)


def test_every_purpose_has_a_key_of_its_own():
    ring = Keyring((NEW, OLD))
    assert len({*ring.keys("a"), *ring.keys("b")}) == 4
    digest = ring.digests("a", b"m")[0]
    assert ring.accepts("a", b"m", digest)
    assert not ring.accepts("b", b"m", digest)
    assert not ring.accepts("a", b"n", digest)
    assert not ring.accepts("a", b"m", b"")


def test_a_seal_opens_only_for_its_purpose_and_unchanged():
    ring = Keyring((OLD,))
    sealed = ring.seal("a", b"secret")
    assert ring.unseal("a", sealed) == b"secret"
    assert sealed != ring.seal("a", b"secret")
    for purpose, box in (("b", sealed), ("a", sealed[:-1]), ("a", sealed[:-1] + b"\0"), ("a", b"x" * 40)):
        with pytest.raises(StorageError):
            ring.unseal(purpose, box)


def test_the_secret_is_made_once_and_readable_by_its_owner_only(tmp_path):
    settings = Settings(data=tmp_path / "data")
    rings: list[Keyring] = []
    threads = [threading.Thread(target=lambda: rings.append(open_keyring(settings))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({ring.keys("x") for ring in rings}) == 1
    path = tmp_path / "data" / "secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret"]
    path.chmod(0o640)
    with pytest.raises(StorageError, match="0600"):
        open_keyring(settings)


def test_secrets_from_the_environment_need_no_file(tmp_path):
    settings = Settings.from_environment(
        {"TINCT_DATA": str(tmp_path / "data"), "TINCT_SECRET": f"{NEW}, {OLD}"}
    )
    assert open_keyring(settings).keys("x") == Keyring((NEW, OLD)).keys("x")
    assert not Path(tmp_path / "data").exists()
    assert OLD not in repr(settings)
    assert os.environ.get("TINCT_SECRET") is None
