/** What a production install weighs: the packed package, installed without development dependencies into an empty folder. */
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageFolder } from '../product.ts'
import { bytesUnder, discard, scratch } from '../scratch.ts'
import type { Figure, OwnOptions } from './figure.ts'

export async function install({ tell }: OwnOptions): Promise<Figure[]> {
  const folder = scratch('install')
  const run = (args: readonly string[], cwd: string) =>
    execFileSync('npm', [...args, '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
  tell('install: packing and installing')
  run(['pack', '--pack-destination', folder], packageFolder)
  const packed = readdirSync(folder).find((name) => name.endsWith('.tgz'))
  if (packed === undefined) throw new Error('npm pack made no file.')
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  run(['install', '--omit=dev', join(folder, packed)], folder)
  const lock: { packages: Record<string, unknown> } = JSON.parse(
    readFileSync(join(folder, 'node_modules/.package-lock.json'), 'utf8'),
  )
  const figures: Figure[] = [
    {
      name: 'production install',
      value: bytesUnder(join(folder, 'node_modules')) / 1e6,
      unit: 'MB',
      atMost: 30,
    },
    {
      name: 'packages in it, ours included',
      value: Object.keys(lock.packages).length,
      unit: 'packages',
      atMost: 40,
    },
  ]
  discard(folder)
  return figures
}
