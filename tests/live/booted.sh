# A systemd of its own over a copy of this machine that forgets: booted.sh FOLDER. In namespaces of its own already.
# FOLDER/site.yaml and FOLDER/secrets become /srv/cct, and service.sh runs there when systemd is up; it says to FOLDER/out.
set -eu
folder=$1
mount -t tmpfs tmpfs "$folder/layer"
mkdir "$folder/layer/upper" "$folder/layer/work"
root=$folder/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/layer/upper,workdir=$folder/layer/work" "$root"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
mount --make-rslave "$root/sys"
mount -t cgroup2 none "$root/sys/fs/cgroup"
mount -t tmpfs tmpfs "$root/run"
mkdir -p "$root/srv/cct/records" "$root/srv/out"
mount --bind "$folder/out" "$root/srv/out"
cp -r "$folder/site.yaml" "$folder/secrets" "$folder/service.sh" "$root/srv/cct/"
# The user of the service reaches this checkout and its Python, wherever they lie.
for path in "$2" "$3"; do
    while [ "$path" != / ]; do chmod a+x "$root$path"; path=$(dirname "$path"); done
done
echo 'cctoolkit:x:990:990::/srv/cct:/usr/sbin/nologin' >> "$root/etc/passwd"
echo 'cctoolkit:x:990:' >> "$root/etc/group"
chown -R 990:990 "$root/srv/cct"
# Nothing of this machine is started: what systemd itself wants is enough.
: > "$root/etc/fstab"
rm -rf "$root/etc/systemd/system"
mkdir "$root/etc/systemd/system"
cat > "$root/etc/systemd/system/tried.service" <<UNIT
[Service]
Type=oneshot
ExecStart=sh /srv/cct/service.sh
StandardOutput=append:/srv/out/said
StandardError=append:/srv/out/said
UNIT
cat > "$root/etc/systemd/system/tried.target" <<UNIT
[Unit]
Requires=tried.service
AllowIsolate=yes
UNIT
for unit in systemd-udevd.service systemd-udev-trigger.service systemd-journald.service systemd-journald.socket \
    systemd-tmpfiles-setup.service systemd-sysusers.service systemd-modules-load.service systemd-sysctl.service; do
    ln -s /dev/null "$root/etc/systemd/system/$unit"
done
exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin unshare --pid --fork --kill-child --cgroup --mount-proc="$root/proc" \
    chroot "$root" /usr/lib/systemd/systemd --unit=tried.target
