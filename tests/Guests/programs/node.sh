# needs: node
node -e '
const crypto = require("crypto"), { execSync } = require("child_process"), { Worker } = require("worker_threads");
let s = 0; for (let i = 0; i < 3e6; i++) s = (s * 31 + i) | 0; console.log(s);
class P { constructor(x) { this.x = x; } get y() { return this.x * 2; } }
console.log([...Array(1000).keys()].map(x => new P(x)).reduce((a, p) => a + p.y, 0));
console.log(crypto.createHash("sha256").update("x".repeat(1000)).digest("hex"));
console.log(JSON.stringify({ a: [1, 2.5, null], d: new Date(0) }), /(\d+)-(\w)/.exec("12-x").slice(1));
console.log(execSync("echo from a shell").toString().trim());
try { null.x; } catch (e) { console.log(e instanceof TypeError); }
function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); } console.log(fib(24));
const f = new Float64Array(1000).fill(1.5); console.log(f.reduce((a, b) => a + Math.sqrt(b), 0));
console.log(BigInt(2) ** 100n, new Map([[1, 2]]).get(1), "ü".normalize("NFD").length);
setTimeout(() => console.log("timer"), 5); Promise.resolve().then(() => console.log("microtask"));
const w = new Worker("require(\"worker_threads\").parentPort.postMessage(6 * 7)", { eval: true }); w.on("message", m => { console.log("worker", m); });
process.on("exit", () => { process.exitCode = 6; });
'
echo "status $?"
