/** The small form of `npm run agents`: the whole is 500 kills, and 200 crashes of each scenario. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { crashAgents, scenarios } from './crashes.ts'
import { killAgents } from './harness.ts'

test('an agent that is killed again and again asks, does and books nothing twice', async () => {
  const root = mkdtempSync(join(tmpdir(), 'throughline-agents-'))
  const { kills, wrong } = await killAgents({ kills: 15, seed: 'ci', lanes: 2, root })
  expect(wrong).toEqual([])
  expect(kills).toBe(15)
  rmSync(root, { recursive: true })
}, 300_000)

test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
  '%s: whatever crashes, each is given its own answers, once',
  async (_name, scenario) => {
    const { crashes, wrong } = await crashAgents({ scenario, crashes: 8, seed: 'ci' })
    expect(wrong).toEqual([])
    expect(crashes).toBeGreaterThanOrEqual(8)
  },
  300_000,
)
