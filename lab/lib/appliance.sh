# shellcheck shell=bash
# The appliance in a node: install and forward.  Sourced.

# stage: `make install` into LAB_DIR/staged, once for all nodes
stage() {
    rm -rf "$LAB_DIR/staged"
    mkdir -p "$LAB_DIR/staged"
    timeout -k 10 1800 make -s -C "$LAB_REPO" install DESTDIR="$LAB_DIR/staged" >&2 </dev/null 9>&- ||
        die "'make install' failed in $LAB_REPO"
}

# install_on NAME...
install_on() {
    [ -e "$LAB_REPO/Makefile" ] || die "nothing to install: no Makefile in $LAB_REPO (nodes without the appliance: --bare)"
    locked stage
    for_each install_one "$@" || exit 1
}

# same_as_staged ROOT: every staged file is in the node, with the same content
same_as_staged() {
    local file
    while IFS= read -r -d '' file; do
        cmp -s "$LAB_DIR/staged/$file" "$1/$file" || return 1
    done < <(cd "$LAB_DIR/staged" && find . -type f -print0)
}

install_one() {
    local name=$1 root begin=$EPOCHREALTIME config=/etc/aquarium/aquarium.json
    root=$(root_of "$name")
    if same_as_staged "$root" && [ -e "$root$config" ] && active "$name"; then
        say "$name: the appliance is installed and unchanged"
        return
    fi
    rm -rf "$root"/usr/{share,libexec}/aquarium # files that are no more
    cp -a --no-preserve=ownership "$LAB_DIR/staged/." "$root/"
    mkdir -p "$root/etc/aquarium"
    [ -e "$root$config" ] || cat >"$root$config" <<X
{"listen":"$(address_of "$name"):$GATEWAY_PORT","image":"$(image_reference)","image_pull":false}
X
    # shellcheck disable=SC2016  # the node's shell expands it
    if ! run_in "$name" 90 sh -ec 'systemd-sysusers; systemd-tmpfiles --create; systemctl daemon-reload
            systemctl --quiet enable aquarium.service; systemctl restart aquarium.service' ||
        ! until_true 30 settled "$name" || ! active "$name"; then
        run_in "$name" 20 journalctl --no-pager -n 50 -u aquarium >&2 || true
        die "the appliance does not run on $name; its journal is above"
    fi
    say "$name: the appliance is installed, http://$(address_of "$name"):$GATEWAY_PORT ($(since "$begin") s)"
}
active() { inside "$1" timeout 10 systemctl --quiet is-active aquarium.service; }
# settled NAME: it answers, or systemd gave it up
settled() { answers "$1" || inside "$1" timeout 10 systemctl --quiet is-failed aquarium.service; }
# answers NAME: something accepts connections where the gateway should
answers() { inside "$1" timeout 3 bash -c "exec 3<>/dev/tcp/$(address_of "$1")/$GATEWAY_PORT" 2>/dev/null; }

# forward NAME PORT
forward() {
    local name=$1 port=$2 d
    d=$(node_dir "$name")
    [[ $port =~ ^[0-9]{1,5}$ ]] || usage_error "'$port' is no port"
    if ! ended "$d/forward.pid" && [ "$(cat "$d/forward.port")" = "$port" ]; then return; fi
    end "$d/forward.pid"
    rm -f "$d/forward.ready"
    setsid /usr/bin/python3 "$LAB_HOME/lib/forward.py" "$port" "/run/netns/$PREFIX-$name" \
        "$(address_of "$name")" "$GATEWAY_PORT" "$d/forward.ready" >"$d/forward.log" 2>&1 </dev/null &
    remember $! "$d/forward.pid"
    disown
    echo "$port" >"$d/forward.port"
    until_true 10 forward_started "$d" || true
    [ -e "$d/forward.ready" ] || die "cannot forward port $port: $(tail -n 1 "$d/forward.log")"
    say "http://127.0.0.1:$port leads to $name"
}
forward_started() { [ -e "$1/forward.ready" ] || ended "$1/forward.pid"; }
