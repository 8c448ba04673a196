#!/bin/sh
# Installs the programs that the benchmarks compare with, where they are missing and this account may install them.
set -eu
missing=
for pair in chafa:chafa dcmdump:dcmtk gdcmscanner:libgdcm-tools md5sum:coreutils sftp:openssh-client sshd:openssh-server strace:strace; do
    PATH="$PATH:/usr/sbin" command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair##*:}"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq
    # shellcheck disable=SC2086 # a list of packages
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing
else
    echo "missing peers, and this account may not install them:$missing" >&2
fi
