/** `throughline verify`: recompute every hash, and say what does not fit. */
import { BadRequest, events, type Throughline } from '../app/index.ts'
import { asClient, type Define, type Desk } from './command.ts'
import { lengthText } from './moment.ts'
import type { Output } from './output.ts'

type Verdict = Awaited<ReturnType<Throughline['verify']>>

export const define: Define = (command, act) => {
  command
    .argument('[stream]', 'a run, or another stream; everything unless told')
    .addHelpText(
      'after',
      '\nNote the digest somewhere else: it is another one if anything on record was changed.\n\nExample:\n  throughline verify',
    )
    .action(
      act((desk, stream: string | undefined) =>
        asClient(desk, async (tl) => {
          const started = performance.now()
          const verdicts =
            stream === undefined
              ? [await tl.verify(undefined, progress(desk.out))]
              : await verifyRun(tl, stream)
          desk.out.status(undefined)
          return tell(desk, verdicts, performance.now() - started)
        }),
      ),
    )
}

/** A run’s chapters, its inbox and its budget, or one stream. */
async function verifyRun(tl: Throughline, stream: string): Promise<readonly Verdict[]> {
  const streams = [stream]
  for (let chapter = 2; await tl.log.head(events.chapterStream(stream, chapter)); chapter++)
    streams.push(events.chapterStream(stream, chapter))
  for (const beside of [events.inboxOf(stream), events.budgetOf(stream)])
    if (await tl.log.head(beside)) streams.push(beside)
  if (!(await tl.log.head(stream)))
    throw new BadRequest(`There is no stream "${stream}" in this store; "throughline runs" lists the runs.`, {
      stream,
    })
  return Promise.all(streams.map((one) => tl.verify(one)))
}

function tell(desk: Desk, verdicts: readonly Verdict[], ms: number): 0 | 1 {
  const { out } = desk
  const sum = (of: (verdict: Verdict) => number) =>
    verdicts.reduce((total, verdict) => total + of(verdict), 0)
  const breaks = verdicts.flatMap((verdict) => verdict.breaks)
  const [counts, digest] = [
    {
      streams: sum((v) => v.streams),
      events: sum((v) => v.events),
      pruned: sum((v) => v.pruned),
      erased: sum((v) => v.erased),
    },
    verdicts.map((v) => v.digest).join(' '),
  ]
  if (out.isJson) out.json({ ok: breaks.length === 0, ...counts, digest, breaks })
  else {
    const pruned = counts.pruned > 0 ? `, ${number(counts.pruned)} of them pruned` : ''
    const erased = counts.erased > 0 ? `, ${number(counts.erased)} events erased` : ''
    const read = `${number(counts.events)} events in ${number(counts.streams)} streams${pruned}${erased}`
    if (breaks.length === 0) {
      out.line(`${out.paint('good', '✓')} ${read}: every hash fits  ${out.paint('dim', lengthText(ms))}`)
      if (verdicts.length === 1) out.line(`  digest ${digest}`)
    } else {
      out.line(`${out.paint('bad', '✗')} ${read}: the record was changed, or damaged`)
      for (const { stream, seq, reason } of breaks)
        out.line(`  ${stream}${seq > 0 ? `, event ${seq}` : ''}: ${reason}`)
      out.say(
        'What is before the first break can be trusted: "throughline export" it, or restore a copy of the store.',
      )
    }
  }
  return breaks.length === 0 ? 0 : 1
}

const number = (n: number): string => n.toLocaleString('en')

/** How far a long look through the store is. */
export function progress(out: Output): (done: number, total: number) => void {
  return (done, total) =>
    out.status(
      `${Math.floor((100 * done) / Math.max(1, total))} %  ${number(done)} of ${number(total)} events`,
    )
}
