/** A run's response, to a request: as it is made in this process, or as it is recorded once it is whole. */
import type { RunHandle } from '../../app/index.ts'
import { isUiStream } from './chunks.ts'
import { Feed, type Head, type Life } from './feed.ts'
import type { RecordedResponse } from './response.ts'
import { follow, telling } from './told.ts'
import { byteStream, messageStream } from './viewing.ts'

/** How long the parts of a response are kept after its end: until then its run's end is recorded, and it is read from there. */
const KEPT_MS = 30_000
/** A run that was stopped says so in this time; one that says nothing is carried elsewhere. */
const SAYS_SO_MS = 500

const feeds = new Map<string, Feed>()

function feedOf(runId: string): Feed {
  const known = feeds.get(runId)
  if (known) return known
  const made = new Feed()
  feeds.set(runId, made)
  return made
}

function forget(runId: string, feed: Feed): void {
  if (feeds.get(runId) === feed) feeds.delete(runId)
}

/** A life of a run's body: `make` shows its response as it comes. */
export async function shown(
  runId: string,
  signal: AbortSignal,
  make: (life: Life) => Promise<RecordedResponse>,
): Promise<RecordedResponse> {
  const feed = feedOf(runId)
  feed.isMadeHere = true
  const life = telling(feed.begins())
  const after = (ms: number, act: () => unknown) => void setTimeout(act, ms).unref()
  signal.addEventListener('abort', () => {
    after(SAYS_SO_MS, () => {
      if (feed.isWhole) return
      life.closes('lost')
      forget(runId, feed)
    })
    after(KEPT_MS, () => forget(runId, feed))
  })
  try {
    const made = await make(life)
    life.completes()
    return made
  } finally {
    after(KEPT_MS, () => forget(runId, feed))
  }
}

/** Waits for the end of the run, for those who look on from here: wherever it is carried. */
function watch(run: RunHandle<RecordedResponse>, isAlone: boolean): Feed {
  const feed = feedOf(run.id)
  const following = new AbortController()
  if (!isAlone && !feed.isMadeHere) void follow(run, feed, following.signal).catch(() => {}) // its end is looked for below
  const over = run.result().then(
    (recorded) => {
      if (!feed.isWhole) {
        const { opens, shows } = feed.begins()
        opens(recorded)
        for (const chunk of recorded.chunks ?? []) shows(chunk)
        if (recorded.body !== undefined) shows(bytesOf(recorded.body))
      }
      feed.closes('whole')
    },
    (error: unknown) => feed.closes(isCancelled(error) ? 'cancelled' : 'failed'),
  )
  void over.finally(() => {
    following.abort()
    forget(run.id, feed)
  })
  return feed
}

const bytesOf = (body: string | Uint8Array) =>
  typeof body === 'string' ? new TextEncoder().encode(body) : body
const isCancelled = (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === 'run_cancelled'

/** The response to whoever asks for it, from its start. */
export async function show(run: RunHandle<RecordedResponse>, isAlone: boolean): Promise<Response> {
  const feed = watch(run, isAlone)
  const head = await feed.head
  if (!head) return failed(run.id)
  const headers = new Headers({ ...head.headers, 'x-throughline-run': run.id })
  if (isEmpty(head)) return new Response(null, { status: head.status, headers })
  const body = isUiStream(headers) ? messageStream(feed) : byteStream(feed)
  return new Response(body, { status: head.status, headers })
}

/** No body may come with these. */
const isEmpty = ({ status }: Head): boolean =>
  status === 101 || status === 204 || status === 205 || status === 304

/** What went wrong is on the record, and nothing a stranger has to be told. */
export function failed(runId: string): Response {
  return Response.json(
    { error: { code: 'run_failed', message: `The request could not be answered; its run is ${runId}.` } },
    { status: 500, headers: { 'x-throughline-run': runId } },
  )
}
