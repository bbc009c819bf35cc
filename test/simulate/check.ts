/** What must hold after every seed, read from the record and the world. */
import type { Log, StoredEvent } from 'throughline'
import type { Scenario } from './program.ts'
import { doubled, eventsOf, misplaced, unsound, type Row } from './record.ts'
import type { World } from './world.ts'

export interface Checked {
  readonly id: string
  readonly scenario: Scenario
  readonly world: World
  readonly cancels: boolean
  readonly status: string
  readonly expected: unknown
}

export async function checkRecord(log: Log, checked: Checked): Promise<string[]> {
  const faults: string[] = []
  for (const row of await log.select('runs', {})) {
    const [run, events] = [String(row['run']), await eventsOf(log, row)]
    // A commit of the dead that gets in late may follow a cancellation.
    faults.push(...doubled(events, true), ...(await misplaced(log, run, events)))
    if (run === checked.id) faults.push(...ending(row, events.at(-1), checked))
    else if (row['ended_at'] === null)
      faults.push(
        `${run} (${String(row['task'])}) never ended: ${String(row['status'])} ${String(row['waiting'])}`,
      )
  }
  return [...faults, ...effects(checked), ...(await unsound(log))]
}

/** The run ended as its program says, with what it gives. */
function ending(
  row: Row,
  last: StoredEvent | undefined,
  { scenario, expected, cancels, status }: Checked,
): string[] {
  const wanted = scenario.endsBadly ? 'failed' : 'done'
  if (status !== wanted && !(cancels && status === 'cancelled'))
    return [`the run ended ${status}, not ${wanted}: ${String(row['message'] ?? row['waiting'])}`]
  if (status !== 'done') return []
  const value = JSON.stringify((JSON.parse(last?.body ?? '{}') as { v?: unknown }).v)
  const isRight = value === JSON.stringify(expected)
  return isRight ? [] : [`the run gave ${value}, not ${JSON.stringify(expected)}`]
}

/** A compensation is a repeatable step, which a crash before its record may repeat; nothing else happens twice. */
function effects({ world, scenario, status }: Checked): string[] {
  const faults: string[] = []
  for (const [id, times] of world.done) if (times > 1) faults.push(`${id} happened ${times} times`)
  if (status === 'done' && !scenario.endsBadly && world.undone.length > 0)
    faults.push(`a run that ended well undid ${world.undone.join()}`)
  return faults
}
