import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { kept } from '../../test/printed.ts'
import { open } from '../app/index.ts'
import { halt, retry } from '../recovery/index.ts'
import { task } from '../task/index.ts'
import { lineOf } from './event-line.ts'
import { perform } from './program.ts'

const folder = mkdtempSync(join(tmpdir(), 'throughline-failures-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const store = join(folder, 'f.db')

const sending = task({
  name: 'sending',
  recovery: { toolFailure: retry({ attempts: 2, initial: '1ms' }).then(halt()), refusal: halt() },
  run: (ctx, { mode }: { mode: 'toolFailure' | 'staleData' }) =>
    ctx.recover('send', () => Promise.reject(new Error('no')), { modeOf: () => mode }),
})

async function said(...args: string[]) {
  const printed = { ...kept(), isJson: args.includes('--json') }
  const code = await perform([...args, '--store', store], printed)
  return { code, text: printed.lines.join('\n') }
}

test('what tasks declare, what they met, and what is unhandled, on a terminal and as JSON', async () => {
  const tl = await open({ store, tasks: [sending] })
  const runs = await Promise.all(
    (['toolFailure', 'staleData', 'staleData'] as const).map((mode) => tl.start(sending, { mode })),
  )
  for (const run of runs) await run.result().catch(() => {})
  await tl.close()

  const all = await said('failures')
  expect(all.code).toBe(0)
  expect(all.text).toMatch(
    /sending\n {2}tool_failure +met 1×: 1 halted\n {2}stale_data +met 2×: 2 halted {2}unhandled/,
  )
  expect(all.text).toContain(`${runs[0]?.id}  tool_failure in send`)
  expect(all.text).toMatch(/throughline resume run_/)

  const reader = await open({ store, worker: false })
  const lines = (await Array.fromAsync(reader.history(runs[0]?.id ?? ''))).map((event) => lineOf(event)?.text)
  await reader.close()
  expect(lines).toEqual(
    expect.arrayContaining([
      'send  tool_failure: no',
      'send  retry: tool failure may pass: attempt 1 of 2',
      'send  halt: Its ladder says halt.',
    ]),
  )

  const file = join(folder, 'sending.ts')
  writeFileSync(
    file,
    `import { task, retry, halt } from '${new URL('../index.ts', import.meta.url).href}'
export const sending = task({ name: 'sending', recovery: { toolFailure: retry({ attempts: 2 }).then(halt()), refusal: halt() }, run: () => 1 })`,
  )
  const declared = await said('failures', 'sending', '--from', file)
  expect(declared.text).toMatch(/tool_failure +met 1×: 1 halted {2}retry 2× → halt/)
  expect(declared.text).toMatch(/stale_data .*unhandled {2}by default: halt/)
  expect(declared.text).toMatch(/refusal +never met {2}halt/)

  const one = await said('failures', runs[1]?.id ?? '', '--json')
  expect(JSON.parse(one.text)).toMatchObject({
    modes: [
      { task: 'sending', mode: 'stale_data', key: 'staleData', met: 1, unhandled: 1, ended: { halted: 1 } },
    ],
    latest: [{ run: runs[1]?.id, operation: 'send', isHandled: false, state: 'halted' }],
  })
})

test('a task or a run that nobody knows is named, and so is what to do', async () => {
  expect(await said('failures', 'nothing')).toMatchObject({ code: 2, text: /no task "nothing"/ })
  expect(await said('failures', 'run_none')).toMatchObject({ code: 2, text: /no run run_none/ })
  expect((await said('failures', '--since', 'soon')).code).toBe(2)
})
