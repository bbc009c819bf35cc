/**
 * Reviews the third-party packages behind a package-lock.json: reads each, measures them, ranks them, writes a report.
 *
 * V1. Each package is a step of its own: a killed review goes on with the package after the last one on record.
 * V2. What was read stays read: a package that changes while the review is interrupted is reported as it was first seen.
 * V3. Reads and writes files only. No network, no model, and nothing of a package is run.
 */
import { resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { task } from 'throughline'
import { z } from 'zod'
import { footprint } from './footprint.ts'
import { inspectPackage, type Installed, type Inspection } from './inspect.ts'
import { readLockfile, type LockedPackage } from './lockfile.ts'
import { renderReport } from './report.ts'
import { rank, type Rating, type Vendor } from './score.ts'
import { findUnlisted, ownerOf } from './unlisted.ts'
import { writeWhole } from './write.ts'

const Review = z.object({
  report: z.string(),
  packages: z.object({ installed: z.number(), notInstalled: z.number() }),
  ratings: z.object({ high: z.number(), medium: z.number(), low: z.number(), clear: z.number() }),
})

export type Review = z.infer<typeof Review>

export const vendorReview = task({
  name: 'vendor-review',
  input: z.object({
    lockfile: z.string().default('package-lock.json'),
    report: z.string().default('vendor-review.md'),
    /** A pause after each package, so that there is time to watch, and to interrupt. */
    slowMs: z.number().int().min(0).max(60_000).default(0),
  }),
  output: Review,
  async run(ctx, input) {
    // Paths are made absolute inside the record, so that the review may be resumed from another folder.
    const { lockfile, report } = await ctx.step('lockfile', async () => ({
      lockfile: await readLockfile(input.lockfile),
      report: resolve(input.report),
    }))
    const { root, packages } = lockfile

    let done = 0
    const inspections = await ctx.map(
      'inspect',
      packages,
      async (branch, locked) => {
        const inspection = await branch.step('read', async ({ signal }) => {
          const seen = await inspectPackage(root, locked)
          if (seen.installed) await pause(input.slowMs, undefined, { signal })
          return seen
        })
        ctx.progress({ done: ++done, total: packages.length, note: locked.name })
        return inspection
      },
      { key: ({ path }) => path, concurrency: 8 },
    )

    const installed = packages.filter((_, index) => inspections[index]?.installed)
    const unlisted = await ctx.step('unlisted', () =>
      findUnlisted(
        root,
        installed.map(({ path }) => path),
      ),
    )
    const sizes = await ctx.call(footprint, {
      root,
      packages: installed.map(({ path, name, version }) => ({ path, name, version })),
    })
    const vendors = vendorsOf(installed, inspections, unlisted, sizes.sizes)
    const scores = await ctx.step('score', () => rank(vendors))

    // What was read is on record already: only the scores are added to it, and the two are joined here.
    const byPath = new Map(vendors.map((vendor) => [vendor.locked.path, vendor]))
    const ranked = scores.flatMap((score) =>
      [byPath.get(score.path)].flatMap((vendor) => (vendor ? [{ ...vendor, ...score }] : [])),
    )
    const notInstalled = packages.filter((_, index) => !inspections[index]?.installed)
    const reviewedAt = ctx.now()
    await ctx.step('report', async ({ idempotencyKey }) => {
      const top = unlisted.filter((path) => ownerOf(path) === undefined)
      const text = renderReport({
        project: lockfile.name,
        lockfile: lockfile.path,
        runId: ctx.run.id,
        reviewedAt,
        vendors: ranked,
        notInstalled,
        unlisted: top,
        footprint: sizes,
      })
      await writeWhole(report, text, idempotencyKey)
    })
    const rated = (rating: Rating): number => scores.filter((score) => score.rating === rating).length
    return {
      report,
      packages: { installed: installed.length, notInstalled: notInstalled.length },
      ratings: { high: rated('high'), medium: rated('medium'), low: rated('low'), clear: rated('clear') },
    }
  },
})

/** For `throughline run examples/vendor-review/review.ts`. */
export const tasks = [vendorReview, footprint]

function vendorsOf(
  installed: readonly LockedPackage[],
  inspections: readonly Inspection[],
  unlisted: readonly string[],
  sizes: Readonly<Record<string, Vendor['size']>>,
): Vendor[] {
  const seenAt = new Map(
    inspections.filter((seen): seen is Installed => seen.installed).map((seen) => [seen.path, seen]),
  )
  return installed.flatMap((locked) => {
    const seen = seenAt.get(locked.path)
    const inside = unlisted.filter((path) => ownerOf(path) === locked.path)
    return seen
      ? [{ locked, seen, size: sizes[locked.path] ?? { bytes: 0, files: 0 }, unlisted: inside }]
      : []
  })
}
