# shellcheck shell=bash
# lab check: can this machine run a lab?  Sourced.

# check_machine: prints every reason why not
check_machine() {
    local rc=0 dir=$LAB_DIR cap
    no() { echo "no: $*"; rc=1; }
    [ "$(id -u)" = 0 ] || { no 'not root'; return 1; }
    cap=$(sed -n 's/^CapEff:\t//p' /proc/self/status)
    (((16#$cap >> 21) & 1)) || no 'no CAP_SYS_ADMIN: a container without privileges, perhaps'
    [ -c /dev/loop-control ] || no 'no /dev/loop-control: no loop devices (modprobe loop)'
    [ -c /dev/fuse ] || no 'no /dev/fuse (modprobe fuse)'
    grep -qw overlay /proc/filesystems || no 'the kernel knows no overlayfs (modprobe overlay)'
    grep -qw cgroup2 /proc/mounts || no 'no cgroup2 is mounted'
    unshare --net --mount true 2>/dev/null || no 'cannot make namespaces (unshare)'
    command -v ip >/dev/null || no "no 'ip' command: 'lab build' installs it"
    command -v systemd-nspawn >/dev/null || no "no systemd-nspawn: 'lab build' installs it"
    while [ ! -d "$dir" ]; do dir=$(dirname "$dir"); done
    case $(stat -f -c %T "$dir") in
    overlayfs) no "$dir is on overlayfs, which cannot hold the nodes' overlays: set LAB_DIR to a folder on ext4, xfs or btrfs" ;;
    nfs | fuseblk | fuse | tmpfs) no "$dir is on $(stat -f -c %T "$dir"): set LAB_DIR to a folder on ext4, xfs or btrfs" ;;
    esac
    [ "$(df --output=avail -B1M "$dir" | tail -n 1)" -ge 6000 ] || no "less than 6 GB free in $dir"
    return $rc
}

check() {
    if check_machine; then
        if is_built; then echo "yes: this machine can run a lab"; else echo "yes: after 'lab build'"; fi
    else
        return 1
    fi
}
