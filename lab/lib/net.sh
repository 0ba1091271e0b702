# shellcheck shell=bash
# The nodes' network: a switch (namespace PREFIX-sw with a bridge, SUBNET.254) and one namespace per node (PREFIX-n1:
# SUBNET.1).  Nothing is made in the machine's own network.  Sourced; called under the lab's lock.

netns_exists() { ip netns list | awk -v n="$1" '$1 == n { found = 1 } END { exit !found }'; }

# net_up NAME
net_up() {
    local name=$1 i=${1#n} sw=$PREFIX-sw ns=$PREFIX-$1
    if ! netns_exists "$sw"; then
        ip netns add "$sw"
        ip -n "$sw" link set lo up
        ip -n "$sw" link add br0 type bridge
        ip -n "$sw" addr add "$SUBNET.254/24" dev br0
        ip -n "$sw" link set br0 up
    fi
    netns_exists "$ns" && return
    ip netns add "$ns"
    ip -n "$ns" link set lo up
    ip -n "$sw" link add "v$i" type veth peer name eth0 netns "$ns"
    ip -n "$sw" link set "v$i" master br0 up
    ip -n "$ns" addr add "$SUBNET.$i/24" dev eth0
    ip -n "$ns" link set eth0 up
    ip -n "$ns" route add default via "$SUBNET.254"
}

# net_down NAME; with the last node goes the switch
net_down() {
    local name=$1 sw=$PREFIX-sw ns=$PREFIX-$1
    if netns_exists "$sw"; then ip -n "$sw" link del "v${name#n}" 2>/dev/null || true; fi
    if netns_exists "$ns"; then ip netns del "$ns"; fi
    if netns_exists "$sw" && ! ip netns list | grep -q "^$PREFIX-n[1-9]\b"; then
        ip netns del "$sw"
    fi
    # `ip netns` mounts this folder on itself; leave no mount behind.  Fails, as it should, while others use it.
    if [ -z "$(ls -A /run/netns 2>/dev/null)" ] && mountpoint -q /run/netns 2>/dev/null; then
        umount /run/netns 2>/dev/null || true
    fi
}
