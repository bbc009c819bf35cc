import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const KILLS = 10

function harness(): Promise<{ readonly exitCode: number; readonly text: string }> {
  const args = [
    '--conditions=throughline-source',
    join(import.meta.dirname, 'main.ts'),
    '--kills',
    `${KILLS}`,
  ]
  return new Promise((resolve) =>
    execFile(process.execPath, [...args, '--seed', '11'], { timeout: 170_000 }, (error, stdout, stderr) =>
      resolve({ exitCode: error === null ? 0 : Number(error.code ?? -1), text: `${stdout}${stderr}` }),
    ),
  )
}

test(
  'a browser shows what it would have shown, whenever the server is killed',
  { timeout: 180_000 },
  async () => {
    const { exitCode, text } = await harness()
    expect(exitCode, text).toBe(0)
    expect(text).toMatch(new RegExp(`^kills ${KILLS} .*, wrong 0;`, 'm'))
  },
)
