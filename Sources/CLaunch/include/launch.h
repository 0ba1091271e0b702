/// What launching a confined child needs and Swift cannot do on Linux: nothing but async-signal-safe calls
/// between clone and exec, a pidfd, and the control messages of a notify socket. The only C of the project.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { LAUNCH_MAX_FDS = 64 };

/// Whom a child becomes.
struct launch_identity {
    uid_t uid;
    gid_t gid;
    const gid_t *groups;    ///< All its supplementary groups.
    size_t group_count;
    uint64_t capabilities;  ///< Bit mask: all five of its sets (bounding and ambient too) are exactly this.
};

struct launch_limit {
    int resource;  ///< RLIMIT_…
    uint64_t soft, hard;
};

struct launch_request {
    const char *path;  ///< Absolute: no search.
    char *const *arguments;
    /// An entry `LISTEN_PID=0000000000` gets the child's pid in place of its digits.
    char *const *environment;
    const char *directory;                   ///< Working directory; NULL: the caller's.
    const struct launch_identity *identity;  ///< NULL: the caller's ids, groups and capabilities.
    bool no_new_privs;
    bool new_session;         ///< The child leads a session of its own, whose id is its pid.
    int parent_death_signal;  ///< Sent when the launching *thread* ends: launch from one that never does. 0: none.
    int umask;                ///< Negative: the caller's.
    const struct launch_limit *limits;
    size_t limit_count;
    /// `fds[i]` becomes fd i: 0 to 2 stdio, from 3 the listening sockets. All others are closed.
    const int *fds;
    size_t fd_count;  ///< At most LAUNCH_MAX_FDS.
};

struct launch_result {
    pid_t pid;         ///< -1: it failed.
    int pidfd;         ///< The caller's to close; close-on-exec.
    int error;         ///< errno of what failed.
    const char *step;  ///< What failed, e.g. "setuid"; "exec" for a program that isn't there.
};

/// Starts a child and waits, for at most 5 s, until it runs its program. A child that does not get there is killed
/// and reaped.
struct launch_result launch(const struct launch_request *request);

/// Sends a signal to the very process of the pidfd. Returns 0 or an errno.
int pidfd_signal(int pidfd, int signal);

/// Reaps the process of the pidfd if it has ended. Returns true if so, with its exit code, or with the signal that
/// killed it (0: none did).
bool pidfd_reap(int pidfd, int *code, int *signal);

/// Returns some child of the caller's that has ended and waits to be reaped; 0: none does.
pid_t ended_child(void);

/// Returns a signal's name without its "SIG", or NULL.
const char *signal_name(int signal);

/// Makes the caller the new parent of descendants whose own parent has died (PR_SET_CHILD_SUBREAPER).
/// Returns 0 or an errno.
int adopt_orphans(void);

/// Makes a datagram socket tell who sent each message (SO_PASSCRED). Returns 0 or an errno.
int notify_enable_sender(int fd);

/// Receives one datagram and its sender's pid as the kernel vouches for it (0: unknown), without blocking. File
/// descriptors that came with it are dropped. Returns its length, or -1 with errno.
ssize_t notify_receive(int fd, void *buffer, size_t size, pid_t *sender);
