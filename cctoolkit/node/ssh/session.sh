# One connection's work on a node. It needs POSIX sh, coreutils and flock, and nothing else.
#
# $1 is our folder; $2 how many seconds without a word are taken for the end of the client, whose machine may have
# lost its network. The lock is held in descriptor 9, which every program started here shares: the node is free when
# nothing that this client asked for is at work any more, and not before.
#
# A request is a line, `operation US argument US ...`; the bytes of `stage` follow it. An answer is lines of `=data`,
# then `.` when it is done or `!status US what the programs said`.
umask 077
LC_ALL=C
export LC_ALL
root=$1
patience=$2
us=$(printf '\037')
newline='
'
exec 3>&1

say() { printf '=%s\n' "$1"; }

prepared() { [ -d "$root/releases" ] || exit 10; }

# Sets `name`.
find_current() {
    prepared
    name=
    [ ! -L "$root/current" ] || name=$(readlink -- "$root/current") || exit 1
    name=${name##*/}
    if [ -z "$name" ] || [ ! -d "$root/releases/$name" ]; then
        say "$name"
        releases
        exit 13
    fi
}

current() {
    find_current
    say "$name"
}

releases() {
    ls -- "$root/releases" >/dev/null || exit 1
    for one in "$root"/releases/*; do
        [ ! -d "$one" ] || say "${one##*/}"
    done
}

sweep() {
    rm -f -- "$root/intent.new" "$root/.current.new" || exit 1
    for draft in "$root"/releases/.*.new; do
        rm -rf -- "$draft" || exit 1
    done
}

key() {
    prepared
    if [ ! -e "$root/key" ]; then
        fresh=$root/key.$$
        # A link, not a rename: of two at once the first one's key stays.
        head -c 32 /dev/urandom >"$fresh" && sync -- "$fresh" && { ln -- "$fresh" "$root/key" || [ -e "$root/key" ]; }
        status=$?
        rm -f -- "$fresh"
        [ $status = 0 ] && sync -- "$root" || exit 1
    fi
    show "$root/key"
}

show() {
    data=$(base64 -w 0 -- "$1") || exit 1
    say "$data"
}

