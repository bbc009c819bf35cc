/** A thread that ends its own process, whatever the main thread is in the middle of. */
import { parentPort, workerData } from 'node:worker_threads'

const { seen, nth, afterUs } = workerData as {
  readonly seen: Int32Array<SharedArrayBuffer>
  readonly nth: number
  readonly afterUs: number
}

parentPort?.postMessage('listening')
for (let count = Atomics.load(seen, 0); count < nth; count = Atomics.load(seen, 0))
  Atomics.wait(seen, 0, count)
// Timers are too coarse for moments within a commit.
for (const since = performance.now(); (performance.now() - since) * 1000 < afterUs;);
process.kill(process.pid, 'SIGKILL')
