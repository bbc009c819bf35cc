/**
 * A folder of documents, read, checked and filed by a model with tools: each is in the filing once, or on the pile for a person.
 *
 * I1. A document is a branch of its own: a killed intake goes on in the middle of each document that was under way.
 * I2. Nothing is filed that the checks refuse, and nothing is lost: the checkpoint at the end holds the rows against the folder, and the
 *     filing against both.
 * I3. The default run asks nobody. With `person`, whoever that is decides about each document on the pile for review.
 */
import { resolve } from 'node:path'
import { acceptPartial, fallback, halt, repair, retry, task } from 'throughline'
import { z } from 'zod'
import { Cabinet } from './cabinet.ts'
import { takeIn } from './clerk.ts'
import { documentsIn, type Document } from './documents.ts'
import { decideOn } from './person.ts'
import { Report, reportOf } from './report.ts'
import { REFUSED } from './tools.ts'

export const intake = task({
  name: 'document-intake',
  input: z.object({
    folder: z.string().default('.'),
    to: z.string().default('filed'),
    /** Who is asked about what could not be filed; nobody unless told. */
    person: z.string().optional(),
  }),
  output: Report,
  boundary: {
    budget: { modelCalls: 20_000, toolCalls: 20_000, tokens: 50_000_000, duration: '30d' },
    tools: { allow: ['read', 'filed', 'file', 'setAside'] },
    effects: ['read', 'reversible'],
    context: { maxTokens: 30_000 },
    concurrency: 4,
    invariants: {
      sumsUp: {
        at: 'document-intake',
        holds: ({ total, kinds }: Report) =>
          Object.values(kinds).reduce((sum, kind) => sum + kind.documents, 0) === total.documents,
      },
    },
  },
  recovery: {
    // The entry disagrees with the document: the model is told once, and then a person has it.
    wrongTool: repair({
      attempts: 1,
      say: ({ evidence }) => `${REFUSED}${evidence.message}. Look again, and file it once more.`,
    }).then(halt()),
    repetition: fallback('setAside').then(halt()),
    staleData: fallback('setAside').then(halt()),
    // The last answer is no receipt: told once; then it is looked up whether the document was filed.
    malformedOutput: repair({ attempts: 1 }).then(acceptPartial()).then(halt()),
    prematureEnd: acceptPartial().then(halt()),
    saturation: retry({ attempts: 8, initial: '2s', max: '2m' }).then(halt()),
    providerOutage: retry({ attempts: 5 }).then(halt()),
  },
  async run(ctx, { person, ...places }) {
    // Absolute on the record: the intake may be resumed from another folder.
    const { folder, to, documents } = await ctx.step('documents', async () => {
      const folder = resolve(places.folder)
      const to = resolve(places.to)
      return { folder, to, documents: await documentsIn(folder, to) }
    })
    let done = 0
    const rows = await ctx.map(
      'document',
      documents,
      async (branch, document) => {
        const row = await takeIn(branch, folder, to, document)
        ctx.progress({ done: ++done, total: documents.length, note: document.path })
        return row
      },
      { key: ({ path }) => path, concurrency: 8 },
    )
    const decided = person === undefined ? rows : await decideOn(ctx, person, documents, rows, to)
    await ctx.checkpoint(
      'filed',
      { rows: decided },
      {
        conserves: { from: { documents }, ids: { from: 'documents.path', to: 'rows.path' } },
        checks: { liesInTheCabinetOnce: () => lieOnce(documents, to) },
      },
    )
    return reportOf(to, decided)
  },
})

/** For `throughline boundary` and `throughline failures`, which read out what a file declares. */
export const tasks = [intake]

/** Each document of the folder has one entry in the cabinet. */
async function lieOnce(documents: readonly Document[], to: string): Promise<true | string> {
  const entries = Map.groupBy(await new Cabinet(to).all(), ({ path, digest }) => `${path} ${digest}`)
  const wrong = documents.filter(({ path, digest }) => entries.get(`${path} ${digest}`)?.length !== 1)
  return wrong.length === 0 || `not once in the filing: ${wrong.map(({ path }) => path).join(', ')}`
}
