/** What `throughline doctor` says of a store that many processes share. */
import type { Deployment, WorkerRow } from '../app/index.ts'
import { lengthText } from './moment.ts'
import type { Finding } from './machine.ts'

const SLOW_TRIP_MS = 20
const SLOW_COMMIT_MS = 50
const MOST_NAMES = 8

const ms = (time: number): string => (time < 1 ? `${time.toFixed(2)} ms` : lengthText(time))

export function database({ server, schemaVersion, roundTripMs, commitMs }: Deployment): readonly Finding[] {
  return [
    { level: 'fine', what: `Postgres ${server}, tables of version ${schemaVersion}` },
    {
      level: roundTripMs > SLOW_TRIP_MS ? 'note' : 'fine',
      what: `a round trip takes ${ms(roundTripMs)}, a commit ${ms(commitMs)}`,
      ...(roundTripMs > SLOW_TRIP_MS || commitMs > SLOW_COMMIT_MS
        ? { advice: 'Each step waits for one commit: workers belong near their database.' }
        : {}),
    },
  ]
}

export function workers({ workers: all, uncarried }: Deployment, now: number): readonly Finding[] {
  const findings: Finding[] = all.map((worker) => ({
    level: 'fine',
    what: `${worker.name}, for ${lengthText(now - worker.startedAt.getTime())}: ${carriedBy(worker).join(', ')}; ${worker.runs} of ${worker.concurrency} runs`,
  }))
  if (all.length === 0)
    findings.push({
      level: uncarried.length > 0 ? 'wrong' : 'note',
      what: 'no living worker carries runs of this store',
      advice: 'throughline worker <file that exports the tasks>',
    })
  else
    for (const { task, version, runs } of uncarried)
      findings.push({
        level: 'wrong',
        what: `nobody carries ${task}@${version}: ${runs} ${runs === 1 ? 'run has' : 'runs have'} not ended`,
        advice: `Start a worker that exports it, or a later version that says resumes: ['${version}'].`,
      })
  findings.push(...differences(all))
  return findings
}

const carriedBy = ({ tasks }: WorkerRow): readonly string[] =>
  tasks.flatMap(({ name, versions }) => versions.map((version) => `${name}@${version}`))

/** Workers that lack what a neighbour has: meant while a release is rolled out, and else a file that was forgotten. */
function differences(all: readonly WorkerRow[]): readonly Finding[] {
  const everything = new Set(all.flatMap(carriedBy))
  return all.flatMap((worker): Finding[] => {
    const own = new Set(carriedBy(worker))
    const lacking = [...everything].filter((task) => !own.has(task))
    if (lacking.length === 0) return []
    const more = lacking.length > MOST_NAMES ? ` and ${lacking.length - MOST_NAMES} more` : ''
    return [
      {
        level: 'note',
        what: `${worker.name} lacks ${lacking.slice(0, MOST_NAMES).join(', ')}${more}, which its neighbours carry`,
      },
    ]
  })
}
