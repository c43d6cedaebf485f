# needs: python3
cat > t.py <<'END'
import asyncio, collections, concurrent.futures, decimal, hashlib, itertools, json, math, os, random, re, signal, struct, subprocess, sys, threading, zlib
data = {"list": list(range(10)), "nested": {"a": [1.5, None, True, "ünï"]}}
print(json.dumps(data, sort_keys=True), json.loads(json.dumps(data)) == data)
print(re.findall(r"(\w)(\d+)", "a1 b22 c333"), re.sub(r"\s+", "-", "x  y z"))
for name in ("md5", "sha1", "sha256", "sha512", "blake2b"):
    print(name, hashlib.new(name, b"x" * 10000).hexdigest()[:32])
print(zlib.crc32(b"hello" * 100), len(zlib.compress(b"abc" * 10000)), struct.pack("<IdH", 1, 2.5, 3).hex())
counter = 0
lock = threading.Lock()
def work(n):
    global counter
    for i in range(n):
        with lock:
            counter += 1
threads = [threading.Thread(target=work, args=(2000,)) for _ in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
print(counter)
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    print(sum(pool.map(lambda x: x * x, range(500))))
print(subprocess.run(["sh", "-c", "echo out; echo err >&2; exit 4"], capture_output=True))
try:
    subprocess.run(["/no/such/program"])
except FileNotFoundError as e:
    print("not found", e.errno)
p = subprocess.Popen(["sleep", "100"]); p.terminate(); print(p.wait())
async def one(n):
    await asyncio.sleep(0.001 * (5 - n)); return n
async def main():
    print(await asyncio.gather(*(one(n) for n in range(5))))
    proc = await asyncio.create_subprocess_exec("cat", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    print(await proc.communicate(b"async"))
asyncio.run(main())
random.seed(7); print([random.randint(0, 99) for _ in range(10)], random.random())
print(math.fsum([0.1] * 10), math.gamma(5.5), 2 ** 200, decimal.Decimal(2).sqrt())
pid = os.fork()
if pid == 0:
    os._exit(9)
print(os.WEXITSTATUS(os.waitpid(pid, 0)[1]))
got = []
signal.signal(signal.SIGUSR1, lambda *a: got.append(1)); os.kill(os.getpid(), signal.SIGUSR1); print(got)
print(sum(1 for p in itertools.permutations(range(7)) if p[0] < p[-1]), collections.Counter("mississippi").most_common(2))
sys.exit(5)
END
python3 t.py; echo "status $?"
python3 -c 'import multiprocessing as m
if __name__ == "__main__":
    with m.get_context("fork").Pool(3) as p: print(p.map(abs, range(-5, 5)))'
