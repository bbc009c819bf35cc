/** What must hold after every seed, read from the record and the world. */
import type { Log } from 'throughline'
import type { Scenario } from './program.ts'
import type { World } from './world.ts'

export interface Checked {
  readonly id: string
  readonly scenario: Scenario
  readonly world: World
  readonly cancels: boolean
  readonly crashes: number
  readonly status: string
  readonly expected: unknown
}

const OUTCOMES = new Set([
  'step.completed',
  'step.failed',
  'sleep.fired',
  'wait.answered',
  'wait.timed_out',
  'call.ended',
  'spawn.started',
  'race.settled',
])
const TABLES = ['runs', 'keys', 'inbox']

export async function checkRecord(log: Log, checked: Checked): Promise<string[]> {
  const faults = [...(await outcomes(log)), ...(await ending(log, checked)), ...effects(checked)]
  const { breaks } = await log.verify()
  for (const one of breaks) faults.push(`the chain of ${one.stream} breaks at ${one.seq}: ${one.reason}`)
  const order = (table: string) => (table === 'inbox' ? ['run', 'id'] : ['run'])
  const rows = async () =>
    JSON.stringify(await Promise.all(TABLES.map((table) => log.select(table, { order: order(table) }))))
  const before = await rows()
  await log.rebuild()
  const after = await rows()
  if (after !== before) faults.push(`rebuilt projections differ\n${before}\n${after}`)
  return faults
}

/** Each operation has one recorded outcome; no message is taken twice. */
async function outcomes(log: Log): Promise<string[]> {
  const faults: string[] = []
  const taken = new Map<string, number>()
  for (const head of await log.heads({ limit: 10_000 })) {
    const seen = new Set<string>()
    for await (const page of log.read(head.stream)) {
      for (const event of page) {
        const key = `${event.name ?? ''}#${event.ordinal ?? 0}`
        const message =
          event.kind === 'wait.answered' || event.kind === 'wait.returned'
            ? String((JSON.parse(event.body ?? '{}') as { message?: string }).message)
            : undefined
        if (event.kind === 'wait.returned') seen.delete(key)
        else if (OUTCOMES.has(event.kind) && seen.has(key))
          faults.push(`${head.stream} has two outcomes of ${key}`)
        if (OUTCOMES.has(event.kind)) seen.add(key)
        const run = head.stream.split('~')[0] ?? head.stream
        if (message !== undefined)
          taken.set(
            `${run} ${message}`,
            (taken.get(`${run} ${message}`) ?? 0) + (event.kind === 'wait.answered' ? 1 : -1),
          )
      }
    }
  }
  for (const [message, times] of taken) if (times > 1) faults.push(`${message} was taken ${times} times`)
  for (const row of await log.select('inbox', { where: { kind: 'signal' } })) {
    const isTaken = (taken.get(`${String(row['run'])} ${String(row['id'])}`) ?? 0) === 1
    if (isTaken !== (row['taken'] !== null))
      faults.push(
        `${String(row['id'])} of ${String(row['run'])} is ${isTaken ? 'taken, but still in the inbox' : 'gone from the inbox, but nobody took it'}`,
      )
  }
  return faults
}

async function ending(log: Log, { id, scenario, expected, cancels, status }: Checked): Promise<string[]> {
  const faults: string[] = []
  const [row] = await log.select('runs', { where: { run: id } })
  const wanted = scenario.endsBadly ? 'failed' : 'done'
  if (status !== wanted && !(cancels && status === 'cancelled'))
    faults.push(`the run ended ${status}, not ${wanted}: ${String(row?.['message'] ?? row?.['waiting'])}`)
  for (const other of await log.select('runs', { where: { ended_at: null } }))
    faults.push(
      `${String(other['run'])} (${String(other['task'])}) never ended: ${String(other['status'])} ${String(other['waiting'])}`,
    )
  if (status !== 'done') return faults
  const body = await lastBody(log, String(row?.['stream']))
  const value = JSON.stringify((JSON.parse(body ?? '{}') as { v?: unknown }).v)
  if (value !== JSON.stringify(expected))
    faults.push(`the run gave ${value}, not ${JSON.stringify(expected)}`)
  return faults
}

async function lastBody(log: Log, stream: string): Promise<string | undefined> {
  const head = await log.head(stream)
  for await (const page of log.read(stream, head?.seq)) return page.at(-1)?.body
  return undefined
}

function effects({ world, scenario, status }: Checked): string[] {
  const faults: string[] = []
  for (const [id, times] of world.done) if (times > 1) faults.push(`${id} happened ${times} times`)
  const undone = world.undone.filter((id, i) => world.undone.indexOf(id) !== i)
  if (status === 'done' && !scenario.endsBadly && world.undone.length > 0)
    faults.push(`a run that ended well undid ${world.undone.join()}`)
  // A compensation is a repeatable step: a crash before its record may repeat it, nothing else may.
  void undone
  return faults
}
