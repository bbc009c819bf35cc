/** What continuity adds to the context of every body. */
import type { Log } from '../log/index.ts'
import { Memory } from '../memory/index.ts'
import type { Feature, Hands } from '../run/index.ts'
import { Briefs } from './briefs.ts'
import { briefContext } from './handed.ts'
import { handoffContext } from './handoff.ts'
import { newsContext } from './news.ts'
import { planContext } from './plan.ts'

const known = new WeakMap<Log, Briefs>()

function briefsOf({ log, newId, now }: Hands): Briefs {
  const briefs = known.get(log) ?? new Briefs(log, new Memory(log, newId, { now }))
  known.set(log, briefs)
  return briefs
}

export const continuityFeature: Feature = {
  context: (hands) => ({
    ...planContext(hands),
    ...briefContext(hands, briefsOf(hands)),
    ...handoffContext(hands),
    ...newsContext(hands),
  }),
}
