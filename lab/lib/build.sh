# shellcheck shell=bash
# lab build: the Ceph container image and the nodes' root file system, both from Debian packages.  Sourced.
# Each lies in a folder of LAB_CACHE named after the suite and a hash of what it is made from; the file `complete` in
# it comes last.

# everything the host needs for lab build and lab up
HOST_PACKAGES=(mmdebstrap podman runc catatonit systemd-container iproute2 debian-archive-keyring python3-pip
    openssh-client util-linux make)

IMAGE_PACKAGES=ceph-mon,ceph-mgr,ceph-osd,ceph-mds,ceph-common,ceph-mgr-cephadm,radosgw
IMAGE_PACKAGES+=,nfs-ganesha,nfs-ganesha-ceph,nfs-ganesha-rados-grace
IMAGE_PACKAGES+=,lvm2,udev,util-linux,gdisk,python3,python3-jsonpatch,procps,ca-certificates,openssh-client

NODE_PACKAGES=systemd,systemd-sysv,dbus,libpam-systemd,openssh-server,podman,runc,catatonit,conmon,lvm2,chrony
NODE_PACKAGES+=,iproute2,iputils-ping,procps,kmod,python3,python3-yaml,python3-jinja2,ceph-common,cephadm
NODE_PACKAGES+=,ca-certificates,sudo,less,nftables,iptables
NODE_PACKAGES+=,librados2,libstdc++6,libgcc-s1,zlib1g # what the appliance's binaries are linked to
NODE_PACKAGES+=,curl,jq,socat                                     # for looking around by hand

hash_of() { cat "$@" | sha256sum | cut -c1-10; }
IMAGE_DIR=$LAB_CACHE/image-$SUITE-$(hash_of "$LAB_HOME/lib/build.sh")
NODE_DIR=$LAB_CACHE/node-$SUITE-$(hash_of "$LAB_HOME/lib/build.sh" "$LAB_HOME"/files/*)
IMAGE_STORE=$IMAGE_DIR/store # a podman store that every node reads
NODE_ROOT=$NODE_DIR/root     # the lower layer of every node

is_built() { [ -e "$IMAGE_DIR/complete" ] && [ -e "$NODE_DIR/complete" ]; }
need_built() { is_built || die "image and node file system of $SUITE are not built: run 'lab build' first"; }
image_reference() {
    [ -e "$IMAGE_DIR/complete" ] || die "the image of $SUITE is not built: run 'lab build' first"
    local version
    version=$(<"$IMAGE_DIR/version")
    echo "localhost/ceph:${version%%.*}"
}

# apt_sources: the host's own Debian sources, turned to SUITE (sid has no -updates and no -security)
apt_sources() {
    local host
    host=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    apt-get indextargets --format "deb \$(REPO_URI) \$(RELEASE) \$(COMPONENT)" 'Created-By: Packages' 'Origin: Debian' |
        awk -v from="$host" -v to="$SUITE" '
            $3 == from || index($3, from "-") == 1 {
                sub("^" from, to, $3)
                if (to != "sid" || $3 == "sid") print
            }' | sort -u
}

# rootfs TARGET PACKAGES [mmdebstrap option...]: TARGET is a folder or a .tar.  Signatures are checked, the age of the
# package lists is not: a mirror that lags behind will do.
rootfs() {
    local target=$1 packages=$2 sources mirror=()
    shift 2
    sources=$(apt_sources)
    [ -z "$sources" ] || mirror=(-) # nothing found: mmdebstrap's own default mirror
    printf '%s\n' "$sources" | timeout -k 10 1200 mmdebstrap --quiet --variant=minbase --include="$packages" \
        --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Check-Valid-Until "false"' \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt=force-unsafe-io \
        --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
        "$@" "$SUITE" "$target" "${mirror[@]}"
}

# python_packages FOLDER PIP-ARGUMENT...: from PyPI, what Debian lacks
python_packages() {
    local folder=$1
    shift
    timeout -k 5 300 /usr/bin/python3 -m pip install --quiet --root-user-action=ignore --no-compile --target="$folder" "$@"
}

# build_image: file system, then podman store
build_image() {
    local d=$IMAGE_DIR packages=$IMAGE_PACKAGES extra=() notify_types
    rm -rf "$d"
    mkdir -p "$d"
    # From Python 3.13 on the mgr reports a crash for every module without this attribute
    # shellcheck disable=SC2016  # mmdebstrap expands $1
    notify_types='--customize-hook=sed -i "/^class MgrModule(/a\    NOTIFY_TYPES = []" "$1/usr/share/ceph/mgr/mgr_module.py"'
    # shellcheck disable=SC2016  # mmdebstrap expands $1
    case $SUITE in
    bookworm)
        # Ceph 16's cephadm module talks through remoto, which Debian lacks; later releases use asyncssh
        python_packages "$d/py" remoto==1.2.1
        packages+=,python3-execnet,ceph-mgr-dashboard
        extra+=("--customize-hook=cp -r '$d/py/remoto' \"\$1/usr/lib/python3/dist-packages/\"")
        ;;
    trixie)
        packages+=,ceph-volume # before trixie, part of ceph-osd
        # Ceph 18's mgr runs each module in a Python interpreter of its own, where the bcrypt and cryptography of trixie
        # refuse to load (PyO3).  Hence the last cryptography without that check, the asyncssh of its time, and no
        # module that imports bcrypt as it loads.
        python_packages "$d/py" --no-deps --only-binary=:all: cryptography==36.0.2 pyOpenSSL==22.0.0 asyncssh==2.13.2
        extra+=(--customize-hook='cd "$1/usr/lib/python3/dist-packages" && rm -rf cryptography* OpenSSL pyOpenSSL* asyncssh* bcrypt*'
            --customize-hook="cp -r '$d/py/.' \"\$1/usr/lib/python3/dist-packages/\""
            --customize-hook='rm -r "$1/usr/share/ceph/mgr/restful"'
            --customize-hook='cd "$1/usr/share/ceph/mgr" && sed -i -e "/^import bcrypt$/d" -e "/^def password_hash/a\    import bcrypt" mgr_util.py')
        extra+=("$notify_types")
        # ganesha from 5 on wants CAP_SYS_RESOURCE, which cephadm does not give it, or this; Ceph 20 writes it itself
        extra+=(--customize-hook='sed -i "/^NFS_CORE_PARAM {/a\        allow_set_io_flusher_fail = true;" \
            "$1/usr/share/ceph/mgr/cephadm/templates/services/nfs/ganesha.conf.j2"')
        ;;
    *)
        packages+=,ceph-volume,python3-routes # the latter: a dependency that ceph-mgr-cephadm 20 forgot
        extra+=("$notify_types")
        # Python 3.14's multiprocessing defaults to forkserver, which starts sys.executable: wrong inside ceph-mgr
        extra+=(--customize-hook='sed -i "/^import ceph_module/a import multiprocessing; multiprocessing.set_start_method(\"fork\", force=True)" \
            "$1/usr/share/ceph/mgr/mgr_module.py"')
        ;;
    esac
    # shellcheck disable=SC2016  # mmdebstrap expands $1
    rootfs "$d/root.tar" "$packages" "${extra[@]}" \
        --customize-hook='chroot "$1" dpkg-query -W -f "\${Version}" ceph-common >"$1/ceph-version"' \
        --customize-hook="download /ceph-version '$d/version.full'" \
        --customize-hook='rm "$1/ceph-version"'
    # mmdebstrap empties /run, but ganesha.nfsd dies without /run/ganesha
    mkdir -p "$d/run/ganesha"
    tar --owner=0 --group=0 -C "$d" --no-recursion -rf "$d/root.tar" ./run/ganesha
    sed 's/[+~-].*//' "$d/version.full" >"$d/version"

    local version runroot
    version=$(<"$d/version")
    runroot=$(mktemp -d) # podman wants at most 50 characters
    timeout -k 5 300 podman --root "$IMAGE_STORE" --runroot "$runroot" --storage-driver overlay import --quiet \
        -c 'LABEL ceph=True' -c "LABEL CEPH_POINT_RELEASE=-$version" -c 'LABEL GIT_BRANCH=HEAD' \
        -c "ENV CEPH_VERSION=$version" -c 'ENV LC_ALL=C.UTF-8' -c 'ENV CEPH_VOLUME_ALLOW_LOOP_DEVICES=1' \
        -c 'CMD ["/bin/bash"]' "$d/root.tar" "localhost/ceph:${version%%.*}" >/dev/null
    rm -rf "$d/root.tar" "$d/py" "$d/run" "$runroot" "$d/version.full"
    touch "$d/complete"
}

