#!/usr/bin/env bash
# Rules on source files: none over 500 lines, a question at 300, and no mod.rs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mapfile -t sources < <(find . -name target -prune -o -name '*.rs' -print | sort)
[[ ${#sources[@]} -gt 0 ]] || { echo 'no sources found' >&2; exit 1; }

bad=0
while read -r lines file; do
    if [[ ${file##*/} == mod.rs ]]; then
        echo "$file: use foo.rs beside foo/, not foo/mod.rs"
        bad=1
    fi
    if ((lines > 500)); then
        echo "$file: $lines lines; 500 is the most"
        bad=1
    elif ((lines > 300)); then
        echo "$file: $lines lines; could it be two files?"
    fi
done < <(printf '%s\0' "${sources[@]}" | xargs -0 -n 500 wc -l | grep -v ' total$')
echo "${#sources[@]} files"
exit "$bad"
