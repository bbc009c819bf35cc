/** What a store stands on: Node, SQLite, the disk under it. */
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { messageOf } from '../errors.ts'
import { lengthText } from './moment.ts'

export interface Finding {
  /** `wrong` asks for something to be done; `note` is worth knowing. */
  readonly level: 'fine' | 'note' | 'wrong'
  readonly what: string
  readonly advice?: string
}

const MIB = 1024 * 1024
const NODE_FROM = 24
const SQLITE_FROM = [3, 51, 3] as const
const LEAST_FREE_BYTES = 100 * MIB
const LITTLE_FREE_BYTES = 1024 * MIB
const SLOW_SYNC_MS = 20
const LARGE_WAL_BYTES = 64 * MIB

export function versions(
  node = process.versions.node,
  sqlite = process.versions.sqlite ?? '0',
): readonly Finding[] {
  return [
    Number(node.split('.')[0]) >= NODE_FROM
      ? { level: 'fine', what: `Node ${node}` }
      : {
          level: 'wrong',
          what: `Node ${node} is too old`,
          advice: `Install Node ${NODE_FROM} or later from https://nodejs.org.`,
        },
    isAtLeast(sqlite, SQLITE_FROM)
      ? { level: 'fine', what: `SQLite ${sqlite}` }
      : {
          level: 'wrong',
          what: `SQLite ${sqlite} can lose commits when its WAL is reset`,
          advice: `Update Node to the latest ${NODE_FROM}: it brings ${SQLITE_FROM.join('.')} or later.`,
        },
  ]
}

function isAtLeast(version: string, from: readonly number[]): boolean {
  const parts = version.split('.').map(Number)
  const at = from.findIndex((least, i) => (parts[i] ?? 0) !== least)
  return at < 0 || (parts[at] ?? 0) > (from[at] ?? 0)
}

/** The folder of a store's file: there, writable, with room, and how long a synced write takes. */
export function disk(file: string): readonly Finding[] {
  const folder = dirname(file)
  if (!existsSync(folder))
    return [
      {
        level: 'wrong',
        what: `the folder ${folder} is not there`,
        advice: `Create it, or give another --store.`,
      },
    ]
  const { bavail, bsize } = statfsSync(folder)
  return [room(bavail * bsize), syncing(folder)]
}

function room(free: number): Finding {
  const what = `${bytesText(free)} free on its disk`
  if (free < LEAST_FREE_BYTES)
    return {
      level: 'wrong',
      what,
      advice: 'Free some space: a full disk refuses commits (nothing recorded is lost).',
    }
  return { level: free < LITTLE_FREE_BYTES ? 'note' : 'fine', what }
}

function syncing(folder: string): Finding {
  const file = join(folder, `.throughline-doctor-${process.pid}`)
  try {
    const times: number[] = []
    const fd = openSync(file, 'wx')
    try {
      for (let i = 0; i < 7; i++) {
        const started = performance.now()
        writeSync(fd, Buffer.alloc(4096), 0, 4096, 0)
        fdatasyncSync(fd)
        times.push(performance.now() - started)
      }
    } finally {
      closeSync(fd)
      rmSync(file, { force: true })
    }
    const ms = times.toSorted((a, b) => a - b)[3] ?? 0
    const what = `a synced write takes ${ms < 1 ? `${ms.toFixed(2)} ms` : lengthText(ms)}`
    return ms > SLOW_SYNC_MS
      ? {
          level: 'note',
          what,
          advice:
            'Slow: each commit waits for one. A local disk is faster than a network or container volume.',
        }
      : { level: 'fine', what }
  } catch (error) {
    return {
      level: 'wrong',
      what: `${folder} cannot be written: ${messageOf(error)}`,
      advice: 'Change its permissions, or give another --store.',
    }
  }
}

/** The write-ahead log beside a store. */
export function wal(file: string): Finding {
  const bytes = existsSync(`${file}-wal`) ? statSync(`${file}-wal`).size : 0
  return bytes > LARGE_WAL_BYTES
    ? {
        level: 'note',
        what: `its write-ahead log has grown to ${bytesText(bytes)}`,
        advice: 'A program that keeps reading holds it back; close what reads the file for long.',
      }
    : { level: 'fine', what: `write-ahead log of ${bytesText(bytes)}` }
}

export function bytesText(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  let [at, left] = [0, bytes]
  for (; left >= 1000 && at < units.length - 1; at++) left /= 1000
  return `${left >= 100 || at === 0 ? Math.round(left) : left.toFixed(1)} ${units[at] ?? ''}`
}
