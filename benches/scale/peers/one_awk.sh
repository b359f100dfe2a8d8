#!/bin/sh
# One patient, in mawk and sort: one_awk.sh FACILITIES EVENTS INSTANT LAT LON NEED
# For files without quotes. The three nearest that have what is needed and take the patient, by minutes rounded half up and
# then by id. No need's name is part of another's.
echo facility,minutes
LC_ALL=C mawk -F, -v at="$3" -v lat="$4" -v lon="$5" -v need="$6" '
  BEGIN { degree = atan2(0, -1) / 180 }
  FNR == 1 { file++; next }
  file == 1 && $8 <= at && $8 >= since[$4] {
    since[$4] = $8
    refuses[$4] = ($6 == "closed" || $6 == "diverting") && ($9 == "" || $9 > at) && ($7 == "" || index($7, need))
  }
  file == 2 && index("|" $6 "|", "|" need "|") && !refuses[$1] {
    north = sin(($4 - lat) * degree / 2); east = sin(($5 - lon) * degree / 2)
    h = north * north + cos($4 * degree) * cos(lat * degree) * east * east
    printf "%s,%.1f\n", $1, int(2 * 6371.0088 * atan2(sqrt(h), sqrt(1 - h)) * 1.3 / 5 * 600 + 0.5) / 10
  }' "$2" "$1" | LC_ALL=C sort -t, -k2,2n -k1,1 | head -n 3
