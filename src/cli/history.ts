/** `throughline history`: the events of a run, or of any stream, as they are recorded. */
import { decode, isErased, type StoredEvent, type Throughline } from '../app/index.ts'
import { ThroughlineError } from '../errors.ts'
import { asClient, type Define } from './command.ts'
import { bodyText, nameOf } from './event-line.ts'
import { plain } from './json.ts'
import { clockText, timeText } from './moment.ts'

export const define: Define = (command, act) => {
  command
    .argument('<run>', 'the run, or the name of another stream, such as run_…/inbox')
    .addHelpText(
      'after',
      '\nWith --json: an event a line.\n\nExample:\n  throughline history run_01k2… --json | jq .kind',
    )
    .action(
      act((desk, stream: string) =>
        asClient(desk, async (tl) => {
          const { out } = desk
          let day = ''
          for await (const event of await eventsOf(tl, stream)) {
            if (out.isJson) {
              out.json(eventJson(event))
              continue
            }
            const time = timeText(event.at)
            if (!time.startsWith(day) || day === '') out.line(out.paint('dim', time.slice(0, 10)))
            day = time.slice(0, 10)
            const head = `${String(event.seq).padStart(5)}  ${clockText(event.at)}.${String(event.at % 1000).padStart(3, '0')}  `
            const name = event.name === undefined ? '' : `  ${nameOf(event)}`
            const kind = event.kind.padEnd(14)
            const room = Math.max(20, out.width - head.length - kind.length - name.length - 2)
            const body = bodyText(event, room)
            out.line(
              `${out.paint('dim', head)}${kind}${out.paint('bold', name)}  ${out.paint('dim', body)}`.trimEnd(),
            )
          }
          return 0
        }),
      ),
    )
}

/** The events of a run, chapter after chapter, or of a stream that is none. @throws {RunNotFound} */
async function eventsOf(tl: Throughline, stream: string): Promise<AsyncIterable<StoredEvent>> {
  try {
    return (await tl.run(stream)).history()
  } catch (error) {
    const isNoRun = error instanceof ThroughlineError && error.code === 'run_not_found'
    if (isNoRun && (await tl.log.head(stream))) return tl.history(stream)
    throw error
  }
}

function eventJson(event: StoredEvent) {
  const { stream, seq, position, at, kind, version, name, ordinal, after, actor, hash } = event
  return {
    stream,
    seq,
    position,
    at: new Date(at).toISOString(),
    kind,
    version,
    name,
    ordinal,
    after,
    actor,
    body: event.body === undefined ? undefined : plain(decode(event.body)),
    ...(isErased(event) ? { erased: true } : {}),
    hash: Buffer.from(hash).toString('hex'),
  }
}
