#!/usr/bin/env python3
"""Writes a random PowerPC program to standard output: functions that call each other, for run.c to call often. generate.py SEED

r13 points to doubles, r16 and r18 to singles, r14 to words, r15 to words or to where nothing is mapped; r17 and r19 are indices that change from turn to
turn; r1 and r2 are the stack's and the thread's."""
import random
import sys

pick = random.Random(int(sys.argv[1]))
GENERAL = [0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, *range(20, 32)]
FIELDS = [0, 0, 1, 5, 6, 7]
functions = pick.randint(3, 7)
float_share = pick.choice([0.15, 0.35, 0.55])
labels = 0


def label():
    global labels
    labels += 1
    return f".L{labels}"


def gpr():
    return pick.choice(GENERAL)


def fpr():
    return pick.randrange(32) if pick.random() < 0.5 else pick.choice([1, 2, 3, 4, 20, 21])


def field():
    return pick.choice(FIELDS)


def word():
    return f"{4 * pick.randrange(512)}(14)"


def double():
    return f"{8 * pick.randrange(256)}(14)"


def integer():
    a, b, d = gpr(), gpr(), gpr()
    record, overflow = pick.choice(["", "", "."]), pick.choice(["", "", "o"])
    bits = [str(pick.randrange(32)) for _ in range(3)]
    return pick.choice([
        f"{pick.choice(['add', 'subf', 'addc', 'subfc', 'adde', 'subfe', 'mullw'])}{overflow}{record} {d},{a},{b}",
        f"{pick.choice(['and', 'or', 'xor', 'nand', 'nor', 'andc', 'orc', 'eqv', 'slw', 'srw', 'sraw'])}{record} {d},{a},{b}",
        f"{pick.choice(['rlwinm', 'rlwimi'])}{record} {d},{a},{','.join(bits)}",
        f"{pick.choice(['addic', 'addic.', 'subfic', 'mulli'])} {d},{a},{pick.randrange(-3000, 3000)}",
        f"{pick.choice(['cmpw', 'cmplw'])} {field()},{a},{b}",
        f"cmpwi {field()},{a},{pick.randrange(-10, 10)}",
        f"{pick.choice(['crand', 'cror', 'crxor', 'crnor', 'creqv', 'crandc'])} {','.join(bits)}",
        f"{pick.choice(['addze', 'addme', 'subfze', 'neg'])}{overflow}{record} {d},{a}",
        f"{pick.choice(['extsb', 'extsh', 'cntlzw'])}{record} {d},{a}",
        f"srawi{record} {d},{a},{bits[0]}",
        f"mulhw{pick.choice(['', 'u'])} {d},{a},{b}",
        pick.choice([f"mfcr {d}", f"mtcrf {pick.choice([1, 2, 4, 8, 32, 128, 255])},{a}", f"mfxer {d}", f"mcrf {field()},{field()}", f"mfctr {d}", f"mflr {d}"]),
    ])


def memory():
    d, base = gpr(), pick.choice([r for r in GENERAL if r])
    at = 8 * pick.randrange(200)
    return pick.choice([
        f"{pick.choice(['lwz', 'lhz', 'lha', 'lbz'])} {d},{word()}",
        f"{pick.choice(['stw', 'sth', 'stb'])} {d},{word()}",
        f"{pick.choice(['lwzx', 'stwx'])} {d},14,19",
        f"stmw {pick.choice([28, 29, 30])},{word()}",
        f"lmw 28,{word()}",
        f"stw {gpr()},{at}(14)\n stw {gpr()},{at + 4}(14)\n lfd {fpr()},{at}(14)",
        f"addi {base},14,{at}\n lwarx 0,0,{base}\n addic 0,0,1\n stwcx. 0,0,{base}",
    ])


def floating():
    a, b, c, d = fpr(), fpr(), fpr(), fpr()
    single = pick.choice(["", "s", "s"])
    return pick.choice([
        f"{pick.choice(['fadd', 'fsub', 'fdiv'])}{single} {d},{a},{b}",
        f"fmul{single} {d},{a},{c}",
        f"{pick.choice(['fmadd', 'fmsub', 'fnmadd', 'fnmsub'])}{single} {d},{a},{c},{b}",
        f"{pick.choice(['fmr', 'fneg', 'fabs', 'fnabs'])} {d},{b}",
        f"{pick.choice(['fcmpu', 'fcmpu', 'fcmpo'])} {field()},{a},{b}",
        f"{pick.choice(['frsp', 'fctiw', 'fctiwz'])} {d},{b}",
        f"fsel {d},{a},{c},{b}",
        f"stfs {d},{word()}",
        f"{pick.choice(['stfd', 'lfd'])} {d},{double()}",
        f"{pick.choice(['lfsx', 'lfdx'])} {d},13,17",
        f"lfsx {d},16,17",
        f"mffs {d}\n stfd {d},{double()}",
    ])


def may_fault():
    return f"{pick.choice(['lwz', 'lwz', 'stw', 'lfd', 'lfs'])} {pick.choice([3, 4, 5, 20, 30])},{8 * pick.randrange(-4, 4)}(15)"


def instruction():
    kind = pick.random()
    if kind < 0.03:
        return may_fault()
    if kind < 0.03 + float_share:
        return floating()
    return memory() if pick.random() < 0.25 else integer()


def body(count, function, nested=False):
    lines = []
    while count > 0:
        kind, over = pick.random(), label()
        inner = pick.randrange(1, 6)
        if kind < 0.14 and count > 4:
            inner = pick.randrange(1, min(count, 12))
            lines.append(f"{pick.choice(['beq', 'bne', 'blt', 'bgt', 'bso', 'bns', 'bge', 'ble'])} {field()},{over}")
            lines += body(inner, function, True) + [over + ":"]
        elif kind < 0.17 and not nested:
            lines += [f"li 0,{pick.randrange(1, 6)}", "mtctr 0", over + ":"] + [instruction() for _ in range(inner)] + [f"bdnz {over}"]
        elif kind < 0.24 and function < functions - 1:
            target = f"function{pick.randrange(function + 1, functions)}"
            lines += [f"bl {target}"] if kind < 0.22 else [f"lis 12,{target}@ha", f"addi 12,12,{target}@l", "mtctr 12", "bctrl"]
            inner = 3
        else:
            lines.append(f"bcl 20,31,{over}\n{over}:" if kind < 0.26 else pick.choice(["isync", "sync", "lwsync"]) if kind < 0.27 else instruction())
            inner = 1
        count -= inner
    return lines


print(' .section .note.GNU-stack,"",@progbits\n .text')
for number in range(functions):
    print(f" .p2align {pick.choice([4, 4, 5, 12])}\n .globl function{number}\nfunction{number}:\n stwu 1,-32(1)\n mflr 0\n stw 0,36(1)")
    for line in body(pick.randint(8, 60), number):
        print(" " + line)
    print(" lwz 0,36(1)\n mtlr 0\n addi 1,1,32\n blr")
