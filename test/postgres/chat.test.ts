/** A chat on several servers that share a store: any of them shows an answer, whoever makes it, and whoever is killed. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'throughline'
import { modelServer } from 'throughline/testing'
import { expect, test } from 'vitest'
import { Browser } from '../../examples/chat-route/client.ts'
import { ANSWER, host } from '../../examples/chat-route/host.ts'
import { Site } from '../chat/trial.ts'
import { freshSchema } from '../servers/schemas.ts'

test(
  'two servers show one answer word by word, and the other goes on when one is killed',
  { timeout: 120_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'throughline-chat-postgres-'))
    const models = await modelServer({ script: (asked) => ({ ...host(asked), pace: { betweenMs: 100 } }) })
    const store = await freshSchema()
    const sites = [new Site(folder, models.url, store), new Site(folder, models.url, store)] as const
    const tl = await open({ store, worker: false })
    try {
      await sites[0].start()
      await sites[1].start()
      const [here, there] = [new Browser('chat-1', sites[0].url), new Browser('chat-1', sites[1].url)]
      const said = here.sendMessage({ text: 'A table for 1 at 20:00, please.' })
      await expect.poll(() => here.answer.length, { timeout: 20_000 }).toBeGreaterThan(5)
      // Both look on: from the server that was asked, and from the other one.
      there.messages = here.messages.slice(0, 1)
      const watched = there.resumeStream()
      await expect.poll(() => there.answer.length, { timeout: 20_000 }).toBeGreaterThan(5)
      const [run] = (await tl.runs.list()).runs
      expect(run?.status).toBe('running')
      const carriedBy = async () => {
        const claims: string[] = []
        for await (const { kind, body } of tl.history(run?.id ?? ''))
          if (kind === 'run.claimed') claims.push(String(body))
        return claims
      }
      const [first = ''] = await carriedBy()
      const victim = sites.findIndex((site) => first.includes(`/${site.pid}`))
      const [lost, kept] = victim === 0 ? [said, there] : [watched, here]
      await sites[victim]?.kill()
      await lost
      await Promise.all([said, watched])
      expect(kept.status).toBe('ready')
      expect(kept.answer).toBe(`I will see to it.\n${ANSWER}`)
      expect(kept.messages).toHaveLength(2)
      expect((await carriedBy()).length).toBe(2)
      expect(sites[0].entries(1, 'chat-1')).toEqual(['reserved', 'answered chat 1 with 258 characters'])
    } finally {
      await tl.close()
      await Promise.all([sites[0].kill(), sites[1].kill()])
      await models.close()
      rmSync(folder, { recursive: true, force: true })
    }
  },
)
