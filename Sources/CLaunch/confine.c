#define _GNU_SOURCE
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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
    if (version >= 0) return (int)version;
    return errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -errno;
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

static struct landlock_result failure(const char *step) { return (struct landlock_result){errno, step}; }

static struct landlock_result allow_reading(int ruleset, const char *path) {
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES)) return (struct landlock_result){0, NULL};
    if (fd < 0) return failure(path);
    struct stat about;
    struct landlock_result result = {0, NULL};
    if (fstat(fd, &about)) result = failure(path);
    uint64_t folder = !result.error && S_ISDIR(about.st_mode) ? LANDLOCK_ACCESS_FS_READ_DIR : 0;
    struct landlock_path_beneath_attr rule = {
        .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | folder, .parent_fd = fd};
    if (!result.error && syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0))
        result = failure(path);
    close(fd);
    return result;
}

struct landlock_result landlock_confine(const struct landlock_rules *rules) {
    int ruleset = make_ruleset(rules, landlock_version());
    if (ruleset < 0) return failure("landlock_create_ruleset");
    struct landlock_result result = {0, NULL};
    for (size_t i = 0; !result.error && i < rules->readable_count; i++)
        result = allow_reading(ruleset, rules->readable[i]);
    if (!result.error && syscall(SYS_landlock_restrict_self, ruleset, 0)) result = failure("landlock_restrict_self");
    close(ruleset);
    return result;
}
