/**
 * A chat whose server is killed in the middle of an answer, started again, and goes on: `npm run chat`.
 *
 * The server is a process of its own, killed with SIGKILL. The client is the SDK's own chat; it reconnects as a browser would.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { modelServer } from 'throughline/testing'
import { Browser, textOf } from './client.ts'
import { host } from './host.ts'

const PORT = '3111'
const ENOUGH = 60

const folder = mkdtempSync(join(tmpdir(), 'chat-route-'))
const book = join(folder, 'book.txt')
const { ANTHROPIC_API_KEY, OPENAI_API_KEY, OLLAMA_HOST, THROUGHLINE_MODEL_URL } = process.env
const isReal = [ANTHROPIC_API_KEY, OPENAI_API_KEY, OLLAMA_HOST, THROUGHLINE_MODEL_URL].some(Boolean)
const models = isReal ? undefined : await modelServer({ script: host })
const env = {
  ...process.env,
  ...{ PORT, CHAT_BOOK: book, THROUGHLINE_STORE: `file:${join(folder, 'chat.db')}` },
  ...(models ? { THROUGHLINE_MODEL_URL: models.url } : {}),
}

function startServer() {
  const server = spawn(
    process.execPath,
    ['--conditions=throughline-source', join(import.meta.dirname, 'server.ts')],
    { env, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const exited = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  const listens = new Promise<void>((resolve) => server.stdout.once('data', () => resolve()))
  return { server, listens: Promise.race([listens, exited]), exited }
}

let running = startServer()
let [kills, shown] = [0, 0]
try {
  await running.listens
  const browser = new Browser('table-for-four', `http://127.0.0.1:${PORT}`, (messages) => {
    const text = textOf(messages.at(-1))
    if (text.length > shown) process.stdout.write(text.slice(shown))
    shown = Math.max(shown, text.length)
    if (kills === 0 && text.length > ENOUGH) void killed()
  })
  console.log('> A table for 4 at 20:00, please.\n')
  await browser.say('A table for 4 at 20:00, please.')
  console.log(
    `\n\nIts message is ${browser.lastMessage?.id}, one of ${browser.messages.length}. The book of the house:\n`,
  )
  console.log(readFileSync(book, 'utf8'))
} finally {
  running.server.kill('SIGKILL')
  await models?.close()
  rmSync(folder, { recursive: true, force: true })
}

async function killed(): Promise<void> {
  kills++
  running.server.kill('SIGKILL')
  process.stdout.write(' [kill -9]')
  await running.exited
  running = startServer()
  await running.listens
  process.stdout.write(' [started again] ')
}
