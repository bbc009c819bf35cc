/** A disk that is full delays the work, and nothing worse. */
import { execFileSync, spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { open, task } from 'throughline'
import { folderFor } from './recorded.ts'
import { join } from 'node:path'

const script = new URL('./crowded.ts', import.meta.url).pathname
const node = `'${process.execPath}' --conditions=throughline-source '${script}'`
/** How to get a file system of one's own: as root, or as root of a namespace of one's own. */
const unshare = [['-m'], ['-rm']].find(
  (flags) => spawnSync('unshare', [...flags, 'sh', '-c', 'mount -t tmpfs tmpfs /mnt']).status === 0,
)

test.skipIf(unshare === undefined)('a full disk delays a run until there is room again', () => {
  const folder = folderFor()
  const command = `mount -t tmpfs -o size=6m tmpfs '${folder}' && exec ${node} '${folder}' roomy`
  const said = execFileSync('unshare', [...(unshare ?? []), 'sh', '-c', command], { encoding: 'utf8' })
  const [whileFull, after] = said
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  const sentence = expect.stringMatching(new RegExp(`The disk that holds ${folder}/store.db is full`))
  expect(whileFull).toEqual({
    warned: sentence,
    status: 'running',
    breaks: [],
    kept: expect.any(Number),
    start: { code: 'store_full', message: sentence },
  })
  expect(whileFull?.['kept']).toBeGreaterThan(2)
  expect(after).toEqual({ result: 'kept', breaks: [] })
})

test('a limit on the size of files stops a run here, and it goes on where there is none', async () => {
  const folder = folderFor()
  const store = join(folder, 'store.db')
  // In blocks of 512 bytes (POSIX), or of 1,024 (some shells): too few for the run either way, enough for the log to begin with.
  const said = execFileSync('sh', ['-c', `ulimit -f 1000; exec ${node} '${folder}' limited`], {
    encoding: 'utf8',
  })
  const whileFull = JSON.parse(said) as Record<string, unknown>
  expect(whileFull).toMatchObject({
    warned: expect.stringContaining(store),
    breaks: [],
    start: { code: expect.stringMatching(/^store_/), message: expect.stringContaining(store) },
  })
  const hoard = task({
    name: 'hoard',
    async run(ctx) {
      for (let i = 1; i <= 40; i++) await ctx.step(`keep:${i}`, () => 'less')
      return 'kept'
    },
  })
  await using tl = await open({ store, tasks: [hoard] })
  const run = await tl.start(hoard, undefined, { key: 'the one' })
  expect(await run.result()).toBe('kept')
  expect((await tl.verify()).breaks).toEqual([])
})
