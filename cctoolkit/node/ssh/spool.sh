# Callers' messages of a node: its spool $1, and what became of each, in our own folder.
head=4096

# Tells a file: its name behind $1, its size, when it changed, and the first $2 bytes, through no link: the spool is
# Asterisk's, and it may be somebody else's by now.
told() {
    [ -f "$one" ] && [ ! -L "$one" ] || return 0
    case ${one#"$1"} in *[!A-Za-z0-9./-]*) return 0 ;; esac
    [ -r "$one" ] || { echo "$one: it cannot be read" >&2; exit 1; }
    # Swept in this moment, it is none.
    size=$(stat -c '%s %.9Y' -- "$one" 2>/dev/null) || return 0
    say "${one#"$1"}"
    say "$size"
    data=$(dd if="$one" iflag=nofollow,nonblock,count_bytes bs=65536 count="$2" status=none 2>/dev/null | base64 -w 0) || exit 1
    say "$data"
}

spool() {
    [ ! -d "$1/cctoolkit/voicemail" ] || ls -- "$1/cctoolkit/voicemail" >/dev/null || exit 1
    for one in "$1"/cctoolkit/voicemail/*/*/*.wav "$1"/cctoolkit/voicemail/*/*/*.txt; do told "$1/" $head; done
}

notes() {
    [ ! -d "$root/outbox" ] || ls -- "$root/outbox" >/dev/null || exit 1
    for one in "$root"/outbox/*.json "$root"/outbox/*.again; do told "$root/" 1048576; done
}

sound() {
    one=$1/$2
    told "$1/" 268435456
}

now() { say "$(date +%s.%N)"; }

# A wish for the node's sender, whoever it runs as: $1 its name, $2 its bytes.
wish() {
    fresh=$root/outbox/$1.new
    fill "$2" && chown --reference="$root/outbox" -- "$fresh" && sync -- "$fresh" &&
        mv -fT -- "$fresh" "$root/outbox/$1" && sync -- "$root/outbox"
}
