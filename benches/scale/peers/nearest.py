"""The three facilities that take each patient first, whatever tree finds neighbours.

A few neighbours are asked; who is not settled by them is asked again with more. A patient is settled when the third that
takes the patient is, in rounded minutes, nearer than the farthest that was asked: whoever was not asked is no nearer than
that one, and with the same rounded minutes the id would decide. So the answer is exact."""
import numpy as np

NEEDS = ["general", "trauma", "stroke", "stemi", "pediatric", "obstetric", "burn"]
NOBODY = np.int64(1) << 60
NEVER = np.int64(1) << 33


def tenths(lat, lon, its_lat, its_lon):
    """Tenths of a minute, rounded half up."""
    north, east = np.sin((its_lat - lat) / 2), np.sin((its_lon - lon) / 2)
    h = north**2 + np.cos(lat) * np.cos(its_lat) * east**2
    return np.floor(2 * 6371.0088 * np.arcsin(np.sqrt(h)) * 1.3 / 5 * 600 + 0.5).astype(np.int64)


def three(patients, facilities, events, tree):
    """Of each patient three pairs of facility and tenths, `NOBODY` where there is none.

    patients: lat, lon (radians), time, need (by number). facilities, ordered by id: lat, lon, has (a row of needs each).
    events, ordered by facility and time: facility, time, until, refused (a row of needs each). `tree(members)` gives a
    function that finds, for patients, the k nearest of these facilities."""
    lat, lon, time, need = patients
    its_lat, its_lon, has = facilities
    whose, since, until, refused = events
    order = whose * NEVER + since
    best = np.full((len(lat), 3), NOBODY)
    for number in range(len(NEEDS)):
        members, open_questions = np.flatnonzero(has[:, number]), np.flatnonzero(need == number)
        if not len(members) or not len(open_questions):
            continue
        find, asked = tree(members), 0
        while len(open_questions) and asked < len(members):
            asked = min(max(6, asked * 6), len(members))
            unsettled = []
            # As many at a time as fit into some hundred megabytes.
            for some in np.array_split(open_questions, len(open_questions) * asked // 3_000_000 + 1):
                near = members[find(some, asked).reshape(len(some), asked)]
                event = np.searchsorted(order, near * NEVER + time[some, None], side="right") - 1
                is_its = (event >= 0) & (whose[event] == near)
                refuses = is_its & refused[event, number] & (time[some, None] < until[event])
                minutes = tenths(lat[some, None], lon[some, None], its_lat[near], its_lon[near])
                rank = np.where(refuses, NOBODY, minutes << 20 | near)
                rank = np.pad(rank, ((0, 0), (0, max(0, 3 - asked))), constant_values=NOBODY)
                best[some] = np.sort(np.partition(rank, 2, axis=1)[:, :3], axis=1)
                unsettled.append(some[best[some, 2] >> 20 >= minutes.max(axis=1)])
            open_questions = np.concatenate(unsettled)
    there = best < NOBODY
    return np.where(there, best & 0xFFFFF, NOBODY), np.where(there, best >> 20, NOBODY)
