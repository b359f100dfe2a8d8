#!/bin/sh
# Every facility at one instant, in mawk and sort: board_awk.sh FACILITIES EVENTS INSTANT
# For files without quotes. A later event of the same instant comes later in the file. Instants of one width order as text.
echo facility,status,since
LC_ALL=C mawk -F, -v at="$3" '
  FNR == 1 { file++; next }
  file == 1 { has_ed[$1] = $6 != ""; next }
  $8 <= at && $8 >= since[$4] { since[$4] = $8; status[$4] = $6; scope[$4] = $7; until[$4] = $9 }
  END {
    for (facility in has_ed) {
      if (!has_ed[facility]) { print facility ",no-ed,"; continue }
      if (!(facility in status) || status[facility] == "open" || until[facility] != "" && until[facility] <= at) {
        print facility ",open,"; continue
      }
      said = status[facility] == "diverting" && scope[facility] != "" ? "partial" : status[facility]
      print facility "," said "," since[facility]
    }
  }' "$1" "$2" | LC_ALL=C sort
