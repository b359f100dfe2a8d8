"""One patient, in Python without anything else: one_plain.py FACILITIES EVENTS INSTANT LAT LON NEED

The three nearest that have what is needed and take the patient, by minutes rounded half up and then by id."""
import csv
import sys
from heapq import nsmallest
from math import asin, cos, floor, radians, sin, sqrt

facilities, events, instant, lat, lon, need = sys.argv[1:]
lat, lon = radians(float(lat)), radians(float(lon))
latest = {}
with open(events, newline="") as file:
    for row in csv.reader(file):
        # A later event of the same instant comes later in the file. The header is after every instant.
        if row[7] <= instant and (row[3] not in latest or row[7] >= latest[row[3]][7]):
            latest[row[3]] = row


def refuses(facility):
    row = latest.get(facility)
    if row is None or row[5] not in ("closed", "diverting") or row[8] and row[8] <= instant:
        return False
    return not row[6] or need in row[6].split(" and ")


def reachable():
    with open(facilities, newline="") as file:
        for facility, _, _, its_lat, its_lon, needs, _ in csv.reader(file):
            if need in needs.split("|") and not refuses(facility):
                north, east = radians(float(its_lat)), radians(float(its_lon))
                h = sin((north - lat) / 2) ** 2 + cos(north) * cos(lat) * sin((east - lon) / 2) ** 2
                yield floor(2 * 6371.0088 * asin(sqrt(h)) * 1.3 / 5 * 600 + 0.5), facility


print("facility,minutes")
for tenths, facility in nsmallest(3, reachable()):
    print(f"{facility},{tenths / 10:.1f}")
