/** A log as one process sees it: what it commits, hears and reads goes a way of its own, which may be long, or end. */
import type { Log } from '../log/index.ts'

/** What becomes of a question to the store: asked at once, later, in vain, or never answered. */
export type Way = <T>(read: () => Promise<T>) => Promise<T>

export interface Route extends Partial<Pick<Log, 'commit' | 'onCommit'>> {
  readonly ask: Way
}

const READS: ReadonlySet<PropertyKey> = new Set<keyof Log>([
  'head',
  'heads',
  'eventsAt',
  'position',
  'select',
  'tryOwn',
])

/** `store` outlives the processes that hold it: closing what is handed out does not close it. */
export function reroute(store: Log, { commit, onCommit, ask }: Route): Log {
  async function* read(...about: Parameters<Log['read']>) {
    const pages = store.read(...about)[Symbol.asyncIterator]()
    for (;;) {
      const { done, value } = await ask(() => pages.next())
      if (done) return
      yield value
    }
  }
  return new Proxy(store, {
    get(target, key) {
      if (key === 'commit' && commit) return commit
      if (key === 'onCommit' && onCommit) return onCommit
      if (key === 'read') return read
      if (key === 'close') return () => Promise.resolve()
      const member: unknown = Reflect.get(target, key, target)
      if (typeof member !== 'function') return member
      if (!READS.has(key)) return member.bind(target) as unknown
      return (...about: unknown[]) => ask(async () => Reflect.apply(member, target, about) as unknown)
    },
  })
}
