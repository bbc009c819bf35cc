/** What no peer is measured by: other kinds of steps, bytes, resuming, waiting, the command line, the install. */
import { bytesPerStep } from './own/bytes.ts'
import { command } from './own/command.ts'
import { install } from './own/install.ts'
import { kinds } from './own/kinds.ts'
import { resume } from './own/resume.ts'
import { waiting } from './own/waiting.ts'
import type { Measurements } from './own/measured.ts'

export const ownMeasurements: Measurements = {
  kinds,
  bytes: bytesPerStep,
  resume,
  waiting,
  command,
  install,
}
