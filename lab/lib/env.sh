# shellcheck shell=bash
# Settings, and the helpers that every part of the lab uses.  Sourced, never run.
# shellcheck disable=SC2034  # used by the scripts that source this file

LAB_DIR=${LAB_DIR:-/var/tmp/aquarium-lab}               # nodes and their disks; keep the path short
LAB_CACHE=${LAB_CACHE:-/var/tmp/aquarium-lab/built}     # what `lab build` made; read-only for all labs, so they can share it
LAB_REPO=${LAB_REPO:-$(dirname "$LAB_HOME")}            # where `make install` is run
SUITE=${SUITE:-bookworm}                                # bookworm: Ceph 16, trixie: Ceph 18, sid: Ceph 20
PREFIX=${PREFIX:-aqlab}                                 # names of network namespaces and cgroups begin with it
SUBNET=${SUBNET:-10.77.0}                               # node n3 has SUBNET.3
GATEWAY_PORT=8080                                       # where the appliance listens in a node

say() { printf '%s\n' "$*" >&2; }
die() { say "lab: $*"; exit 1; }
usage_error() { say "lab: $*"; say "      'lab help' shows how to call it"; exit 2; }

# since START: seconds since $EPOCHREALTIME was START
since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'; }

# until_true SECONDS COMMAND...: try it until it succeeds; fails when the time is up
until_true() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.1
    done
}

# A pid file holds "PID STARTTIME": the number alone could by now be another process.
start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | awk '$1 != "Z" { print $20 }'; }
remember() { printf '%s %s\n' "$1" "$(start_time "$1")" >"$2"; } # remember PID FILE
# pid_of FILE: the pid in it, if that process still lives
pid_of() {
    local pid time
    { read -r pid time <"$1"; } 2>/dev/null || return 1
    [ -n "$time" ] && [ "$(start_time "$pid")" = "$time" ] || return 1
    echo "$pid"
}
ended() { ! pid_of "$1" >/dev/null; } # ended FILE
# end FILE: kill the process noted there, and wait for its end
end() {
    local pid
    if pid=$(pid_of "$1"); then
        kill -9 "$pid" 2>/dev/null || true
        until_true 10 ended "$1" || die "process $pid does not end"
    fi
    rm -f "$1"
}

# locked COMMAND...: one at a time in this lab.  Processes that outlive the command must close descriptor 9.
locked() {
    mkdir -p "$LAB_DIR"
    { flock -w 120 9 || die "another lab command holds $LAB_DIR/lock"; "$@"; } 9>"$LAB_DIR/lock"
}

# install_packages PACKAGE...: by apt, those that are missing
install_packages() {
    local p missing=()
    for p; do
        dpkg-query -W -f '${db:Status-Abbrev}' "$p" 2>/dev/null | grep -q '^ii' || missing+=("$p")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || die "missing: ${missing[*]}; this is no Debian, install them by hand"
    say "    apt: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    local apt=(timeout -k 10 900 apt-get -qq -o DPkg::Lock::Timeout=300)
    "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null 2>&1 </dev/null && return
    "${apt[@]}" update >/dev/null </dev/null || true # lists too old, perhaps
    "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null </dev/null ||
        die "apt could not install ${missing[*]}: try 'apt-get update', then again"
}