# Tells each file by $look: `show` its bytes, or `stamp` who wrote it, and when.
walk() {
    for one in "$1"/* "$1"/.[!.]* "$1"/..?*; do
        if [ -d "$one" ]; then
            [ -L "$one" ] || walk "$one"
        elif [ -f "$one" ]; then
            case $one in *"$newline"*) echo "a line break in a file's name: $one" >&2; exit 1 ;; esac
            say "${one#"$folder"/}"
            $look "$one"
        fi
    done
}

read_release() {
    folder=$root/releases/$1 look=show
    ls -- "$folder" >/dev/null || exit 1
    walk "$folder"
}

stamp() {
    data=$(stat -c '%U %u %Y' -- "$1") || exit 1
    say "$data"
}

touched() {
    folder=$root/releases/$1 look=stamp
    ls -- "$folder" >/dev/null || exit 1
    say ''
    stamp "$folder"
    walk "$folder"
}

# The files come as one pack: a program that fails in the middle must leave no rest of it in the connection.
stage() {
    final=$root/releases/$1 draft=$root/releases/.$1.new group=$2 bytes=$3 pack=/dev/null status=0
    if [ -e "$final" ]; then
        status=12
    elif rm -rf -- "$draft" && mkdir -- "$draft"; then
        pack=$draft/.pack
    else
        status=1
    fi
    timeout $((patience * 10)) head -c "$bytes" | tee -- "$pack" >/dev/null || status=1
    if [ $status = 0 ]; then
        (unpack) && mv -fT -- "$draft" "$final" && sync -- "$root/releases" || status=$?
    fi
    [ $status = 0 ] || [ $status = 12 ] || rm -rf -- "$draft"
    exit $status
}

unpack() {
    if [ "$(stat -c %s -- "$pack")" != "$bytes" ]; then
        echo "the connection ended before the release was here" >&2
        exit 1
    fi
    said=$(chgrp -- "$group" "$draft" 2>&1) || case $said in
        *"invalid group"*) exit 15 ;;
        *) echo "$said" >&2; exit 1 ;;
    esac
    exec 8<"$pack"
    set --
    while IFS=$us read -r size path <&8; do
        if [ "$size" = folder ]; then
            mkdir -- "$draft/$path" || exit 1
        else
            head -c "$size" <&8 >"$draft/$path" || exit 1
        fi
        set -- "$@" "$draft/$path"
    done
    rm -- "$pack" && chgrp -R -- "$group" "$draft" && chmod -R -- u=rwX,g=rX,o= "$draft" && sync -- "$@" "$draft"
}

flip() {
    ls -- "$root/releases/$1" >/dev/null || exit 1
    link=$root/.current.new
    rm -f -- "$link" && ln -s -- "releases/$1" "$link" && mv -fT -- "$link" "$root/current" && sync -- "$root"
}

discard() {
    find_current
    [ "$name" != "$1" ] || exit 14
    # Renamed first: half a release must not look like a whole one, whatever happens in the middle.
    mv -fT -- "$root/releases/$1" "$root/releases/.$1.new" && rm -rf -- "$root/releases/.$1.new"
}

intend() {
    fresh=$root/intent.new
    printf '%s' "$1" | tee -- "$fresh" >/dev/null && sync -- "$fresh" && mv -fT -- "$fresh" "$root/intent" &&
        sync -- "$root"
}

done_with() { rm -f -- "$root/intent" && sync -- "$root"; }

intent() { [ ! -e "$root/intent" ] || show "$root/intent"; }

record() {
    file=$root/history.jsonl
    [ -e "$file" ] || : >>"$file" || exit 1
    size=$(stat -c %s -- "$file") || exit 1
    # A line a full disk cut short must not spoil this one too.
    torn=
    [ -z "$(tail -c 1 -- "$file")" ] || torn=$newline
    if ! printf '%s%s\n' "$torn" "$1" | tee -a -- "$file" >/dev/null; then
        truncate -s "$size" -- "$file"
        exit 1
    fi
    sync -- "$file" "$root"
}

history() { [ ! -e "$root/history.jsonl" ] || show "$root/history.jsonl"; }

# A queue_log and its rotated siblings: number on the disk, size, when it was written last, name.
logs() {
    for one in "$1" "$1"[.-]*; do
        [ -f "$one" ] || continue
        data=$(stat -c '%i %s %.9Y %n' -- "$one") || exit 1
        say "$data"
    done
}

# Bytes of whichever of them has the number $2, from byte $3 on; nothing at all when none has it any more.
piece() {
    for one in "$1" "$1"[.-]*; do
        [ "$(stat -c %i -- "$one" 2>/dev/null)" = "$2" ] || continue
        exec 8<"$one" || exit 1
        data=$(tail -c "+$3" <&8 | head -c "$4" | base64 -w 0) || exit 1
        say "$data"
        return
    done
}

lockable() {
    prepared
    : >>"$root/lock" || exit 1
}

alive() { :; }

# The descriptor must be this shell's own. The file says who holds it: $1.
lock() {
    said=$( (lockable) 2>&1) || return
    exec 9>>"$root/lock"
    if flock -n 9; then
        said=$( (printf '%s' "$1" >"$root/lock") 2>&1) && return
        exec 9>&-
        return 1
    fi
    exec 9>&-
    (show "$root/lock")
    return 11
}

printf 'cctoolkit\n'
# Shells have no time-out for `read`: a program that is given one reads the line.
while line=$(timeout "$patience" sh -c 'IFS= read -r line && printf "%s\n" "$line"'); do
    set -f
    IFS=$us
    # shellcheck disable=SC2086 # it is parted on purpose, at US alone
    set -- $line
    unset IFS
    set +f
    said=
    case $1 in
    lock) lock "$2" ;;
    unlock) exec 9>&- ;;
    stage) said=$("$@" 2>&1 >&3) ;;
    *) said=$("$@" 2>&1 >&3 </dev/null) ;;
    esac
    status=$?
    if [ $status = 0 ]; then
        printf '.\n'
    else
        printf '!%s%s%s\n' "$status" "$us" "$(printf %s "$said" | tr '\n' ' ')"
    fi
done
