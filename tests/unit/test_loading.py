"""What is loaded for good, and the collector of cyclic garbage."""

import gc
import subprocess
import sys

import pytest

from tinct.loading import loading

ENDS = """
import gc
from tinct.loading import end_quickly

class Noted:
    def __del__(self):
        print("collected")

end_quickly()
kept = Noted()
kept.itself = kept  # only the collector could end it
del kept
"""


@pytest.fixture(autouse=True)
def _as_before():
    yield
    gc.enable()


def test_what_is_loaded_is_never_looked_at_again_and_the_rest_is():
    with loading():
        assert not gc.isenabled()
        kept = [[] for _ in range(1000)]
    assert gc.isenabled()
    assert gc.get_freeze_count() >= 1000
    later = []
    assert not any(one is kept for one in gc.get_objects())
    assert any(one is later for one in gc.get_objects())


def test_a_module_that_cannot_be_loaded_leaves_the_collector_on():
    with pytest.raises(ModuleNotFoundError), loading():
        raise ModuleNotFoundError
    assert gc.isenabled()


def test_at_its_end_a_process_leaves_what_is_there_to_the_system():
    done = subprocess.run([sys.executable, "-c", ENDS], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
