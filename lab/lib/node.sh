# shellcheck shell=bash
# Nodes: systemd-nspawn over an overlay on the built root file system, with loop devices as disks.  Sourced.
# LAB_DIR/nodes/NAME/: upper, work, root (overlay), containers, ceph (/var/lib/...), disks/I.img and I.dev, pid,
# console.log, snapshots/TAG.

node_dir() { echo "$LAB_DIR/nodes/$1"; }
address_of() { echo "$SUBNET.${1#n}"; }
check_name() { [[ ${1-} =~ ^n[1-9]$ ]] || usage_error "'${1-}' is no node name: n1 … n9"; }
need_node() {
    check_name "$1"
    [ -d "$(node_dir "$1")" ] || die "there is no node $1: 'lab up $1' makes it"
}
need_running() {
    need_node "$1"
    leader "$1" >/dev/null || die "$1 does not run: 'lab boot $1' starts it"
}
# node_names: all that exist
node_names() {
    local d
    for d in "$LAB_DIR"/nodes/n[1-9]; do [ ! -d "$d" ] || basename "$d"; done
}

# leader NAME: pid of the node's systemd, if it runs
leader() {
    local nspawn p
    nspawn=$(pid_of "$(node_dir "$1")/pid") || return 1
    # shellcheck disable=SC2013  # words are wanted
    for p in $(cat "/proc/$nspawn/task/"*/children 2>/dev/null); do
        [ "$(cat "/proc/$p/comm" 2>/dev/null)" != systemd ] || { echo "$p"; return; }
    done
    return 1
}
root_of() { echo "/proc/$(leader "$1")/root"; }

# --- disks

