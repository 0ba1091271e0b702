/// What a process needs that answers another's refused system calls from outside of it (seccomp_unotify(2)), where
/// Swift and libseccomp have no call for it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct seccomp_notif;

/// Makes a copy of the calling process, as fork(2) does: returns the copy's pid to the caller and 0 to the copy, or a
/// negative errno. When the copy ends, in whatever way, the kernel kills the caller (SIGKILL). To be called while the
/// caller has one thread. The copy may not call abort(3) or exit(3): the C library takes it for the caller.
pid_t fork_witness(void);

/// To be called by the copy, once: keeps stdio and the channel alone, leads a session of its own, is called `name`, can't
/// be looked into by processes of its user, and outlives the signals that ask a process to end. Returns a descriptor
/// that is readable when the caller of `fork_witness` has ended, or a negative errno; -ESRCH: it has already.
int become_witness(pid_t confined, int channel, const char *name);

/// Sends a descriptor over a Unix socket. Returns 0 or an errno.
int send_descriptor(int channel, int descriptor);

/// Waits for a descriptor; it is close-on-exec. Returns it, or -1: the other end is closed or sent something else.
int receive_descriptor(int channel);

/// Takes the next refused call from the kernel. Returns 0 or an errno; ENOENT: its thread was killed meanwhile.
int next_refused_call(int listener, struct seccomp_notif *call);

/// Ends the call of that id with an error. Returns 0 or an errno; ENOENT: its thread was killed meanwhile.
int refuse_call(int listener, uint64_t id, int error);

/// Ends the call of that id with a copy of a descriptor of ours as its result: close-on-exec, under the lowest number
/// free. Returns 0 or an errno. Linux 5.14.
int answer_call(int listener, uint64_t id, int descriptor);

/// Copies at most a page from a process's memory, at an address that may lead nowhere. Returns how much was read, or -1
/// with errno.
ssize_t read_memory(pid_t process, uint64_t address, void *buffer, size_t size);
