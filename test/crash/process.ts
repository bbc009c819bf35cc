/** Starting a victim, hearing what it says, and ending it. */
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface Orders {
  readonly store: string
  readonly task: string
  readonly input: unknown
  readonly key: string
  /** Die this long after a commit of your own: the nth, or the nth that says what an effect is about to do. */
  readonly die?: { readonly after: 'commit' | 'intent'; readonly nth: number; readonly afterUs: number }
}

export type Outcome = { readonly value: unknown } | { readonly error: string }

export type Says =
  | { readonly says: 'started'; readonly run: string }
  | { readonly says: 'carrying'; readonly at: number }
  | { readonly says: 'waiting'; readonly run: string; readonly kind: string; readonly name: string }
  | { readonly says: 'ended'; readonly outcome: Outcome }

export interface Victim {
  kill(signal: NodeJS.Signals): void
  /** Resolves with the first thing it says that passes the test; undefined if it ends without. */
  heard<S extends Says>(test: (what: Says) => what is S): Promise<S | undefined>
  /** How it ended, and after how long. */
  readonly over: Promise<{
    readonly wasKilled: boolean
    readonly code: number | null
    readonly stderr: string
    readonly ms: number
  }>
}

/** Reading the sources takes most of a victim's life, and whatever dies should not die of that. */
const CACHE = join(tmpdir(), 'throughline-compile-cache')

const victim = new URL('./victim.ts', import.meta.url).pathname

/** `entry`: another program than the victim beside this, that understands the orders and says the same. */
export function startVictim(orders: Orders, onSays: (what: Says) => void = () => {}, entry = victim): Victim {
  const since = performance.now()
  const child = spawn(
    process.execPath,
    [
      '--conditions=throughline-source',
      '--disable-warning=ExperimentalWarning',
      entry,
      JSON.stringify(orders),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { NODE_COMPILE_CACHE: CACHE, ...process.env } },
  )
  let stderr = ''
  const said: Says[] = []
  const listeners = new Set<(what: Says) => void>([onSays])
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  createInterface(child.stdout).on('line', (line) => {
    const what = JSON.parse(line) as Says // written by carrying.ts
    said.push(what)
    for (const hear of listeners) hear(what)
  })
  const over = new Promise<Awaited<Victim['over']>>((resolve) => {
    child.on('close', (code, signal) =>
      resolve({ wasKilled: signal === 'SIGKILL', code, stderr, ms: performance.now() - since }),
    )
  })
  return {
    kill: (signal) => void child.kill(signal),
    heard: (test) => {
      const already = said.find(test)
      if (already) return Promise.resolve(already)
      return new Promise((resolve) => {
        listeners.add((what) => test(what) && resolve(what))
        void over.then(() => resolve(undefined))
      })
    },
    over,
  }
}
