"""A task of the older form lives as long as somebody asks for it; one of the newer form lives on by itself."""

import time

from running import Server
from youcam_hazards import picture
from youcam_wire import BODIES, Caller, account, filled, refused, said, state


def test_eighteen_seconds_of_silence_lose_an_older_task_and_polls_each_ten_seconds_never_do(
    youcam: Server,
) -> None:
    """In real time, all at once; two tasks run at a time.

    ``silent`` runs and is never asked for; ``polled`` runs, and is asked for each 10 s; ``waiting`` and ``late`` wait
    behind them, of which ``late`` is asked for first after 11 s; ``newer`` waits too, and is a task of the newer form.
    """
    older = Caller(youcam.url, account(youcam, credits=100).client_id)
    newer = older.in_form("v2.0")
    names = {"silent": 25.0, "polled": 20.5, "waiting": 0.1, "late": 0.1, "newer": 0.1}
    files = {
        name: older.upload(picture(seconds, number=number))
        for number, (name, seconds) in enumerate(names.items(), 60)
    }
    bodies = {name: filled(BODIES["v1.0"]["lighting"], F=file) for name, file in files.items()}
    began = time.monotonic()
    tasks = {name: older.run("lighting", bodies[name]) for name in list(names)[:4]}
    tasks["newer"] = newer.run("lighting", {"src_file_id": files["newer"]})

    def at(seconds: float) -> None:
        time.sleep(max(0.0, began + seconds - time.monotonic()))

    at(10)
    assert state(older.poll("lighting", tasks["polled"])) == "running"
    at(11)
    assert state(older.poll("lighting", tasks["late"])) == "running"
    at(18.5)
    for name in ("silent", "waiting"):
        refused(older.ask("lighting", tasks[name]), 400, "InvalidTaskId")
    at(20)
    found = older.poll("lighting", tasks["polled"])
    assert (state(found), found["polling_interval"]) == ("running", 3000)
    assert state(older.ended("lighting", tasks["polled"], every_s=1)) == "success"
    assert state(older.ended("lighting", tasks["late"])) == "success"  # it got the place that ``silent`` left
    assert state(newer.ended("lighting", tasks["newer"])) == "success"  # never asked for before
    assert older.balance() == 94
    spent = {one["target_id"] for one in older.history()["history"] if one["action"] == "api_lighting"}
    assert spent == {tasks[name] for name in ("polled", "late", "newer")}
    again = said(older.start("lighting", bodies["waiting"]))["result"]["task_id"]
    assert again != tasks["waiting"]  # a repeat of what was lost runs anew
    assert state(older.ended("lighting", again)) == "success"
