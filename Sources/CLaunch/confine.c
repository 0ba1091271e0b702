#define _GNU_SOURCE
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

// Newer than Debian 12's <linux/landlock.h>; values of Linux 6.12's.
struct ruleset {
    uint64_t handled_access_fs, handled_access_net, scoped;
};
enum { NET_BIND_TCP = 1 << 0, NET_CONNECT_TCP = 1 << 1 };
enum { SCOPE_ABSTRACT_UNIX_SOCKET = 1 << 0, SCOPE_SIGNAL = 1 << 1 };
enum { VERSION_REFER = 2, VERSION_TRUNCATE = 3, VERSION_NET = 4, VERSION_IOCTL_DEV = 5, VERSION_SCOPE = 6 };
/// How many bits of handled_access_fs version 1 knows; each of three later versions added one.
enum { FS_BITS = 13 };

bool has_no_new_privs(void) { return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1; }

int landlock_version(void) {
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version < 0 ? 0 : (int)version;
}

static int make_ruleset(const struct landlock_rules *rules, int version) {
    int bits = FS_BITS + (version >= VERSION_REFER) + (version >= VERSION_TRUNCATE) + (version >= VERSION_IOCTL_DEV);
    struct ruleset ruleset = {.handled_access_fs = (1u << bits) - 1};
    size_t size = sizeof ruleset.handled_access_fs;
    if (version >= VERSION_NET) {
        ruleset.handled_access_net = NET_BIND_TCP | (rules->may_connect ? 0 : NET_CONNECT_TCP);
        size += sizeof ruleset.handled_access_net;
    }
    if (version >= VERSION_SCOPE) {
        ruleset.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
        size += sizeof ruleset.scoped;
    }
    return (int)syscall(SYS_landlock_create_ruleset, &ruleset, size, 0);
}

static int allow_reading(int ruleset, const char *path) {
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : errno;
    struct stat about;
    int error = fstat(fd, &about) ? errno : 0;
    uint64_t folder = !error && S_ISDIR(about.st_mode) ? LANDLOCK_ACCESS_FS_READ_DIR : 0;
    struct landlock_path_beneath_attr rule = {
        .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | folder, .parent_fd = fd};
    if (!error && syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0)) error = errno;
    close(fd);
    return error;
}

int landlock_confine(const struct landlock_rules *rules) {
    int ruleset = make_ruleset(rules, landlock_version());
    if (ruleset < 0) return errno;
    int error = 0;
    for (size_t i = 0; !error && i < rules->readable_count; i++) error = allow_reading(ruleset, rules->readable[i]);
    if (!error && syscall(SYS_landlock_restrict_self, ruleset, 0)) error = errno;
    close(ruleset);
    return error;
}

ssize_t read_own_memory(uint64_t address, void *buffer, size_t size) {
    // In two parts, as the kernel copies a part or not: what lies on the next page may be there or not.
    enum { PAGE = 4096 };
    size_t first = PAGE - address % PAGE;
    if (first > size) first = size;
    struct iovec local = {buffer, size};
    struct iovec remote[] = {
        {(void *)(uintptr_t)address, first}, {(void *)(uintptr_t)(address + first), size - first}};
    return process_vm_readv(getpid(), &local, 1, remote, 2, 0);
}

bool is_own_thread(pid_t thread) { return syscall(SYS_tgkill, getpid(), thread, 0) == 0; }
