/** What a suspended run waits for, in a sentence. */
import type { Waiting } from '../run/index.ts'
import { day } from './wording.ts'

export function pendingLine({ kind, name, due }: Waiting): string {
  const until = due === undefined ? '' : ` until ${day(due, true)}`
  switch (kind) {
    case 'sleep':
      return `Sleeps at "${name}"${until}`
    case 'retry':
      return `Tries "${name}" again${due === undefined ? '' : ` at ${day(due, true)}`}`
    case 'wait':
      return `Waits for the message "${name}"${until}`
    case 'call':
      return `Waits for its child "${name}"`
    case 'in_doubt':
      return `Waits to be told whether "${name}" took place`
    case 'task':
      return `Waits for the code of task "${name}"`
  }
}
