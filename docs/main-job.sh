#!/bin/sh
# The main job of dcmtty from the command line alone: look, contour, build, check, digest, send, verify, notice damage.
#
#   docs/main-job.sh SERIES STRUCTURES HAND DEVICE WORK
#
#   SERIES      folder with the images of one series
#   STRUCTURES  an RTSTRUCT drawn on it; the points of its ROIs are taken over
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
say() { printf '\n== %s\n' "$1"; }

say 'What is there'
$dcmtty scan "$series"
$dcmtty tags "$(find "$series" -type f | sort | head -n 1)" --find ImagePositionPatient
$dcmtty show "$series" --glyphs ascii --color none --size 80x24

say 'Points of the structure set that is there'
$dcmtty rtstruct points "$structures" --series "$series" > "$work/taken-over.csv"
wc -l < "$work/taken-over.csv"

say 'A new structure set of these and of the contours entered by hand'
$dcmtty rtstruct build "$series" --points "$hand" "$work/taken-over.csv" --label main-job -o "$work/RS.dcm"

say 'Other programs read it'
if command -v dciodvfy > /dev/null; then
    dciodvfy "$work/RS.dcm" 2>&1 | tee "$work/dciodvfy.txt"
    ! grep -q '^Error' "$work/dciodvfy.txt"
fi
if command -v drtdump > /dev/null; then
    drtdump "$work/RS.dcm" > "$work/drtdump.txt"
    grep -c 'ROI Name' "$work/drtdump.txt" || true
fi

say 'Digests'
(cd "$work" && $dcmtty digest RS.dcm -o MANIFEST && $dcmtty verify MANIFEST)
(cd "$work" && $dcmtty digest --format sha256sum RS.dcm | sha256sum -c -)

say 'Plan, send, verify'
# shellcheck disable=SC2086 # $connect is an option with its value, or nothing
$dcmtty send "$work/RS.dcm" --to "$device" --dry-run --no-input $connect
# shellcheck disable=SC2086
$dcmtty send "$work/RS.dcm" --to "$device" --no-input $connect
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
