# What prepares a node: its configuration folder, in which ours lies; see ../prepare/place.py.

# Sets `path`, that of a name below the folder or of the whole machine.
find_path() {
    case $1 in
    /*) path=$1 ;;
    *) path=${root%/*}/$1 ;;
    esac
}

peek() {
    find_path "$1"
    [ ! -e "$path" ] || show "$path"
}

# Writes the bytes of $1, base64, into the new file `fresh`, which nobody else may read.
fill() {
    rm -f -- "$fresh" && printf '%s' "$1" | base64 -d >"$fresh"
}

# $1 the name, $2 the group of a new file, $3 its bytes.
place() {
    find_path "$1"
    # Where a link leads: /etc/asterisk may be kept elsewhere.
    path=$(realpath -m -- "$path") || exit 1
    fresh=$path.new copy=$path.before-cctoolkit kept=
    case $1 in
    cctoolkit/*) ;;
    *) if [ -e "$path" ] && [ ! -e "$copy" ]; then
        cp --preserve=mode,ownership -- "$path" "$copy.new" && sync -- "$copy.new" && mv -fT -- "$copy.new" "$copy" || exit 1
        kept=yes
    fi ;;
    esac
    fill "$3" || exit 1
    if [ -e "$path" ]; then
        chown --reference="$path" -- "$fresh" && chmod --reference="$path" -- "$fresh" || exit 1
    else
        in_group "$2" "$fresh" && chmod 0640 -- "$fresh" || exit 1
    fi
    sync -- "$fresh" && mv -fT -- "$fresh" "$path" && sync -- "${path%/*}" || exit 1
    [ -z "$kept" ] || say "$kept"
}

in_group() {
    said=$(chgrp -- "$1" "$2" 2>&1) || case $said in
        *"invalid group"*) exit 15 ;;
        *) echo "$said" >&2; exit 1 ;;
    esac
}

# Of each folder: mode, the group's number and name; "" when it is none.
folders() {
    ls -- "${root%/*}" >/dev/null || exit 1
    for one in "$@"; do
        find_path "$one"
        data=
        [ ! -d "$path" ] || data=$(stat -L -c '%a %g %G' -- "$path") || exit 1
        say "$data"
    done
}

folder() {
    find_path "$1"
    [ -d "$path" ] || mkdir -- "$path" || exit 1
    in_group "$2" "$path" && chmod 2770 -- "$path" || exit 1
}

linked() { [ ! -L "$root/current" ] || say "$(readlink -- "$root/current")"; }

kept_releases() { [ ! -d "$root/releases" ] || releases; }

link_empty() { ln -s -- releases/empty "$root/current" && sync -- "$root"; }

fitting() {
    cd -- "${root%/*}" || exit 1
    IFS=
    for one in $1; do
        case $one in *"$newline"*) continue ;; esac
        [ ! -f "$one" ] || say "$one"
    done
}

is_there() {
    find_path "$1"
    if [ -e "$path" ] || [ -L "$path" ]; then say yes; fi
}

# Mode and owner of a file, and of the folder $2 the owner.
entrusted() {
    data=$(stat -L -c %u -- "$2") || exit 1
    find_path "$1"
    [ ! -e "$path" ] || say "$(stat -L -c '%a %u' -- "$path") $data"
}

entrust() {
    find_path "$1"
    fresh=$path.new
    if [ ! -e "$path" ]; then
        fill "$3" && chown --reference="$2" -- "$fresh" && sync -- "$fresh" && mv -fT -- "$fresh" "$path" || exit 1
    fi
    chown --reference="$2" -- "$path" && chmod 0600 -- "$path" && sync -- "$path" "${path%/*}"
}
