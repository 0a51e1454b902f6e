"""What a child may not do, whatever an effect or a library in it is made to do by a photo.

On Linux a system-call filter (seccomp) takes away new processes and programs, sockets of every kind, signals to others
and reading others' memory; threads stay allowed. It is inherited and cannot be taken off. Elsewhere, and on processors
that are not in the table, the child has the limits on memory and file size alone.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from typing import Final

__all__ = ["confine", "own_session"]

_NO_NEW_PRIVILEGES: Final = 38  # prctl
_SET_FILTER, _ALL_THREADS = 1, 1  # seccomp
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000  # what a filter answers
_EPERM, _ENOSYS = 1, 38
# Operations of the filter's machine
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in what it looks at
_CLONE_THREAD: Final = 0x00010000
_X32: Final = 0x40000000  # numbers of a second way to call the same kernel

_MACHINES: Final = {
    "x86_64": {
        "architecture": 0xC000003E, "seccomp": 317, "clone": 56, "clone3": 435, "kill": 62, "tgkill": 234,
        "fork": 57, "vfork": 58, "execve": 59, "execveat": 322, "socket": 41, "ptrace": 101,
        "process_vm_readv": 310, "process_vm_writev": 311, "io_uring_setup": 425, "tkill": 200,
        "rt_sigqueueinfo": 129, "rt_tgsigqueueinfo": 297, "pidfd_send_signal": 424, "pidfd_getfd": 438,
        "unshare": 272, "setns": 308, "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "bpf": 321,
        "perf_event_open": 298, "init_module": 175, "finit_module": 313, "delete_module": 176, "kexec_load": 246,
        "reboot": 169, "userfaultfd": 323, "add_key": 248, "request_key": 249, "keyctl": 250,
    },
    "aarch64": {
        "architecture": 0xC00000B7, "seccomp": 277, "clone": 220, "clone3": 435, "kill": 129, "tgkill": 131,
        "execve": 221, "execveat": 281, "socket": 198, "ptrace": 117,
        "process_vm_readv": 270, "process_vm_writev": 271, "io_uring_setup": 425, "tkill": 130,
        "rt_sigqueueinfo": 138, "rt_tgsigqueueinfo": 240, "pidfd_send_signal": 424, "pidfd_getfd": 438,
        "unshare": 97, "setns": 268, "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51, "bpf": 280,
        "perf_event_open": 241, "init_module": 105, "finit_module": 273, "delete_module": 106, "kexec_load": 104,
        "reboot": 142, "userfaultfd": 282, "add_key": 217, "request_key": 218, "keyctl": 219,
    },
}  # fmt: skip
"""System calls by number, from the kernel's tables; those that are not named in `_program` are refused."""
_JUDGED: Final = ("architecture", "seccomp", "clone", "clone3", "kill", "tgkill")


def own_session() -> None:
    """Leave the server's process group, so that this process is killed with all that it started, and nothing else."""
    if os.getpgrp() != os.getpid():
        os.setsid()


def confine() -> bool:
    """Take away what an effect has no use for, for good; False where this system has no way to."""
    numbers = _MACHINES.get(platform.machine()) if sys.platform == "linux" else None
    if numbers is None:
        return False
    library = ctypes.CDLL(None, use_errno=True)
    code = _program(numbers, os.getpid())
    instructions = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(instructions))
    if library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    return bool(library.syscall(numbers["seccomp"], _SET_FILTER, _ALL_THREADS, program) == 0)


def _program(numbers: dict[str, int], process: int) -> bytes:
    """The filter, for the classic BPF machine: a jump goes on after so many instructions, if true or if not."""
    refuse, missing, allow = (
        _step(_RETURN, answer) for answer in (_ERRNO | _EPERM, _ERRNO | _ENOSYS, _ALLOW)
    )
    steps = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_EQUAL, numbers["architecture"], 1, 0),
        refuse,
        _step(_LOAD, _NUMBER),
        _step(_AT_LEAST, _X32, 0, 1),
        refuse,
        _step(_EQUAL, numbers["clone3"], 0, 1),
        missing,  # its flags cannot be looked at; the C library then uses the older call
        _step(_EQUAL, numbers["clone"], 0, 4),
        _step(_LOAD, _FIRST_ARGUMENT),
        _step(_ANY_BIT, _CLONE_THREAD, 0, 1),
        allow,
        refuse,
    ]
    for name in ("kill", "tgkill"):  # a process may end itself
        steps += [
            _step(_EQUAL, numbers[name], 0, 4),
            _step(_LOAD, _FIRST_ARGUMENT),
            _step(_EQUAL, process, 0, 1),
            allow,
            refuse,
        ]
    for name, number in numbers.items():
        if name not in _JUDGED:
            steps += [_step(_EQUAL, number, 0, 1), refuse]
    return b"".join([*steps, allow])


def _step(operation: int, value: int, if_true: int = 0, if_not: int = 0) -> bytes:
    return struct.pack("HBBI", operation, if_true, if_not, value)
