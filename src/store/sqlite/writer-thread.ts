/** The thread behind `writerThread`: a connection and a writer of its own, one batch a message. */
import { parentPort, workerData } from 'node:worker_threads'
import type { Change, Projection } from '../../log/index.ts'
import { connect } from './connection.ts'
import type { ThreadOptions } from './placement.ts'
import { Writer } from './writer.ts'

const options = workerData as ThreadOptions // what writerThread passed
const module = (await import(options.projections)) as { readonly projections: readonly Projection[] } // as ThreadOptions demands
const writer = new Writer(connect(options.file), () => Date.now(), module.projections)

parentPort?.on('message', (changes: readonly Change[]) => {
  try {
    parentPort?.postMessage({ outcomes: writer.write(changes) })
  } catch (error) {
    const errcode = error instanceof Error && 'errcode' in error ? Number(error.errcode) : undefined
    parentPort?.postMessage({ error: { message: String(error), errcode } })
  }
})
parentPort?.postMessage('ready')
