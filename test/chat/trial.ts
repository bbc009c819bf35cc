/**
 * One chat whose server is killed at some moment of an answer, and started again: what the browser and the house's book show then.
 *
 * The moment is drawn: so many characters of the answer are on the page, or the request is so many milliseconds old; then a little later.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { UIMessage } from 'ai'
import { Browser, textOf } from '../../examples/chat-route/client.ts'

const SERVER = join(import.meta.dirname, '../../examples/chat-route/server.ts')
/** What was compiled is kept for the next start: a process that is killed would keep nothing. */
const FLUSHED = `data:text/javascript,import { flushCompileCache } from 'node:module'; setTimeout(flushCompileCache, 1500).unref()`
const PATIENCE_MS = 60_000

/** The example's server, as a process that can be killed and started again. */
export class Site {
  readonly book: string
  readonly store: string
  readonly #env: NodeJS.ProcessEnv
  #process: ChildProcess | undefined
  url = ''

  constructor(folder: string, models: string, store = `file:${join(folder, 'chat.db')}`) {
    this.book = join(folder, 'book.txt')
    this.store = store
    this.#env = {
      ...process.env,
      ...{ PORT: '0', CHAT_BOOK: this.book, THROUGHLINE_STORE: store, THROUGHLINE_MODEL_URL: models },
      ...{ NODE_COMPILE_CACHE: join(folder, 'compiled'), NODE_NO_WARNINGS: '1' },
    }
  }

  /** The first start takes any port; those after it take the same. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, ['--conditions=throughline-source', '--import', FLUSHED, SERVER], {
      env: this.#env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#process = child
    const said = await new Promise<string>((resolve, reject) => {
      child.stdout.once('data', (data: Buffer) => resolve(data.toString()))
      child.once('exit', (code) => reject(new Error(`The server ended with ${code} before it listened.`)))
    })
    this.url = said.trim()
    this.#env['PORT'] = new URL(this.url).port
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  async kill(): Promise<void> {
    const child = this.#process
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await gone
  }

  /** The lines of the book about one table. */
  entries(people: number, chat: string): readonly string[] {
    if (!existsSync(this.book)) return []
    return readFileSync(this.book, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith(`reserved ${people} `) || line.startsWith(`answered ${chat} `))
      .map((line) => (line.startsWith('reserved') ? 'reserved' : line.replace(chat, 'chat')))
  }
}

export interface Moment {
  /** So many characters are on the page; undefined: the request is `ms` old. */
  readonly characters: number | undefined
  readonly ms: number
}

export interface Seen {
  readonly parts: string
  readonly messages: number
  readonly id: string | undefined
  readonly entries: readonly string[]
  /** What was on the page when the server was killed; undefined if it was not in time. */
  readonly shownAtKill: number | undefined
}

/** Asks for a table, and kills the server at the moment, if one is given. */
export async function talk(site: Site, people: number, moment?: Moment): Promise<Seen> {
  const chat = `chat-${people}`
  let shownAtKill: number | undefined
  let killing: Promise<void> | undefined
  const kill = (shown: number) => {
    killing ??= (async () => {
      if (moment?.characters !== undefined) await sleep(moment.ms)
      shownAtKill = shown
      await site.kill()
      await site.start()
    })()
  }
  const browser = new Browser(chat, site.url, (messages) => {
    const { length } = textOf(messages.at(-1))
    if (moment?.characters !== undefined && length >= moment.characters && length > 0) kill(length)
  })
  if (moment && moment.characters === undefined) setTimeout(() => kill(browser.answer.length), moment.ms)
  const patience = new AbortController()
  const late = sleep(PATIENCE_MS, undefined, { signal: patience.signal }).then(() => {
    throw new Error(`${chat} was not answered within ${PATIENCE_MS} ms; it shows "${browser.answer}".`)
  })
  await Promise.race([browser.say(`A table for ${people} at 20:00, please.`), late])
  patience.abort()
  late.catch(() => {})
  await killing
  return {
    parts: shape(browser.lastMessage),
    messages: browser.messages.length,
    id: browser.lastMessage?.id,
    entries: site.entries(people, chat),
    shownAtKill,
  }
}

/** All that a page shows of a message; ids of calls are of their run. */
function shape(message: UIMessage | undefined): string {
  const calls: string[] = []
  return JSON.stringify(message?.parts ?? [], (key, value: unknown) => {
    if (key !== 'toolCallId') return key === 'people' ? 'some' : value
    if (!calls.includes(String(value))) calls.push(String(value))
    return `call ${calls.indexOf(String(value)) + 1}`
  })
}
