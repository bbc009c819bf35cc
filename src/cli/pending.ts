/** What a run waits for, and the command that goes on with it. */
import type { RunRow, Throughline, Waiting } from '../app/index.ts'
import { quoted } from './command.ts'
import { fromNow, timeText } from './moment.ts'
import { openChildren } from './rest.ts'

export interface Pending {
  /** `waits for the message "approve", until …`. */
  readonly what: string
  /** Commands that go on with it; none where time does. */
  readonly commands: readonly string[]
}

/** Everything a run, or one of its children, waits for. */
export async function pendingOf(
  tl: Throughline,
  row: RunRow,
  storeFlag: string,
  now = Date.now(),
): Promise<readonly Pending[]> {
  if (row.endedAt) return []
  if (row.status === 'halted') {
    const what = `halted (${row.mode ?? 'unclassified'}): ${row.message ?? 'no reason on record'}`
    return [{ what, commands: [`throughline resume ${row.id}${storeFlag}`] }]
  }
  if (row.status === 'queued' && row.wakeAt && row.wakeAt.getTime() > now)
    return [{ what: `starts ${timeText(row.wakeAt)} (${fromNow(row.wakeAt.getTime(), now)})`, commands: [] }]
  const own = row.waiting
    .filter((one) => one.kind !== 'call')
    .map((one) => pendingOn(row, one, storeFlag, now))
  const calls = row.waiting.some((one) => one.kind === 'call') ? await openChildren(tl, row.id) : []
  const below = await Promise.all(
    calls.map(async (child) =>
      (await pendingOf(tl, child, storeFlag, now)).map(({ what, commands }) => ({
        what: `its child ${child.id} (${child.task}) ${what}`,
        commands,
      })),
    ),
  )
  return [...own, ...below.flat()]
}

function pendingOn(row: RunRow, one: Waiting, storeFlag: string, now: number): Pending {
  const due = one.due === undefined ? '' : `${timeText(one.due)} (${fromNow(one.due, now)})`
  const name = quoted(one.name)
  switch (one.kind) {
    case 'sleep':
      return {
        what: `sleeps at "${one.name}" until ${due}`,
        commands: [`throughline resume ${row.id} --follow${storeFlag}`],
      }
    case 'retry':
      return {
        what: `tries "${one.name}" again ${due}`,
        commands: [`throughline resume ${row.id} --follow${storeFlag}`],
      }
    case 'wait': {
      const until = due === '' ? '' : `, until ${due}`
      const payload = one.schema === undefined ? "'<json>'" : quoted(JSON.stringify(exampleOf(one.schema)))
      return {
        what: `waits for the message "${one.name}"${until}`,
        commands: [`throughline signal ${row.id} ${name} ${payload}${storeFlag}`],
      }
    }
    case 'in_doubt':
      return {
        what: `does not know whether "${one.name}" took place: find out, then say so`,
        commands: [
          `throughline resolve ${row.id} ${name} --done '<json>'${storeFlag}`,
          `throughline resolve ${row.id} ${name} --not-done${storeFlag}`,
          `throughline resolve ${row.id} ${name} --failed '<reason>'${storeFlag}`,
        ],
      }
    case 'task':
      return {
        what: `waits for the code of task "${one.name}": no file that was loaded exports it`,
        commands: [`throughline resume ${row.id} --file <file>${storeFlag}`],
      }
    case 'call':
      return { what: `waits for its child "${one.name}"`, commands: [] }
  }
}

/** A value of the right shape, with the names of types where people fill in their own. */
export function exampleOf(schema: object, depth = 0): unknown {
  const { type, properties, items, ...rest } = schema as Readonly<Record<string, unknown>>
  if ('const' in rest) return rest['const']
  if (Array.isArray(rest['enum'])) return rest['enum'][0] as unknown
  if (depth > 4) return null
  if (type === 'object' || isObject(properties))
    return Object.fromEntries(
      Object.entries(isObject(properties) ? properties : {}).map(([key, inner]) => [
        key,
        isObject(inner) ? exampleOf(inner, depth + 1) : null,
      ]),
    )
  if (type === 'array') return isObject(items) ? [exampleOf(items, depth + 1)] : []
  if (type === 'boolean') return true
  if (type === 'number' || type === 'integer') return 0
  return type === 'string' ? '…' : null
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
