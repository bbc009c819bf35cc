/** Works on a disk that fills up, and says what it saw. `roomy`: the disk is made roomier while the run waits. */
import { randomBytes } from 'node:crypto'
import { existsSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { open, task } from 'throughline'

const [folder = '', mode = ''] = process.argv.slice(2)
const store = join(folder, 'store.db')
const filler = join(folder, 'filler')
const STEPS = 40

export const hoard = task({
  name: 'hoard',
  async run(ctx) {
    for (let i = 1; i <= STEPS; i++) {
      await ctx.step(`keep:${i}`, () => randomBytes(48_000).toString('base64'))
      if (i === 3 && mode === 'roomy' && !existsSync(join(folder, 'filled'))) fill()
    }
    return 'kept'
  },
})

/** Leaves room for a few steps only. */
function fill(): void {
  writeFileSync(join(folder, 'filled'), '')
  const { bavail, bsize } = statfsSync(folder)
  writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - 400_000)))
}

const warned: string[] = []
const hear = (message: string) => void warned.push(message)
const tl = await open({ store, tasks: [hoard], logger: { debug() {}, info() {}, warn: hear, error: hear } })
const run = await tl.start(hoard, undefined, { key: 'the one' })
const result = run.result()
while (warned.length === 0) await pause(20)
await pause(mode === 'roomy' ? 300 : 0)
const whileFull = {
  warned: warned[0],
  status: await run.status(),
  breaks: (await tl.verify()).breaks,
  kept: (await Array.fromAsync(run.history())).filter(({ kind }) => kind === 'step.completed').length,
  // Larger than what may be left in the log's last page, compressed as well.
  start: await tl.start(hoard, randomBytes(750_000).toString('base64')).then(
    () => 'started',
    (error: unknown) =>
      error instanceof Error && 'code' in error
        ? { code: error.code, message: error.message }
        : String(error),
  ),
}
process.stdout.write(`${JSON.stringify(whileFull)}\n`)
if (mode === 'roomy') {
  rmSync(filler)
  process.stdout.write(`${JSON.stringify({ result: await result, breaks: (await tl.verify()).breaks })}\n`)
  await tl.close()
} else process.exit()
