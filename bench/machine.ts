/** What it was measured on, in a line. */
import { cpus, release } from 'node:os'

export const machine = (): string =>
  `${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown processor'}, ${process.platform} ${release()}, Node ${process.version}`
