/** The thread behind `Scrubber`: rewriting a file takes as long as it is large, and nobody is to wait for it. */
import { parentPort, workerData } from 'node:worker_threads'
import { scrub } from './scrub.ts'

parentPort?.postMessage(scrub(String(workerData)))
