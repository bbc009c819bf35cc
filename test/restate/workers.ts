/** `throughline worker … --dispatch restate://…` on a port of its own. */
import { join } from 'node:path'
import { freePort } from '../servers/postgres.ts'
import { Worker } from '../servers/worker.ts'

export interface RestateWorkerOptions {
  readonly store: string
  /** `http://127.0.0.1:…` */
  readonly ingress: string
  readonly admin: string
  /** The file with its tasks, within this folder. */
  readonly release: string
  /** Where Restate reaches it; its own port unless told. */
  readonly address?: string
  /** A free one unless told. */
  readonly port?: number
}

/** Resolves once it carries runs. */
export async function startWorker(options: RestateWorkerOptions): Promise<Worker> {
  const { store, ingress, admin, release, address, port = await freePort() } = options
  return Worker.start({
    store,
    file: join(import.meta.dirname, release),
    options: [
      ...['--dispatch', `restate://${new URL(ingress).host}?admin=${admin}`],
      ...['--listen', `127.0.0.1:${port}`],
      ...(address === undefined ? [] : ['--address', address]),
    ],
  })
}
