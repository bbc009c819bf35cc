/**
 * The part of Throughline's public API that the benchmark uses, and how it is found: the build beside this folder,
 * or the package folder named by `THROUGHLINE_PACKAGE` (an installed one, an older one).
 *
 * Loaded when used, so that the peers can be measured without a build.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as whole from '../dist/index.js'

export interface StepOptions {
  readonly effect?: 'repeatable' | 'once'
}

export interface Context {
  step<T>(name: string, act: () => T | Promise<T>, options?: StepOptions): Promise<T>
  wait(name: string): Promise<unknown>
}

export interface RunHandle {
  readonly id: string
  status(): Promise<unknown>
  result(): Promise<unknown>
  signal(name: string, payload: unknown): Promise<unknown>
}

export interface Throughline {
  start(task: unknown, input: unknown): Promise<RunHandle>
  run(id: string): RunHandle | Promise<RunHandle>
  verify(stream?: string): Promise<unknown>
  close(): Promise<void>
}

export interface Product {
  task<I>(definition: {
    name: string
    input?: unknown
    run: (ctx: Context, input: I) => Promise<unknown>
  }): unknown
  open(options: { store: string; tasks: readonly unknown[] }): Promise<Throughline>
}

/** All of the public API, as the build declares it. */
export type Whole = typeof whole

/** Where this folder lies. */
export const repository = join(import.meta.dirname, '..')

export const packageFolder = resolve(process.env.THROUGHLINE_PACKAGE ?? repository)

interface Manifest {
  readonly bin?: string | Record<string, string>
  readonly exports?: Record<string, string | Record<string, string>>
}

function manifest(): Manifest {
  return JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'))
}

function entry(): string {
  const main = manifest().exports?.['.']
  const path = typeof main === 'string' ? main : (main?.import ?? main?.default ?? './dist/index.js')
  return join(packageFolder, path)
}

export function isBuilt(): boolean {
  return existsSync(entry())
}

export async function loadProduct(): Promise<Product> {
  return (await loaded()) as Product
}

/** All of it: for what only this release has. */
export async function loadWhole(): Promise<Whole> {
  return (await loaded()) as Whole
}

async function loaded(): Promise<unknown> {
  if (!isBuilt())
    throw new Error(`There is no build at ${entry()}; run "npm run build" in the repository first.`)
  return await import(pathToFileURL(entry()).href)
}

/** The command line's file. */
export function commandFile(): string {
  const bin = manifest().bin
  const path = typeof bin === 'string' ? bin : (bin?.throughline ?? './dist/cli/index.js')
  return join(packageFolder, path)
}

/** `waiting`, whether `status()` gives the word or an object around it. */
export async function statusOf(run: RunHandle): Promise<string> {
  const status: unknown = await run.status()
  if (typeof status === 'string') return status
  if (typeof status === 'object' && status !== null) {
    for (const key of ['status', 'state', 'kind']) if (key in status) return String(Reflect.get(status, key))
  }
  return String(status)
}
