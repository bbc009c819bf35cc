/** The child task: how much room the installed packages take, which are there more than once, which are the biggest. */
import { task } from 'throughline'
import { z } from 'zod'
import { measureFolder, type Size } from './size.ts'

const Input = z.object({
  root: z.string(),
  packages: z.array(z.object({ path: z.string(), name: z.string(), version: z.string() })),
})

export type Placed = z.infer<typeof Input>['packages'][number]

export interface Footprint {
  readonly bytes: number
  readonly files: number
  /** By package path. */
  readonly sizes: Readonly<Record<string, Size>>
  readonly biggest: readonly { readonly path: string; readonly bytes: number }[]
  /** Packages of which several versions, or several copies of one version, are installed. */
  readonly duplicates: readonly {
    readonly name: string
    readonly versions: readonly string[]
    readonly paths: readonly string[]
  }[]
}

export const footprint = task({
  name: 'vendor-footprint',
  input: Input,
  async run(ctx, { root, packages }) {
    const sizes = await ctx.map(
      'measure',
      packages,
      (branch, { path }) => branch.step('size', () => measureFolder(root, path)),
      {
        key: ({ path }) => path,
        concurrency: 8,
      },
    )
    return summarise(packages, sizes)
  },
})

/** Pure: `sizes` has one for each package, in the same order. */
export function summarise(packages: readonly Placed[], sizes: readonly Size[]): Footprint {
  const rows = packages.map(({ path }, index) => ({ path, ...(sizes[index] ?? { bytes: 0, files: 0 }) }))
  const total = (of: 'bytes' | 'files'): number => rows.reduce((sum, row) => sum + row[of], 0)
  return {
    bytes: total('bytes'),
    files: total('files'),
    sizes: Object.fromEntries(rows.map(({ path, bytes, files }) => [path, { bytes, files }])),
    biggest: rows
      .toSorted((a, b) => b.bytes - a.bytes || a.path.localeCompare(b.path))
      .slice(0, 10)
      .map(({ path, bytes }) => ({ path, bytes })),
    duplicates: duplicatesOf(packages),
  }
}

function duplicatesOf(packages: readonly Placed[]): Footprint['duplicates'] {
  return [...Map.groupBy(packages, ({ name }) => name)]
    .filter(([, copies]) => copies.length > 1)
    .map(([name, copies]) => ({
      name,
      versions: [...new Set(copies.map(({ version }) => version))].sort(byVersion),
      paths: copies.map(({ path }) => path),
    }))
    .sort((a, b) => a.name.localeCompare(b.name))
}

const byVersion = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true })
