"""The PicMa wire format, played over sockets by a client that was written from its documentation alone."""

import asyncio
import hashlib
import io
import json
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import pytest_asyncio
from PIL import Image, ImageDraw
from skimage import data as samples

from backends import HAZARDS
from picture_host import Site
from receivers import Got, Receiver, reply
from running import Server, photo

pytestmark = pytest.mark.asyncio

SUCCESS = reply(200, body=b'{"code":0,"msg":"","data":{"success":true}}')
TABLE = """
[callback]
waits_s = [0.2, 0.4, 0.8]
total_s = 3

[types.90]
name = "Nothing"
effect = "noop"
"""
FALSE = reply(200, body=b'{"code":0,"msg":"","data":{"success":false}}')


# -- the client --------------------------------------------------------------------------------------


class PicMa:
    """createtask, gettask, deletetask, and what a customer does with the replies."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token

    async def sent(self, method: str, url: str, **more: Any) -> httpx.Response:
        async with httpx.AsyncClient(timeout=60, trust_env=False, verify=False) as http:
            return await http.request(method, url, **more)

    async def call(self, name: str, **body: Any) -> dict[str, Any]:
        answer = await self.sent(
            "POST", f"{self.url}/api/v1/{name}", json=body, headers={"token": self.token}
        )
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert set(found) == {"code", "msg", "data"}
        return dict(found)

    async def create(self, picurl: str, type: int, **more: Any) -> str:
        found = await self.call("createtask", picurl=picurl, type=type, **more)
        assert found["code"] == 0, found
        assert set(found["data"]) == {"taskid", "status", "queuenum"}
        assert found["data"]["status"] == 0
        return str(found["data"]["taskid"])

    async def finished(self, taskid: str, type: int) -> dict[str, Any]:
        queue: list[int] = []
        for _ in range(240):
            found = (await self.call("gettask", taskid=taskid, type=type))["data"]
            queue.append(found["queuenum"])
            if found["status"] in (2, 3):
                assert queue == sorted(queue, reverse=True)
                assert queue[-1] == 0
                return dict(found)
            await asyncio.sleep(0.5)
        raise AssertionError(f"task {taskid} did not end: {found}")

    async def check(self, entry: dict[str, Any], *sides: str) -> list[np.ndarray]:
        """Hold the numbers of an entry against the files behind its URLs; the pictures."""
        found = []
        for side in sides or ("in", "out"):
            got = await self.sent("GET", entry[f"{side}puturl"])
            assert got.status_code == 200
            assert len(got.content) == entry[f"{side}pathsize"]
            picture = Image.open(io.BytesIO(got.content))
            kind = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "BMP": "bmp"}[picture.format]
            assert kind == entry[f"{side}pathext"]
            assert picture.size == (entry[f"{side}pathwidth"], entry[f"{side}pathheight"])
            found.append(np.asarray(picture.convert("RGB"), np.float64))
        return found


# -- the server, its customer, a picture host ----------------------------------------------------------


@pytest.fixture(scope="module")
def picma(tmp_path_factory: pytest.TempPathFactory, _face_models_folder: Path) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("picma")
    (folder / "picma.toml").write_text(TABLE)
    running = Server(
        folder / "data",
        picma=str(folder / "picma.toml"),
        allow_private_hosts="127.0.0.1",
        models=str(_face_models_folder),
        fetch_total_s="8",
        extra_effects=HAZARDS,
    )
    yield running
    running.stop()


def tinct(server: Server, *words: str) -> subprocess.CompletedProcess[str]:
    return server.command(*words)


def customer(server: Server, *options: str) -> dict[str, Any]:
    done = tinct(server, "keys", "create", "--name", "customer", "--for", "picma", "--json", *options)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest_asyncio.fixture
async def client(picma: Server) -> PicMa:
    return PicMa(picma.url, customer(picma)["picma"]["token"])


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    async with Site() as running:
        yield running


def encoded(pixels: np.ndarray, format: str = "JPEG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format, quality=92)
    return file.getvalue()


# -- the whole exchange --------------------------------------------------------------------------------


async def test_the_token_is_printed_once_for_people(picma: Server) -> None:
    done = tinct(picma, "keys", "create", "--name", "person", "--for", "picma")
    (token,) = re.findall(r"token, shown only now: (\S+)", done.stdout)
    assert (await PicMa(picma.url, token).call("gettask", taskid="x"))["code"] == 1002001
    assert token not in tinct(picma, "keys", "list", "--json").stdout


async def test_photo_enhance_gives_the_photo_and_each_face(client: PicMa, site: Site) -> None:
    head = np.asarray(Image.fromarray(samples.astronaut()[:220, 150:300]).resize((48, 70)))
    two = np.concatenate([head, head], 1)
    url = site.picture("/two.jpg", encoded(two))
    done = await client.finished(await client.create(url, 1, chtaskid="my-1"), 1)
    assert (done["status"], done["errorcode"], done["errormsg"], done["chtaskid"]) == (2, 0, "", "my-1")
    _, after = await client.check(done)
    assert (done["inpathwidth"], done["outpathwidth"], done["outpathheight"]) == (96, 192, 140)
    assert (done["facenum"], len(done["facelist"])) == (2, 2)
    lefts = []
    for face in done["facelist"]:
        small, large = await client.check(face)
        assert large.shape[:2] == (2 * small.shape[0], 2 * small.shape[1])
        assert 24 < small.shape[1] < 100
        windows = np.lib.stride_tricks.sliding_window_view(after[:, :, 0], large.shape[:2])[::2, ::2]
        gaps = np.abs(windows[..., ::8, ::8] - large[::8, ::8, 0]).mean((2, 3))
        assert gaps.min() < 6
        lefts.append(np.unravel_index(gaps.argmin(), gaps.shape)[1])
    assert lefts == sorted(lefts)


async def test_a_photo_without_faces_succeeds_with_none(client: PicMa, site: Site) -> None:
    url = site.picture("/none.png", photo(64, 64))
    done = await client.finished(await client.create(url, 1), 1)
    await client.check(done)
    assert (done["status"], done["facenum"], done["facelist"], done["chtaskid"]) == (2, 0, [], "")
    assert (done["inpathext"], done["outpathext"], done["outpathwidth"]) == ("png", "png", 128)


@pytest.mark.parametrize(("type", "times"), [(2, 2), (5, 1)])
async def test_general_enhance_doubles_and_denoise_keeps_the_size(
    client: PicMa, site: Site, type: int, times: int
) -> None:
    url = site.picture("/a.webp", photo(72, 64, format="WEBP"))
    done = await client.finished(await client.create(url, type), type)
    await client.check(done)
    assert (done["status"], done["facenum"], done["facelist"]) == (2, 0, [])
    assert (done["outpathwidth"], done["outpathheight"]) == (72 * times, 64 * times)
    assert (done["inpathext"], done["outpathext"]) == ("webp", "png")


async def test_scratch_repair_fills_what_a_scan_lacks(client: PicMa, site: Site) -> None:
    clean = np.asarray(Image.fromarray(samples.astronaut()).resize((400, 400)))
    drawn = Image.new("L", (400, 400))
    for line in ((60, 0, 70, 399), (250, 20, 190, 380)):
        ImageDraw.Draw(drawn).line(line, 255, 2)
    at = np.asarray(drawn) > 0
    scratched = np.where(at[..., None], np.uint8(250), clean)
    done = await client.finished(await client.create(site.picture("/s.png", encoded(scratched, "PNG")), 4), 4)
    before, after = await client.check(done)
    assert (done["status"], done["facenum"], done["facelist"]) == (2, 0, [])
    assert before.shape == after.shape
    assert np.abs(after - clean)[at].mean() < 0.5 * np.abs(before - clean)[at].mean()


async def test_a_cartoon_has_few_tones_and_the_size_of_the_photo(client: PicMa, site: Site) -> None:
    photograph = np.asarray(Image.fromarray(samples.coffee()).resize((300, 200)))
    done = await client.finished(
        await client.create(site.picture("/c.png", encoded(photograph, "PNG")), 6), 6
    )
    before, after = await client.check(done)
    assert (done["status"], done["facenum"], done["facelist"]) == (2, 0, [])
    assert before.shape == after.shape
    counts = [len(np.unique(picture.reshape(-1, 3), axis=0)) for picture in (before, after)]
    assert counts[1] < 0.8 * counts[0], counts


async def test_colorize_gives_four_outputs_the_best_first(client: PicMa, site: Site) -> None:
    grey = np.asarray(Image.fromarray(samples.coffee()).convert("L").resize((300, 200)))
    done = await client.finished(await client.create(site.picture("/grey.jpg", encoded(grey)), 3), 3)
    assert (done["status"], done["facenum"], len(done["facelist"])) == (2, 4, 4)
    source, best = await client.check(done)
    outputs = []
    for entry in done["facelist"]:
        before, after = await client.check(entry)
        assert np.array_equal(before, source)
        outputs.append(after)
    assert np.array_equal(outputs[0], best)
    assert np.ptp(best, axis=2).mean() > 5
    assert len({output.tobytes() for output in outputs}) == 4


async def test_a_deleted_task_and_its_pictures_are_gone(client: PicMa, site: Site) -> None:
    taskid = await client.create(site.picture("/a.jpg", photo(format="JPEG")), 5)
    done = await client.finished(taskid, 5)
    assert await client.call("deletetask", taskid=taskid) == {"code": 0, "msg": "", "data": {"success": True}}
    for url in (done["inputurl"], done["outputurl"]):
        assert httpx.get(url, trust_env=False).status_code == 404
    for call in ("gettask", "deletetask"):
        assert (await client.call(call, taskid=taskid))["code"] == 1002002


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.2)


async def test_pictures_that_are_none_get_the_documented_codes(client: PicMa, site: Site) -> None:
    good = photo(format="JPEG")
    site.answers["/drip"] = drip
    for url, code in {
        site.url + "/missing": 1001002,
        site.picture("/moved", b"", f"Location: {site.url}/a.jpg", status=301): 1001002,
        "http://192.168.1.1/a.jpg": 1001002,
        site.url + "/drip": 1001002,
        site.picture("/liar", good, length=len(good) + 9): 1001002,
        site.picture("/tiny", photo(60, 90)): 1001002,
        site.picture("/heavy", b"", length=20 * 2**20 + 1): 1001003,
        site.picture("/wide", encoded(np.zeros((64, 9217), np.uint8), "PNG")): 1001003,
        site.picture("/words", b"these are words"): 1001004,
    }.items():
        found = await client.call("createtask", picurl=url, type=5)
        assert (found["code"], found["data"], bool(found["msg"])) == (code, None, True), url
    found = await client.call("createtask", picurl=site.picture("/a", good), type=7)
    assert found["code"] == 1001001
    stranger = httpx.post(f"{client.url}/createtask", json={}, headers={"token": "x"}, trust_env=False)
    assert (stranger.status_code, stranger.json()["code"]) == (401, 1003001)


async def test_a_customer_without_balance_is_told(picma: Server, site: Site) -> None:
    poor = PicMa(picma.url, customer(picma, "--credits", "1")["picma"]["token"])
    url = site.picture("/a.jpg", photo(format="JPEG"))
    await poor.finished(await poor.create(url, 5), 5)
    assert (await poor.call("createtask", picurl=url, type=5))["code"] == 1003002


# -- callbacks -----------------------------------------------------------------------------------------


def verified(got: Got, client: PicMa) -> dict[str, Any]:
    """A callback as a customer checks it."""
    assert got.line.startswith("POST ")
    assert got.headers["token"] == client.token
    assert got.headers["md5"] == hashlib.md5(got.body + client.token.encode()).hexdigest()
    assert got.headers["content-type"] == "application/json"
    assert got.json["code"] == 0
    return dict(got.json["data"])


async def until(receiver: Receiver, count: int, seconds: float = 90) -> None:
    async with asyncio.timeout(seconds):
        while len(receiver.got) < count:
            await asyncio.sleep(0.1)


async def test_a_callback_holds_what_gettask_says(client: PicMa, site: Site) -> None:
    async with Receiver(SUCCESS) as receiver:
        url = site.picture("/a.jpg", photo(format="JPEG"))
        taskid = await client.create(url, 5, callbackurl=receiver.url, chtaskid="mine")
        await until(receiver, 1)
        told = verified(receiver.got[0], client)
        polled = (await client.call("gettask", taskid=taskid))["data"]
        await client.check(told)
        for record in (told, polled):
            for key in ("inputurl", "outputurl"):
                record[key] = record[key].partition("?")[0]
        assert told == polled
        assert (told["queuenum"], told["chtaskid"]) == (0, "mine")
        await asyncio.sleep(2)
        assert len(receiver.got) == 1


async def test_receivers_that_fail_hang_redirect_or_say_false_are_tried_four_times(
    picma: Server, client: PicMa, site: Site
) -> None:
    url = site.picture("/a.jpg", photo(format="JPEG"))
    long = reply(200, body=b'{"code":0,"data":{"success":true},"msg":"' + b"x" * 65536 + b'"}')
    async with (
        Receiver(reply(500), reply(404), reply(204), SUCCESS) as fails,
        Receiver(None, SUCCESS) as hangs,
        Receiver(FALSE) as says_false,
        Receiver(SUCCESS) as elsewhere,
        Receiver(reply(302, f"Location: {elsewhere.url}")) as redirects,
        Receiver(
            reply(200, body=b"ok"), reply(200, body=b'{"code":1,"data":{"success":true}}'), long
        ) as babbles,
    ):
        receivers = (fails, hangs, says_false, redirects, babbles)
        tasks = [await client.create(url, 5, callbackurl=receiver.url) for receiver in receivers]
        for receiver, count in zip(receivers, (4, 2, 4, 4, 4), strict=True):
            await until(receiver, count)
        await asyncio.sleep(3)
        assert [len(receiver.got) for receiver in (*receivers, elsewhere)] == [4, 2, 4, 4, 4, 0]
        for receiver, taskid in zip(receivers, tasks, strict=True):
            assert len({got.headers["delivery-id"] for got in receiver.got}) == 1
            assert len({got.body for got in receiver.got}) == 1
            assert verified(receiver.got[0], client)["taskid"] == taskid
        listed = {one["job"]: one for one in json.loads(tinct(picma, "callbacks", "list", "--json").stdout)}
        states = [listed[taskid]["state"] for taskid in tasks]
        assert states == ["delivered", "delivered", "failed", "failed", "failed"]
        says_false.answers[:] = [SUCCESS]
        assert tinct(picma, "callbacks", "replay", listed[tasks[2]]["id"]).returncode == 0
        await until(says_false, 5)
        assert says_false.got[-1].headers["delivery-id"] == says_false.got[0].headers["delivery-id"]


async def test_an_account_has_an_address_of_its_own_which_a_task_may_replace(
    picma: Server, site: Site
) -> None:
    made = customer(picma)
    client, url = PicMa(picma.url, made["picma"]["token"]), site.picture("/a.jpg", photo(format="JPEG"))
    async with Receiver(SUCCESS) as own, Receiver(SUCCESS) as other:
        for wrong in ("ftp://example.com/", "http://10.0.0.1/", "nonsense"):
            refused = await asyncio.to_thread(tinct, picma, "callbacks", "set", made["id"], wrong)
            assert refused.returncode == 1
            assert refused.stderr.strip()
        done = await asyncio.to_thread(tinct, picma, "callbacks", "set", made["id"], own.url)
        assert (done.returncode, own.url in done.stdout) == (0, True)
        assert own.got == []  # it is checked, not called
        first = await client.create(url, 5)
        second = await client.create(url, 5, callbackurl=other.url)
        await until(own, 1)
        await until(other, 1)
        assert verified(own.got[0], client)["taskid"] == first
        assert verified(other.got[0], client)["taskid"] == second
        assert (await asyncio.to_thread(tinct, picma, "callbacks", "set", made["id"], "")).returncode == 0
        await client.finished(await client.create(url, 5), 5)
        assert (len(own.got), len(other.got)) == (1, 1)


async def test_an_operator_can_send_a_test(picma: Server) -> None:
    made = customer(picma)
    async with Receiver(SUCCESS, FALSE) as receiver:
        words = ("callbacks", "test", receiver.url, "--account", made["id"])
        heard = await asyncio.to_thread(tinct, picma, *words)
        assert (heard.returncode, "heard" in heard.stdout) == (0, True)
        told = verified(receiver.got[0], PicMa(picma.url, made["picma"]["token"]))
        assert (told["taskid"], told["status"]) == ("test", 2)
        assert (await asyncio.to_thread(tinct, picma, *words)).returncode == 1
    assert (await asyncio.to_thread(tinct, picma, "callbacks", "test", "http://127.0.0.1:1/")).returncode == 1


async def test_many_tasks_at_once_are_each_told_once_and_their_queue_numbers_never_grow(
    client: PicMa, site: Site
) -> None:
    url = site.picture("/a.png", photo(64, 64))
    async with Receiver(SUCCESS) as receiver:
        made = await asyncio.gather(
            *(client.create(url, 90, callbackurl=receiver.url, chtaskid=str(n)) for n in range(40))
        )
        queues: dict[str, list[int]] = {taskid: [] for taskid in made[::8]}
        async with asyncio.timeout(120):
            while len(receiver.got) < len(made):
                for taskid, numbers in queues.items():
                    numbers.append((await client.call("gettask", taskid=taskid))["data"]["queuenum"])
                await asyncio.sleep(0.5)
        await asyncio.sleep(2)
        assert sorted(got.json["data"]["taskid"] for got in receiver.got) == sorted(made)
        assert len({got.headers["delivery-id"] for got in receiver.got}) == len(made)
        for numbers in queues.values():
            assert numbers == sorted(numbers, reverse=True)
