/**
 * The server that the test files of one run share: started by the first that needs it, in a process of its own, because each
 * file has a process that ends with it. `serve.ts <folder> <pid>` ends when it is told to, or when the test run is gone.
 */
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PostgresServer } from './postgres.ts'

const [folder = '', runner = ''] = process.argv.slice(2)
const answer = (said: object): void => {
  writeFileSync(join(folder, 'answer.part'), JSON.stringify(said))
  renameSync(join(folder, 'answer.part'), join(folder, 'answer'))
}

try {
  const server = await PostgresServer.start({ settings: { max_connections: '300' } })
  const end = (): void => void server.dispose().then(() => process.exit(0))
  process.once('SIGTERM', end)
  setInterval(() => {
    try {
      process.kill(Number(runner), 0)
    } catch {
      end()
    }
  }, 500)
  answer({ url: server.url, pid: process.pid })
} catch (error) {
  answer({ failed: error instanceof Error ? error.message : String(error) })
}