build_node() {
    rm -rf "$NODE_DIR"
    mkdir -p "$NODE_DIR"
    rootfs "$NODE_ROOT" "$NODE_PACKAGES"
    "$LAB_HOME/files/prepare-node" "$NODE_ROOT"
    touch "$NODE_DIR/complete"
}

# privately SCRIPT-FUNCTION: runs in a mount namespace of its own, so that no mount can be left on the machine
privately() {
    # shellcheck disable=SC2016  # the inner bash expands it
    LAB_STEP=$1 unshare --mount --propagation private bash -euo pipefail -c \
        'LAB_HOME=$0; . "$LAB_HOME/lib/env.sh"; . "$LAB_HOME/lib/build.sh"; $LAB_STEP' "$LAB_HOME" 9>&- ||
        die "$1 failed, the reason is above; 'lab build' tries again"
}

# step N TEXT DONE COMMAND...
step() {
    local n=$1 text=$2 present=$3 begin=$EPOCHREALTIME
    shift 3
    if "$present"; then
        say "[$n/3] $text: present"
        return
    fi
    say "[$n/3] $text …"
    "$@"
    say "[$n/3] $text: $(since "$begin") s"
}
image_present() { [ -e "$IMAGE_DIR/complete" ]; }
node_present() { [ -e "$NODE_DIR/complete" ]; }
absent() { false; }

build() {
    if ! is_built; then
        step 1 'packages of this machine' absent install_packages "${HOST_PACKAGES[@]}"
        mkdir -p "$LAB_CACHE"
        {
            flock -w 1800 9 || die "another 'lab build' holds $LAB_CACHE/lock"
            step 2 "image of Ceph ($SUITE)" image_present privately build_image
            step 3 "node root file system ($SUITE)" node_present privately build_node
        } 9>"$LAB_CACHE/lock"
    fi
    say "built: $(image_reference) (Ceph $(<"$IMAGE_DIR/version"), $SUITE) in $LAB_CACHE"
}
