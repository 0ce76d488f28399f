"""Repeats a draw of parallel classes 均衡分班 from what was published, without the program that made it.

Reads the draw as JSON (the answer of GetClassDraw) from a file or standard input, computes list digest, commitments, seed
and classes anew, and ends with status 1 when anything differs. Needs nothing but Python; the algorithm `junheng-draw-1` is
described in proto/junheng/registration/v1/class_draw.proto.
"""

import json
import struct
import sys

SEXES = {"SEX_MALE": 1, "SEX_FEMALE": 2}
GROUPS = {
    "GROUP_DISABLED": 1,
    "GROUP_MIGRANT": 2,
    "GROUP_LEFT_BEHIND": 3,
    "GROUP_HARDSHIP": 4,
    "GROUP_BOARDER": 5,
    "GROUP_OTHER": 6,
}
CHOICES = [(0, 0), (1, 0), (0, 1), (1, 1)]
MASK = 0xFFFFFFFF


def rotated(word, bits):
    """A word of 32 bits turned left."""
    bits %= 32
    return ((word << bits) | (word >> (32 - bits))) & MASK


def sm3(text):
    """SM3 (GB/T 32905-2016) over text, 32 bytes."""
    data = text.encode("utf-8")
    padded = data + b"\x80" + b"\0" * ((55 - len(data)) % 64) + struct.pack(">Q", len(data) * 8)
    state = [0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E]
    for at in range(0, len(padded), 64):
        state = compressed(state, padded[at : at + 64])
    return struct.pack(">8I", *state)


def compressed(state, block):
    """One round of SM3."""
    words = list(struct.unpack(">16I", block))
    for j in range(16, 68):
        mixed = words[j - 16] ^ words[j - 9] ^ rotated(words[j - 3], 15)
        mixed ^= rotated(mixed, 15) ^ rotated(mixed, 23)
        words.append(mixed ^ rotated(words[j - 13], 7) ^ words[j - 6])
    a, b, c, d, e, f, g, h = state
    for j in range(64):
        constant = 0x79CC4519 if j < 16 else 0x7A879D8A
        first = rotated((rotated(a, 12) + e + rotated(constant, j)) & MASK, 7)
        second = first ^ rotated(a, 12)
        majority = a ^ b ^ c if j < 16 else (a & b) | (a & c) | (b & c)
        choice = e ^ f ^ g if j < 16 else (e & f) | (~e & MASK & g)
        one = (majority + d + second + (words[j] ^ words[j + 4])) & MASK
        two = (choice + h + first + words[j]) & MASK
        a, b, c, d = one, a, rotated(b, 9), c
        e, f, g, h = two ^ rotated(two, 9) ^ rotated(two, 17), e, rotated(f, 19), g
    return [old ^ new for old, new in zip(state, (a, b, c, d, e, f, g, h))]


def rounding(cells, share):
    """How many more than the floors these cells may give together."""
    floors = sum(cell // share for cell in cells)
    total = sum(cells)
    return total // share - floors, -(-total // share) - floors


def sizes(left, share, seed, number):
    """What class `number` takes of each stratum (group, sex)."""
    group_range = [rounding(row, share) for row in left]
    sex_range = [rounding([row[sex] for row in left], share) for sex in (0, 1)]
    all_range = rounding([cell for row in left for cell in row], share)

    def allowed(group, choice):
        fits = all(not more or left[group][sex] % share for sex, more in enumerate(choice))
        return fits and group_range[group][0] <= sum(choice) <= group_range[group][1]

    def completes(group, more):
        if group == len(left):
            return (
                all(sex_range[sex][0] <= more[sex] <= sex_range[sex][1] for sex in (0, 1))
                and all_range[0] <= sum(more) <= all_range[1]
            )
        return any(
            allowed(group, choice) and completes(group + 1, (more[0] + choice[0], more[1] + choice[1]))
            for choice in CHOICES
        )

    takes, more = [], (0, 0)
    for group in range(len(left)):
        first = sm3(f"{seed}\n{number}\n{group + 1}")[0] % 4
        for turn in range(4):
            choice = CHOICES[(first + turn) % 4]
            after = (more[0] + choice[0], more[1] + choice[1])
            if allowed(group, choice) and completes(group + 1, after):
                break
        else:
            raise AssertionError("a table can always be rounded")
        more = after
        takes.append([left[group][sex] // share + choice[sex] for sex in (0, 1)])
    return takes


def deal(members, class_count, seed):
    """The class of each student by id."""
    strata = {(group, sex): [] for group in range(6) for sex in (0, 1)}
    for student, sex, group in members:
        strata[(group - 1, sex - 1)].append(student)
    for students in strata.values():
        students.sort(key=lambda student: sm3(f"{seed}\n{student}"))
    classes = {}
    for number in range(1, class_count + 1):
        left = [[len(strata[(group, sex)]) for sex in (0, 1)] for group in range(6)]
        takes = sizes(left, class_count - number + 1, seed, number)
        for (group, sex), students in strata.items():
            for student in students[: takes[group][sex]]:
                classes[student] = number
            del students[: takes[group][sex]]
    return classes


def main():
    """Reads, repeats, compares."""
    source = open(sys.argv[1], encoding="utf-8") if len(sys.argv) > 1 else sys.stdin
    draw = json.load(source)
    assert draw["algorithm"] == "junheng-draw-1", draw["algorithm"]
    assert sm3("abc").hex().startswith("66c7f0f462eeedd9"), "SM3 is not the standard's"
    members = [(one["student"], SEXES[one["sex"]], GROUPS[one["group"]]) for one in draw["members"]]
    lines = sorted(f"{student}\t{sex}\t{group}\n" for student, sex, group in members)
    digest = sm3("".join(lines)).hex()
    seed = sm3(f"{draw['schoolPart']}\n{draw['countyPart']}\n{digest}").hex()
    classes = deal(members, len(draw["schoolClasses"]), seed)
    checks = {
        "list digest": digest == draw["listDigest"],
        "school's commitment": sm3(draw["schoolPart"]).hex() == draw["schoolCommitment"],
        "county's commitment": sm3(draw["countyPart"]).hex() == draw["countyCommitment"],
        "seed": seed == draw["seed"],
        "classes": all(classes[one["student"]] == one["classIndex"] for one in draw["members"]),
    }
    for what, same in checks.items():
        print(f"{what}: {'same' if same else 'DIFFERENT'}")
    sys.exit(0 if all(checks.values()) else 1)


if __name__ == "__main__":
    main()
