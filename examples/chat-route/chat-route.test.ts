import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ANSWER } from './host.ts'

const project = join(import.meta.dirname, '../..')

function chat(): Promise<{ readonly exitCode: number; readonly text: string }> {
  // Whatever keys there are: the test is of the development server.
  const {
    ANTHROPIC_API_KEY: _a,
    OPENAI_API_KEY: _o,
    OLLAMA_HOST: _h,
    THROUGHLINE_MODEL_URL: _t,
    ...env
  } = process.env
  const args = ['--conditions=throughline-source', join(import.meta.dirname, 'start.ts')]
  return new Promise((resolve) =>
    execFile(process.execPath, args, { cwd: project, env, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ exitCode: error === null ? 0 : Number(error.code ?? -1), text: `${stdout}${stderr}` }),
    ),
  )
}

test(
  'the server is killed in mid-stream, and the answer goes on to its end',
  { timeout: 90_000 },
  async () => {
    const { exitCode, text } = await chat()
    expect(exitCode, text).toBe(0)
    expect(text).toMatch(/\[kill -9\][^]*\[started again\]/)
    const said = text.replace(' [kill -9]', '').replace(' [started again] ', '')
    expect(said).toContain(`I will see to it.\n${ANSWER}`)
    expect(text).toMatch(/Its message is msg_\w+, one of 2/)
    expect(text.match(/^reserved 4 at 20:00 /gm)).toHaveLength(1)
    expect(text.match(/^answered table-for-four 1 with \d+ characters$/gm)).toHaveLength(1)
  },
)
