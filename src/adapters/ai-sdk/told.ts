/**
 * What other processes are told of a response that is made here: on the run's record, where many share the store.
 *
 * T1. It is told of provisionally, a few times a second, and in every life of the run from its start: what was told in an earlier life is no
 *     part of this one. What counts is the run's output.
 */
import { bodyOf, eventOf, events, kind, noteHere, type RunHandle } from '../../app/index.ts'
import { joined } from './chunks.ts'
import type { Feed, Head, Life, Piece } from './feed.ts'
import { isTold } from './layer.ts'

const responseShown = kind<{ readonly head?: Head; readonly pieces: readonly Piece[] }>('response.shown')

const EVERY_MS = 300

/** A life that tells others as well. */
export function telling(life: Life): Life {
  if (!isTold()) return life
  let head: Head | undefined
  let pieces: Piece[] = []
  let timer: NodeJS.Timeout | undefined
  const tell = () => {
    clearTimeout(timer)
    timer = undefined
    if (head || pieces.length > 0) noteHere(eventOf(responseShown, { ...(head ? { head } : {}), pieces }))
    head = undefined
    pieces = []
  }
  const soon = () => (timer ??= setTimeout(tell, EVERY_MS))
  return {
    opens(given) {
      life.opens(given)
      head = given
      tell()
    },
    shows(piece) {
      life.shows(piece)
      const last = pieces.at(-1)
      const one = piece instanceof Uint8Array || last instanceof Uint8Array ? undefined : joined(last, piece)
      if (one) pieces[pieces.length - 1] = one
      else pieces.push(piece)
      soon()
    },
    // What is left is in the run's output, a moment later.
    completes() {
      clearTimeout(timer)
      life.completes()
    },
    closes(how) {
      clearTimeout(timer)
      life.closes(how)
    },
  }
}

/** Shows what another process tells of a response, until it is made here, or over. */
export async function follow(run: RunHandle<unknown>, feed: Feed, signal: AbortSignal): Promise<void> {
  let life: Life | undefined
  for await (const event of run.events(signal)) {
    if (feed.isMadeHere || signal.aborted) return
    if (event.kind === events.runClaimed.name) life = undefined
    if (event.kind !== responseShown.name) continue
    const { head, pieces } = bodyOf(responseShown, event)
    if (head) {
      life = feed.begins()
      life.opens(head)
    }
    for (const piece of pieces) life?.shows(piece)
  }
}
