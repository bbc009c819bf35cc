/**
 * The first thing that whoever takes over can do without doing harm.
 *
 * F1. Finding out comes before doing: while an effect is in doubt, or decisions contradict each other, nothing else is safe.
 * F2. What goes on by itself is left to itself.
 */
import { questionOf } from '../oversight/index.ts'
import { doubtsOf, type Material, type RunState } from './material.ts'
import { day, line } from './wording.ts'

export function firstAction(material: Material): string {
  const { thread, runs, below } = material
  const [doubt] = doubtsOf(material)
  if (doubt)
    return `Find out whether "${doubt.label}" took place, then say so: throughline resolve ${doubt.run} '${doubt.label}' (--done '<json>' | --not-done | --failed '<reason>').`
  const disputed = dispute(material)
  if (disputed) return disputed
  const open = [...runs, ...below].filter(({ record }) => !record.end || record.end.status === 'halted')
  const halted = open.find(({ record }) => record.end?.status === 'halted')
  if (halted)
    return `Find out why ${halted.run} halted (${halted.record.end?.text ?? ''}), put that right, then: throughline resume ${halted.run}.`
  const [offered] = material.handoffs
  if (offered)
    return line(
      `Take it over, if it is yours (${offered.to}): acknowledge this brief. throughline brief ${offered.run}, then throughline ack <brief> --digest <digest> --by '${offered.to}'.`,
    )
  const wanted = open.flatMap((state) =>
    state.waiting.filter(({ kind }) => kind === 'wait').map(({ name }) => ({ run: state.run, name })),
  )[0]
  const question = wanted && questionOf(wanted.name)
  if (question !== undefined)
    return line(
      `Answer ${question}, if it is yours (${material.questions.get(question)?.to ?? 'anybody'}): throughline inbox show ${question}.`,
    )
  if (wanted)
    return line(
      `Answer "${wanted.name}" when you can: throughline signal ${wanted.run} '${wanted.name}' '<json>'.`,
    )
  if (thread) return ofThread(material, open)
  const [run] = runs
  return run ? ofRun(run) : 'Nothing is known of it.'
}

/** Two live items that say otherwise. */
function dispute({ live }: Material): string | undefined {
  const ids = new Set(live.map(({ id }) => id))
  for (const { id, links } of live)
    for (const { type, to } of links)
      if (type === 'contradicts' && ids.has(to))
        return `Settle which of ${to} and ${id} holds: they contradict each other. throughline memory show <item>, then throughline memory withdraw <item> --because '<reason>'.`
  return undefined
}

function ofThread({ thread, subject }: Material, open: readonly RunState[]): string {
  if (!thread || thread.state === 'done') return 'Nothing: the thread is done.'
  if (open.length > 0) return `See how ${open[0]?.run ?? ''} goes on: throughline show ${open[0]?.run ?? ''}.`
  const next = thread.nextAction ?? 'say what is next'
  if (thread.state === 'open') return line(`Go on: ${next}`)
  const until = thread.until ? `After ${day(thread.until, true)}, or as soon as you may: ` : ''
  return line(`${until}throughline threads resume ${subject}, then: ${next}`)
}

function ofRun({ run, record, waiting, plan }: RunState): string {
  const { end } = record
  if (end?.status === 'done') return 'Nothing: the run is done. Use what it ended with.'
  if (end)
    return `Read what did not work, then start another run: this one ${end.status}, and nothing of it goes on.`
  const [first] = waiting
  if (first?.due !== undefined) return `Nothing before ${day(first.due, true)}: then it goes on by itself.`
  if (first?.kind === 'task')
    return `Give the process that carries the runs the code of task "${first.name}", then: throughline resume ${run}.`
  const next = plan.find(({ doneAt }) => doneAt === undefined)
  const then = next ? ` Next in its plan: ${next.title}.` : ''
  return line(`Let it go on where it stood: throughline resume ${run}.${then}`)
}
