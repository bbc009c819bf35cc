/** The thread behind `readerThread`: a reader of the store and an index of its own. Questions that come together are answered in turn. */
import { parentPort, workerData } from 'node:worker_threads'
import { ThroughlineError } from '../errors.ts'
import type { Log } from '../log/index.ts'
import { Follower } from './follower.ts'
import type { Call, FromThread, ThreadOptions, ToThread } from './reader-thread.ts'

const { reader, snapshot, embedder, page } = workerData as ThreadOptions // what readerThread passed
const { openReader } = (await import(reader.module)) as {
  readonly openReader: (store: string) => Promise<Log>
} // as ThreadOptions demands
const log = await openReader(reader.store)
const embeddings = new Map<number, (vectors: readonly (Int8Array | undefined)[]) => void>()
let asked = 0
const follower = new Follower({
  log,
  page,
  ...(snapshot ? { snapshot } : {}),
  ...(embedder === undefined ? {} : { embedder: { name: embedder, embed } }),
})

const say = (message: FromThread) => parentPort?.postMessage(message)

/** By the main thread: a model is a function, and cannot come here. */
function embed(texts: readonly string[]): Promise<readonly (Int8Array | undefined)[]> {
  const id = ++asked
  return new Promise((resolve) => {
    embeddings.set(id, resolve)
    say({ embed: id, texts })
  })
}

async function answer(call: Call): Promise<unknown> {
  if ('search' in call) return follower.search(call.search)
  if ('forget' in call) return follower.forget(call.forget)
  await follower.close()
  await log.close()
  return undefined
}

parentPort?.on('message', (message: ToThread) => {
  if ('vectors' in message) {
    embeddings.get(message.embed)?.(message.vectors)
    embeddings.delete(message.embed)
    return
  }
  answer(message.call).then(
    (value) => say({ id: message.id, value }),
    (error: unknown) => {
      const known = error instanceof ThroughlineError ? error : undefined
      const { retryable = false, data = {} } = known ?? {}
      say({
        id: message.id,
        error: {
          code: known?.code,
          retryable,
          data,
          message: error instanceof Error ? error.message : String(error),
        },
      })
    },
  )
})