# disks_make NAME COUNT SIZE
disks_make() {
    local d i
    d=$(node_dir "$1")/disks
    mkdir -p "$d"
    for ((i = 1; i <= $2; i++)); do truncate -s "$3" "$d/$i.img"; done
}
# disks_attach NAME: a loop device for every file that has none.  Always the same one, if it is free: Ceph remembers.
disks_attach() {
    local d file dev
    d=$(node_dir "$1")/disks
    for file in "$d"/*.img; do
        [ -e "$file" ] || continue
        dev=$(disk_device "$file")
        [ -z "$dev" ] || continue
        dev=$(cat "${file%.img}.dev" 2>/dev/null || true)
        if [ -z "$dev" ] || ! losetup "$dev" "$file" 2>/dev/null; then
            dev=$(losetup --find --show "$file")
        fi
        echo "$dev" >"${file%.img}.dev"
    done
}
disk_device() { losetup --noheadings --output NAME --associated "$1" | head -n 1; }
disks_of() { # disks_of NAME: its loop devices
    local file
    for file in "$(node_dir "$1")"/disks/*.img; do [ ! -e "$file" ] || disk_device "$file"; done
}
disks_detach() {
    local dev
    for dev in $(disks_of "$1"); do losetup --detach "$dev"; done
}

# --- boot and end

# the cgroup hierarchies that nspawn uses: two on a hybrid host, one where cgroup2 is alone
hierarchies() {
    local h
    if [ -e /sys/fs/cgroup/cgroup.controllers ]; then echo /sys/fs/cgroup; else
        for h in /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do [ ! -d "$h" ] || echo "$h"; done
    fi
}

# node_create NAME DISKS SIZE
node_create() {
    local name=$1 d i
    d=$(node_dir "$name")
    mkdir -p "$d"/{upper/etc,work,root,containers,ceph}
    echo "$name" >"$d/upper/etc/hostname"
    { echo '127.0.0.1 localhost'; for ((i = 1; i <= 9; i++)); do echo "$SUBNET.$i n$i"; done; } >"$d/upper/etc/hosts"
    disks_make "$name" "$2" "$3"
}

# node_start NAME: start nspawn, if it does not run; does not wait
node_start() {
    local name=$1 d h cgroups=() disks=()
    d=$(node_dir "$name")
    ended "$d/pid" || return 0
    node_ended "$name"
    net_up "$name"
    disks_attach "$name"
    for h in $(disks_of "$name"); do disks+=("--bind=$h"); done
    for h in $(hierarchies); do
        mkdir -p "$h/$PREFIX-$name"
        cgroups+=("$h/$PREFIX-$name/cgroup.procs")
    done
    # It runs in a mount namespace of its own: the overlay ends with it.  The other nodes' network namespaces are
    # mounted there, too, and would be kept alive.
    # UNIFIED_CGROUP_HIERARCHY=1: the node sees cgroup2 only.  CAP_SYS_TIME, _MODULE and _BOOT stay with the machine.
    cat >"$d/start" <<X
#!/bin/bash
set -eu
for f in ${cgroups[*]@Q}; do echo \$\$ >"\$f"; done
for f in /run/netns/*; do [ "\$f" = /run/netns/$PREFIX-$name ] || umount -l "\$f" 2>/dev/null || true; done
mount -t overlay overlay -o lowerdir=${NODE_ROOT@Q},upperdir=${d@Q}/upper,workdir=${d@Q}/work ${d@Q}/root
exec env UNIFIED_CGROUP_HIERARCHY=1 SYSTEMD_SECCOMP=0 systemd-nspawn --quiet --boot --directory=${d@Q}/root \\
    --machine=$PREFIX-$name --hostname=$name --register=no --keep-unit --console=pipe \\
    --network-namespace-path=/run/netns/$PREFIX-$name --resolv-conf=off --timezone=off --link-journal=no \\
    --capability=all --drop-capability=CAP_SYS_TIME,CAP_SYS_MODULE,CAP_SYS_BOOT \\
    --bind=${d@Q}/containers:/var/lib/containers --bind=${d@Q}/ceph:/var/lib/ceph \\
    --bind-ro=${IMAGE_STORE@Q}:/imgstore --bind=/dev/fuse ${disks[*]}
X
    chmod +x "$d/start"
    setsid unshare --mount --propagation private "$d/start" >"$d/console.log" 2>&1 </dev/null 9>&- &
    remember $! "$d/pid"
    disown # no notice when it is killed
}

# node_wait NAME: until the node's systemd has started everything (at most 90 s); prints the units that failed
node_wait() {
    local name=$1 end=$((SECONDS + 90)) state=''
    while :; do
        pid_of "$(node_dir "$name")/pid" >/dev/null ||
            die "$name ended while it booted: $(tail -n 3 "$(node_dir "$name")/console.log")"
        state=$(inside "$name" timeout -k 2 60 systemctl is-system-running --wait 2>/dev/null || true)
        case $state in
        running) return ;;
        degraded)
            say "$name: some units failed:"
            inside "$name" timeout 10 systemctl --failed --no-legend --plain >&2 || true
            return
            ;;
        esac
        [ $SECONDS -lt $end ] || die "$name does not get ready (${state:-no answer}): see 'lab logs $name'"
        sleep 0.1
    done
}

# inside NAME COMMAND...: at once, as a child of ours in the node's namespaces
inside() {
    local pid
    pid=$(leader "$1") || return 125
    shift
    nsenter -t "$pid" -m -u -i -n -p -C -r -w \
        env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 TERM=dumb \
        "$@" </dev/null 9>&-
}

# run_in NAME SECONDS COMMAND...: as a transient unit of the node, the time limit enforced in there.  The output goes
# through files, so that a process left behind cannot hold the caller's pipe open.  Exit code 124: time over.
run_in() {
    local name=$1 limit=$2 rc=0 out pid
    shift 2
    pid=$(leader "$name") || die "$name does not run"
    out=$(mktemp -d)
    timeout -k 2 $((limit + 15)) nsenter -t "$pid" -m -u -i -n -p -C -r -w \
        env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 TERM=dumb \
        systemd-run --quiet --pipe --wait --collect -p Delegate=yes -E HOME=/root -E LC_ALL=C.UTF-8 \
        timeout -k 5 "$limit" "$@" >"$out/1" 2>"$out/2" </dev/null 9>&- || rc=$?
    cat "$out/1"
    cat "$out/2" >&2
    rm -rf "$out"
    return $rc
}

# node_ended NAME: what is left to do once nspawn is gone; also when it did not end in good order
node_ended() {
    local name=$1 h
    rm -f "$(node_dir "$name")/pid"
    for h in $(hierarchies); do
        [ -d "$h/$PREFIX-$name" ] || continue
        until_true 10 cgroup_removed "$h/$PREFIX-$name" || die "processes are left in $h/$PREFIX-$name"
    done
    rm -rf "/run/systemd/nspawn/propagate/$PREFIX-$name" "/run/systemd/nspawn/unix-export/$PREFIX-$name"
}
cgroup_removed() {
    [ ! -e "$1/cgroup.kill" ] || echo 1 >"$1/cgroup.kill" # whoever is left; cgroup2 only
    find "$1" -depth -type d -exec rmdir {} \; 2>/dev/null || true
    [ ! -d "$1" ]
}

# node_kill NAME: like a power cut.  With its init the kernel kills all else in the node; nspawn notices and ends.
node_kill() {
    local name=$1 pid file
    file=$(node_dir "$name")/pid
    if pid=$(leader "$name"); then kill -9 "$pid" 2>/dev/null || true; fi
    until_true 5 ended "$file" || end "$file"
    node_ended "$name"
}

# node_stop NAME: power off in good order
node_stop() {
    local name=$1 pid
    if pid=$(leader "$name"); then
        kill -s RTMIN+4 "$pid"
        until_true 60 ended "$(node_dir "$name")/pid" || say "$name does not power off in 60 s; killed"
    fi
    node_kill "$name"
}

# node_remove NAME: the node, its forward, disks and data
node_remove() {
    local name=$1
    end "$(node_dir "$name")/forward.pid"
    node_kill "$name"
    disks_detach "$name"
    net_down "$name"
    rm -rf "$(node_dir "$name")"
}
