/// What a process gives up for good, where neither Swift nor a library of Debian 12 has the system call: Landlock.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// Whether the caller has no_new_privs set: what the kernel wants of a process without privileges that confines itself.
bool has_no_new_privs(void);

/// Returns the version of the kernel's Landlock; 0: it has none, or it is switched off; a negative errno: it is kept
/// from the caller, by a filter of system calls.
int landlock_version(void);

/// What is left to the caller, and to the threads and processes that it makes from then on. Its other threads keep
/// what they have.
struct landlock_rules {
    /// Files, and folders with all below them, that may be read. All else of the file system may neither be read nor
    /// changed. One that does not exist is passed over.
    const char *const *readable;
    size_t readable_count;
    /// Whether TCP connections may be made. A port is opened by nobody.
    bool may_connect;
};

struct landlock_result {
    int error;         ///< errno of what failed; 0: nothing did.
    const char *step;  ///< What failed: a system call's name, or one of the paths.
};

/// Applies as much of it as the kernel's version knows: TCP from 4 on; from 6 on also signals and abstract Unix
/// sockets, which then reach only processes with the same rules. Needs no_new_privs. All of that is applied, or nothing.
struct landlock_result landlock_confine(const struct landlock_rules *rules);
