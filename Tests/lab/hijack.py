"""A process of a node, taken over: made to do system calls of our choice, with all its rights and under all its limits.

With ptrace(2), from the machine, which is above the node: what the process itself may do is neither more nor less.
x86-64 only.
"""
import ctypes
import errno
import os
import signal
import struct
from pathlib import Path

import pytest

from wait import wait_until

libc = ctypes.CDLL(None, use_errno=True)
SEIZE, INTERRUPT, GETREGS, SETREGS, SINGLESTEP, DETACH = 0x4206, 0x4207, 12, 13, 9, 17
WALL = 0x40000000
#: struct user_regs_struct of <sys/user.h>
REGISTERS = ("r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base "
             "gs_base ds es fs gs").split()
ARGUMENTS = ("rdi", "rsi", "rdx", "r10", "r8", "r9")
SYSCALL = b"\x0f\x05"
NUMBERS = {
    "close": 3, "rt_sigaction": 13, "ioctl": 16, "socket": 41, "fork": 57, "execve": 59, "kill": 62, "fcntl": 72,
    "unlink": 87, "ptrace": 101, "setuid": 105, "prctl": 157, "mount": 165, "openat": 257, "process_vm_readv": 310,
    "seccomp": 317, "memfd_create": 319, "pidfd_open": 434, "pidfd_getfd": 438,
}


class Hijacked:
    """Its first thread, which waits for signals all its life, as a context: stopped, and at the end let go."""

    def __init__(self, pid):
        if os.uname().machine != "x86_64":
            pytest.skip("system calls are put into a process on x86-64 only")
        self.pid = pid  # as this machine counts

    def __enter__(self):
        self.trace(SEIZE)
        self.trace(INTERRUPT)
        self.await_stop()
        self.saved = self.registers()
        self.memory = open(f"/proc/{self.pid}/mem", "r+b", buffering=0)
        assert self.peek(self.saved["rip"] - 2, 2) == SYSCALL, "it is not in a system call"
        return self

    def __exit__(self, *_):
        # It goes back into the call that it was in, from the start.
        back = self.saved | {"rip": self.saved["rip"] - 2, "rax": self.saved["orig_rax"], "orig_rax": (1 << 64) - 1}
        self.set_registers(back)
        self.memory.close()
        self.trace(DETACH)

    def call(self, name, *arguments):
        """Does a system call; gives what it returned, or the name of its error, such as "EPERM". Text and bytes are put
        into its memory."""
        there = self.saved["rsp"] - 8192  # far below what the stack holds
        values = []
        for argument in arguments:
            if isinstance(argument, (str, bytes)):
                text = argument if isinstance(argument, bytes) else argument.encode() + b"\0"
                self.memory.seek(there)
                self.memory.write(text)
                argument, there = there, there + len(text)
            values.append(argument % (1 << 64))
        self.set_registers(self.saved | dict(zip(ARGUMENTS, values)) | {
            "rax": NUMBERS[name], "orig_rax": (1 << 64) - 1, "rip": self.saved["rip"] - 2})
        self.trace(SINGLESTEP)
        self.await_stop()
        result = struct.unpack("q", struct.pack("Q", self.registers()["rax"]))[0]
        return errno.errorcode[-result] if -4096 < result < 0 else result

    def peek(self, address, length):
        self.memory.seek(address)
        return self.memory.read(length)

    def trace(self, request, data=0):
        libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        if libc.ptrace(request, self.pid, None, data) != 0:
            raise OSError(ctypes.get_errno(), f"ptrace {request:#x}")

    def await_stop(self):
        def stopped():
            pid, status = os.waitpid(self.pid, os.WNOHANG | WALL)
            return pid == self.pid and (status,)

        (status,) = wait_until("the thread stops", 10, stopped, pause=0.001)
        assert os.WIFSTOPPED(status) and os.WSTOPSIG(status) == signal.SIGTRAP, f"status {status:#x}"

    def registers(self):
        buffer = (ctypes.c_ulonglong * len(REGISTERS))()
        self.trace(GETREGS, ctypes.addressof(buffer))
        return dict(zip(REGISTERS, buffer))

    def set_registers(self, values):
        buffer = (ctypes.c_ulonglong * len(REGISTERS))(*(values[name] for name in REGISTERS))
        self.trace(SETREGS, ctypes.addressof(buffer))


def of(node, pid):
    """The node's process of that pid."""
    assert Path(f"/proc/{node.processes()[pid]}").exists()
    return Hijacked(node.processes()[pid])


def has_landlock():
    """Whether this machine's kernel, which is the nodes' too, has Landlock (landlock_create_ruleset(2))."""
    return libc.syscall(444, None, 0, 1) > 0
