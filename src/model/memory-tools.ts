/**
 * `ctx.memoryTools()`: what a body does with memory, its plan and people, as tools for the model itself.
 *
 * T1. Each tool does what `ctx` does, as an operation of the run: recorded, replayed, done once.
 * T2. What is refused is told to the model, with what to do instead. It is no error: nothing that a model writes ends a run.
 * T3. A model does not go against a live decision by recording another: it is shown the one that stands, and has to supersede it.
 */
import type { Tool } from 'ai'
import type { Feature, Hands } from '../run/index.ts'
import type { Context, Found, MemoryToolName, MemoryTools, MemoryToolsOptions } from '../task/index.ts'
import { described } from './memory-schemas.ts'
import { sdkSchema } from './sdk-schema.ts'

const ALL = Object.keys(described) as readonly MemoryToolName[] // the keys of a record by that name
const BUDGET = 2000
const MOST_LOOKED_AT = 50

type Given = Readonly<Record<string, unknown>>
type Doing = (given: Given) => Promise<string>
/** `ctx.ask`. */
type Ask = (question: string, options: object) => Promise<unknown>

export const memoryToolsFeature: Feature = {
  context: (hands) => ({ memoryTools: (options) => memoryTools(hands, options) as never }), // names as the options' type says
}

function memoryTools(hands: Hands, options: MemoryToolsOptions = {}): Partial<MemoryTools> {
  const ctx = hands.context() as Context & { readonly ask?: Ask }
  const doing: Readonly<Record<MemoryToolName, Doing | undefined>> = {
    decide: (given) => decide(ctx, given),
    remember: (given) => remember(ctx, given),
    recall: (given) => recall(ctx, given, options.budget ?? BUDGET),
    plan: (given) => plan(ctx, given),
    ask: ctx.ask && ((given) => ask(ctx.ask, given, options.ask)),
  }
  const tools: Partial<Record<MemoryToolName, Tool>> = {}
  for (const name of options.only ?? ALL) {
    const act = doing[name]
    if (act) tools[name] = toolOf(name, act)
  }
  return tools as Partial<MemoryTools>
}

function toolOf(name: MemoryToolName, act: Doing): Tool {
  const { description, schema } = described[name]
  return {
    description,
    inputSchema: sdkSchema(schema),
    execute: async (given: unknown) => {
      if (typeof given !== 'object' || given === null || Array.isArray(given))
        return `Not done: ${name} takes an object with ${Object.keys(schema.properties).join(', ')}.`
      try {
        return await act(withoutNulls(given as Given)) // an object, as was just seen
      } catch (error) {
        return refusal(error)
      }
    },
  }
}

/** An error of ours is a sentence that says what to do. Anything else is a defect, and not for a model to read. */
function refusal(error: unknown): string {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) throw error
  return `Not done (${error.code}). ${error.message}`
}

async function decide(ctx: Context, given: Given): Promise<string> {
  const { reviewAt, choice, ...rest } = given
  const standing = await decided(ctx, given)
  const same = standing.find(({ item }) => item.value === choice)
  if (same) return `Decided already, and nothing was recorded: ${same.text}`
  if (standing.length > 0)
    return [
      `Not recorded: "${String(given['subject'])}" is decided already.`,
      ...standing.map(({ text }) => `- ${text}`),
      `Keep to it. If it does not hold any more, decide again with supersedes: "${standing[0]?.item.id ?? ''}", and say in because what has changed.`,
    ].join('\n')
  const kept = await ctx.decide({ ...rest, choice, ...dated({ reviewAt }) } as never) // looked at by name there
  return said(kept, 'Decided. It binds later work until it is superseded or withdrawn')
}

/** Live decisions on the subject, but for what is to be replaced. */
async function decided(ctx: Context, { subject, supersedes }: Given): Promise<readonly Found[]> {
  if (typeof subject !== 'string' || subject.trim() === '') return []
  const found = await ctx.recall({ subject, kinds: ['decision'], limit: MOST_LOOKED_AT })
  return found.filter(({ item }) => item.id !== supersedes && item.subject === subject)
}

async function remember(ctx: Context, given: Given): Promise<string> {
  const { dueAt, validTo, ...rest } = given
  const kept = await ctx.remember({ ...rest, ...dated({ dueAt, validTo }) } as never) // looked at by name there
  return said(kept, 'Remembered')
}

function said(kept: Awaited<ReturnType<Context['decide']>>, how: string): string {
  if (kept.isKnown) return `Known already, as ${kept.id}: nothing was recorded.`
  const conflicts =
    kept.conflicts.length === 0
      ? ''
      : ` It contradicts ${kept.conflicts.join(', ')}, which also stands: find out which holds, and supersede the other.`
  return `${how} (${kept.id}, version ${kept.version}).${conflicts}`
}

async function recall(ctx: Context, given: Given, budget: number): Promise<string> {
  const found = await ctx.recall({ ...given, budget })
  if (found.length === 0) return 'Nothing in memory answers that.'
  return found.map(({ text }) => `- ${text}`).join('\n')
}

async function plan(ctx: Context, { steps, done, note }: Given): Promise<string> {
  if (steps === undefined && done === undefined)
    return 'Not done: give steps, or the id of the step that is done.'
  const did: string[] = []
  if (steps !== undefined) {
    await ctx.plan(steps as never) // looked at there
    const { length } = steps as readonly unknown[]
    did.push(`Planned: ${length} ${length === 1 ? 'step' : 'steps'}.`)
  }
  if (done !== undefined) {
    await ctx.plan.done(done as string, note as string | undefined) // looked at there
    did.push(`"${String(done)}" is done.`)
  }
  return did.join(' ')
}

async function ask(
  asks: Ask | undefined,
  { question, choices }: Given,
  options: MemoryToolsOptions['ask'],
): Promise<string> {
  if (typeof question !== 'string' || question.trim() === '') return 'Not asked: question must be text.'
  const about = {
    ...options,
    ...(Array.isArray(choices) && choices.length > 0 ? { choices: choices.map(String) } : {}),
  }
  const answer: unknown = await asks?.(question, about)
  return `The answer: ${typeof answer === 'string' ? answer : JSON.stringify(answer)}`
}

/** Models write null for what they leave out. */
const withoutNulls = (given: Given): Given =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value !== undefined))

/** What cannot be a date is handed on as it is: whoever keeps the item says what is wrong with it. */
function dated(given: Given): Given {
  return Object.fromEntries(
    Object.entries(given)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => {
        const at = new Date(String(value))
        return [key, Number.isNaN(at.getTime()) ? value : at]
      }),
  )
}
