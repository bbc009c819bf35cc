/** Mastra workflows with LibSQL storage in a local file: a chain of steps, its snapshot stored after each. */
import { Mastra } from '@mastra/core'
import { createStep, createWorkflow } from '@mastra/core/workflows'
import { LibSQLStore } from '@mastra/libsql'
import { join } from 'node:path'
import { z } from 'zod'
import { bytesUnder, discard, scratch } from '../scratch.ts'
import { payload, stopwatch } from '../subject.ts'
import type { Subject } from '../subject.ts'

const Value = z.object({ value: z.string(), bytes: z.number() })

export function mastra(): Subject {
  const folder = scratch('mastra')
  const storage = new LibSQLStore({ id: 'bench', url: `file:${join(folder, 'mastra.db')}` })
  const marks: number[] = []
  const chain = (steps: number) => {
    // `any`: every `then` changes the type, and a chain made by a loop has no one type.
    let workflow: any = createWorkflow({ id: `chain-${steps}`, inputSchema: Value, outputSchema: Value })
    for (let index = 0; index < steps; index++) {
      workflow = workflow.then(
        createStep({
          id: `step-${index}`,
          inputSchema: Value,
          outputSchema: Value,
          execute: async ({ inputData }) => {
            marks.push(performance.now())
            return { value: payload(index, inputData.bytes), bytes: inputData.bytes }
          },
        }),
      )
    }
    return workflow.commit()
  }
  const sizes = [10, 50, 100, 1000]
  let app: Mastra
  const carry = async (steps: number, bytes: number) => {
    const run = await app.getWorkflow(`chain-${steps}`).createRun()
    const result = await run.start({ inputData: { value: '', bytes } })
    if (result.status !== 'success') throw new Error(`Mastra ended as ${result.status}.`)
  }
  return {
    name: 'Mastra',
    configured: 'LibSQL local file; defaults',
    async start() {
      app = new Mastra({
        storage,
        logger: false,
        workflows: Object.fromEntries(sizes.map((steps) => [`chain-${steps}`, chain(steps)])),
      })
      await storage.init()
    },
    async sequential(steps, bytes) {
      marks.length = 0
      const elapsed = stopwatch()
      await carry(steps, bytes)
      const seconds = elapsed()
      marks.push(performance.now())
      return { seconds, stepMs: marks.slice(1).map((mark, index) => mark - (marks[index] ?? mark)) }
    },
    async fleet(runs, steps) {
      const elapsed = stopwatch()
      await Promise.all(Array.from({ length: runs }, () => carry(steps, 200)))
      return elapsed()
    },
    async bytes() {
      return bytesUnder(folder)
    },
    async stop() {
      discard(folder)
    },
  }
}
