/** Breakers as they stand: one row each, as its last event says. */
import { bodyOf, type Projection } from '../../log/index.ts'
import { breakerChanged } from './events.ts'

export const breakersProjection: Projection = {
  name: 'breakers',
  version: 1,
  mode: 'inline',
  kinds: [breakerChanged.name],
  tables: {
    breakers: {
      columns: {
        breaker: 'text',
        state: 'text',
        saved: 'text',
        seq: 'integer',
        changed_at: 'integer',
        position: 'integer',
      },
      key: ['breaker'],
    },
  },
  apply(event) {
    const body = bodyOf(breakerChanged, event)
    const { breaker, circuit, trialUntil } = body
    const state = circuit.open ? (trialUntil === undefined ? 'open' : 'half_open') : 'closed'
    const { seq, at, position } = event
    return [
      {
        put: 'breakers',
        row: { breaker, state, saved: JSON.stringify(body), seq, changed_at: at, position },
      },
    ]
  },
}
