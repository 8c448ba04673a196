#!/bin/sh
# The main job of dcmtty from the command line alone: look, contour, build, check, digest, send, verify, notice damage.
#
#   docs/main-job.sh SERIES STRUCTURES HAND DEVICE WORK
#
#   SERIES      folder with the images of one series
#   STRUCTURES  an RTSTRUCT drawn on it; the points of its ROI 1 are taken over
#   HAND        a point list (here: contours entered by hand, as pixels)
#   DEVICE      where to send to: a name of devices.toml or a Host of the ssh configuration
#   WORK        an empty folder for what is made
#
# DCMTTY      the program (default: dcmtty); SSH_CONFIG  an ssh configuration, if not ~/.ssh/config
# DAMAGE      a command that changes one byte of the file on the device; when it is set, the last check must fail
set -eu

series=$1 structures=$2 hand=$3 device=$4 work=$5
dcmtty=${DCMTTY:-dcmtty}
connect=${SSH_CONFIG:+--ssh-config $SSH_CONFIG}
out=$work/out
mkdir "$out"
first=$(find "$series" -type f | sort | head -n 1)
say() { printf '\n== %s\n' "$1"; }

say 'What is there'
$dcmtty scan "$series"
$dcmtty tags "$first" --find ImagePositionPatient
$dcmtty show "$series" --glyphs ascii --color none --size 80x24

say 'Points of the structure set that is there'
$dcmtty rtstruct points "$structures" --roi 1 --series "$series" > "$work/taken-over.csv"
wc -l < "$work/taken-over.csv"

say 'A new structure set of these and of the contours entered by hand'
$dcmtty rtstruct build "$series" --points "$hand" "$work/taken-over.csv" --label main-job -o "$out/RS.dcm"

say 'Other programs read it'
if command -v dciodvfy > /dev/null; then
    # What it has against the images' own attributes is copied with them; nothing may come on top.
    messages() { dciodvfy "$1" 2>&1 | grep -E '^(Error|Warning)' | sort -u; }
    messages "$first" > "$work/images.messages" || true
    messages "$out/RS.dcm" > "$work/structures.messages" || true
    comm -13 "$work/images.messages" "$work/structures.messages" | tee "$work/added.messages"
    [ ! -s "$work/added.messages" ] && echo 'dciodvfy: nothing beyond what it says of the images'
fi
if command -v drtdump > /dev/null; then
    drtdump "$out/RS.dcm" > "$work/drtdump.txt"
    grep -E '^ *(ROI Name|Structure Set Label)' "$work/drtdump.txt" || true
fi

say 'Digests'
(cd "$out" && $dcmtty digest RS.dcm -o MANIFEST && $dcmtty verify MANIFEST)
(cd "$out" && $dcmtty digest --format sha256sum RS.dcm | sha256sum -c -)

say 'Plan, send, verify'
# shellcheck disable=SC2086 # $connect is an option with its value, or nothing
$dcmtty send "$out/RS.dcm" --to "$device" --dry-run --no-input $connect
# shellcheck disable=SC2086
$dcmtty send "$out/RS.dcm" --to "$device" --no-input $connect
# shellcheck disable=SC2086
$dcmtty verify "$device:" --no-input $connect

if [ -n "${DAMAGE:-}" ]; then
    say 'One byte on the device changes'
    sh -c "$DAMAGE"
    code=0
    # shellcheck disable=SC2086
    $dcmtty verify "$device:" --no-input $connect || code=$?
    [ "$code" -eq 5 ] || { echo "expected exit code 5, got $code" >&2; exit 1; }
    echo 'noticed: exit code 5'
fi
say 'Done'
