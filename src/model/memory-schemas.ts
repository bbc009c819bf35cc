/**
 * What the memory tools are called with, and what the model is told of them.
 *
 * M1. Descriptions say what binds: a model that is told that later work is checked against a decision makes fewer of them.
 */
import type { MemoryToolName } from '../task/index.ts'

interface ObjectSchema {
  readonly type: 'object'
  readonly properties: Readonly<Record<string, object>>
  readonly required: readonly string[]
  readonly additionalProperties: false
}

export interface Described {
  readonly description: string
  readonly schema: ObjectSchema
}

const text = (description: string) => ({ type: 'string', description })
const date = (description: string) => ({
  type: 'string',
  description: `${description} A date such as 2027-05-01, or with a time in UTC.`,
})
const object = (properties: ObjectSchema['properties'], required: readonly string[]): ObjectSchema => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
})

const subject = text(
  'What it is about, as a key that others will use again: vendor:acme, invoice:2026-117. Use the key that recall shows, if there is one.',
)
const supersedes = text('The id (item_…) of the live item this replaces. Needed to change what stands.')

export const described: Readonly<Record<MemoryToolName, Described>> = {
  decide: {
    description:
      'Records a decision with its reason. It binds: whoever works on this later, you included, is held to it until somebody supersedes or withdraws it, and it stays in sight when the conversation is shortened. Use it for choices that later steps rest on, not for passing thoughts. A subject that is decided already is refused unless you name what you supersede.',
    schema: object(
      {
        subject,
        choice: text('What was chosen, in a few words.'),
        because: text('Why, so that somebody can tell later whether it still holds.'),
        alternatives: {
          type: 'array',
          description: 'What was not chosen.',
          items: object(
            {
              option: text('What else could have been chosen.'),
              because: text('Why it was not.'),
              reopenIf: text('What would bring it back.'),
            },
            ['option'],
          ),
        },
        reviewAt: date('When to look at it again.'),
        confidence: { type: 'number', minimum: 0, maximum: 1, description: 'How sure you are, from 0 to 1.' },
        supersedes,
      },
      ['subject', 'choice', 'because'],
    ),
  },
  remember: {
    description:
      'Keeps something beyond this conversation, for later runs and for people. A constraint and a commitment bind later work as a decision does; a fact, an assumption, a preference or a risk informs it; a question stays in sight until somebody answers it. Keep one statement an item. What you found by recall is kept already: do not store it again.',
    schema: object(
      {
        kind: {
          enum: ['fact', 'commitment', 'question', 'constraint', 'preference', 'assumption', 'risk'],
          type: 'string',
          description:
            'commitment: promised to somebody. constraint: must hold. assumption: taken for true, not checked.',
        },
        subject,
        statement: text('What is to be remembered, in a sentence that can be understood by itself.'),
        because: text('Where it comes from.'),
        dueAt: date('Of a commitment: by when.'),
        validTo: date('Until when it is true.'),
        confidence: { type: 'number', minimum: 0, maximum: 1, description: 'How sure you are, from 0 to 1.' },
        supersedes,
      },
      ['kind', 'subject', 'statement'],
    ),
  },
  recall: {
    description:
      'Looks things up in working memory: decisions, constraints, commitments, facts, open questions. Ask before you decide or assume something that others may have settled. Decisions and constraints it shows bind you. Lines begin with [item_…@version]: name an item by that id.',
    schema: object(
      {
        query: text('What you want to know, in words.'),
        subject: text('Only what is about this key.'),
        kinds: {
          type: 'array',
          description: 'Only these kinds.',
          items: {
            type: 'string',
            enum: [
              'decision',
              'fact',
              'commitment',
              'question',
              'constraint',
              'preference',
              'assumption',
              'risk',
            ],
          },
        },
        limit: { type: 'integer', minimum: 1, maximum: 50, description: 'At most so many.' },
      },
      [],
    ),
  },
  plan: {
    description:
      'Says what you are going to do, in order, or that a step of it is done. Whoever takes over goes on from there. `steps` replaces the plan before and keeps what was done under the same id; `done` marks one step.',
    schema: object(
      {
        steps: {
          type: 'array',
          description: 'The whole plan, also what is done already.',
          items: object(
            { id: text('Short, and the same from plan to plan.'), title: text('What is to be done.') },
            ['id', 'title'],
          ),
        },
        done: text('The id of the step that is done.'),
        note: text('What came of it.'),
      },
      [],
    ),
  },
  ask: {
    description:
      'Asks a person, and waits for the answer: it may take days. Ask when something is missing that only a person can say, when instructions contradict each other, or before something that cannot be undone. The answer binds as an instruction does. Do not ask what recall or your tools can tell.',
    schema: object(
      {
        question: text('One question, with all that is needed to answer it.'),
        choices: {
          type: 'array',
          description: 'What can be answered, if it is one of a few.',
          items: { type: 'string' },
        },
      },
      ['question'],
    ),
  },
}
