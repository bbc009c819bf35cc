/**
 * What a task of one version is called at Restate: one service each, because a run belongs to workers that have its version.
 *
 * Restate takes letters, digits, `_`, `-` and `.`; a name that had to be changed to fit carries a digest of what it was.
 */
import { createHash } from 'node:crypto'

const NAME = /^[a-z][\w-]*$/i
const VERSION = /^[\w.-]+$/
const DIGEST_LENGTH = 8

export function serviceName(task: string, version: string): string {
  if (NAME.test(task) && VERSION.test(version)) return `${task}.v${version}`
  const digest = createHash('sha256')
    .update(JSON.stringify([task, version]))
    .digest('hex')
  const fitting = (text: string): string => text.replaceAll(/[^\w-]/g, '-')
  return `t-${fitting(task)}.v${fitting(version)}.${digest.slice(0, DIGEST_LENGTH)}`
}
