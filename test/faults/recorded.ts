/** A small store with a bit of everything: what the faults are done to. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open, task } from 'throughline'
import { onTestFinished } from 'vitest'

/** A folder that goes with its test. */
export function folderFor(): string {
  const folder = mkdtempSync(join(tmpdir(), 'throughline-fault-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const child = task({ name: 'child', run: (ctx, input) => ctx.step('double', () => Number(input) * 2) })

export const parent = task({
  name: 'parent',
  async run(ctx, input) {
    const chapter = Number(input)
    // Larger than what is kept with the event itself, and once more the same: it lies beside, shared.
    const text = await ctx.step('long', () => `${'Größe '.repeat(300)}${chapter}`)
    await ctx.step('long again', () => text)
    await ctx.map('each', ['a', 'b'], (branch, item) => branch.step('twice', () => item + item))
    await ctx.step('pay', () => 12n, { effect: 'once', compensate: () => {} })
    if (chapter === 1) return ctx.restart(2)
    return { twice: await ctx.call(child, 21), go: await ctx.wait('go') }
  },
})

export const tasks = [parent, child]

/** Fills a store: a run that is over, in two chapters, and unless told otherwise one that waits. */
export async function record(store: string, keys: readonly string[] = ['over', 'under way']): Promise<void> {
  await using tl = await open({ store, tasks })
  const runs = await Promise.all(keys.map((key) => tl.start(parent, 1, { key })))
  for (const run of runs) for await (const event of run.events()) if (event.kind === 'wait.opened') break
  await runs[0]?.signal('go', 'yes')
  await runs[0]?.result()
}
