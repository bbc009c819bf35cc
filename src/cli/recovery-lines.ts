/** What failed, and which way out was taken, in a line each. */
import { read, recoveryEvents as of, type StoredEvent } from '../app/index.ts'
import { GLYPHS, type EventLine } from './glyphs.ts'
import { shortened } from './json.ts'

/** A model call by its model: its own name begins with digests. */
const known = (operation: string): string =>
  operation.replace(/(^|› )[\w-]+\.[\w-]{8} /, '$1').replace(/#1$/, '')

export function recoveryLine(event: StoredEvent): EventLine | undefined {
  switch (event.kind) {
    case of.boundaryBreached.name: {
      const { operation, what, limit, actual } = read(of.boundaryBreached, event)
      const text = `${known(operation)}  would cross ${what}: ${shortened(JSON.stringify(actual), 60)} of ${shortened(JSON.stringify(limit), 60)}`
      return { glyph: GLYPHS.failed, tone: 'bad', text }
    }
    case of.recoveryMet.name: {
      const { operation, mode, evidence } = read(of.recoveryMet, event)
      const text = `${known(operation)}  ${mode}: ${shortened(evidence.message, 160)}`
      return { glyph: GLYPHS.failed, tone: 'bad', text }
    }
    case of.recoverySkipped.name: {
      const { operation, rung, because } = read(of.recoverySkipped, event)
      return { glyph: GLYPHS.released, tone: 'dim', text: `${known(operation)}  no ${rung}: ${because}` }
    }
    case of.recoveryRung.name: {
      const { operation, rung, to, because } = read(of.recoveryRung, event)
      const what = to === undefined ? rung : `${rung} (${to})`
      return {
        glyph: GLYPHS.again,
        tone: 'warn',
        text: `${known(operation)}  ${what}: ${shortened(because, 160)}`,
      }
    }
    case of.recoveryOver.name: {
      const { operation, by } = read(of.recoveryOver, event)
      return { glyph: GLYPHS.done, tone: 'good', text: `${known(operation)}  recovered by ${by}` }
    }
    default:
      return undefined
  }
}
