/**
 * `ctx.approve`: one person's word on a proposal.
 *
 * V1. Whoever approves is bound to the digest of what they were shown; what is proposed otherwise is another question.
 * V2. Nobody's answer in time is an error: no approval, and no rejection that anybody made.
 */
import { decode, encode } from '../log/index.ts'
import { jsonSchemaOf, type Approval, type ApproveOptions, type Schema } from '../task/index.ts'
import { answerTo, type Asker } from './asking.ts'
import { digestOf } from './digest.ts'
import { ApprovalExpired, BadQuestion } from './errors.ts'

/** What a person says of a proposal. */
export interface Verdict {
  readonly approved: boolean
  /** Of what they were shown. */
  readonly digest: string
  /** The proposal as they edited it. */
  readonly value?: unknown
}

const MOST_NAME = 150
const SHOWN_OF_DIGEST = 12

/** @throws {ApprovalExpired} @throws {BadQuestion} @throws {NotSerializable} */
export async function approve<T>(
  asker: Asker,
  name: string,
  options: ApproveOptions<T>,
): Promise<Approval<T>> {
  const { proposal, question = `Approve "${name}"?`, to, timeout, about } = options
  const edited = options.schema as Schema | undefined
  if (typeof name !== 'string' || name.length > MOST_NAME)
    throw new BadQuestion('name', `it must be text of 1 to ${MOST_NAME} characters.`)
  if (proposal === undefined) throw new BadQuestion('proposal', 'give what is to be approved.')
  const digest = digestOf(proposal)
  const { answer, put } = await answerTo(asker, {
    kind: 'approval',
    name: `${name} ${digest.slice(0, SHOWN_OF_DIGEST)}`,
    given: { question, to, timeout, about },
    proposed: { proposal, digest, schema: verdictSchema(jsonSchemaOf(edited)) },
    schema: heldBy(digest, edited),
  })
  if (!answer) throw new ApprovalExpired(put.run, put.question, name, put.to)
  const { approved, value } = answer.value as Verdict // see `heldBy`
  return {
    approved,
    value: (value === undefined ? decode(encode(proposal)) : value) as T, // as the schema, or whoever edited it, made it
    by: answer.by,
    reason: answer.reason,
    edits: answer.edits ?? [],
    digest,
    question: put.question,
  }
}

/** What an answer must look like, for whoever gives it. */
const verdictSchema = (edited: object | undefined): object => ({
  type: 'object',
  required: ['approved', 'digest'],
  properties: { approved: { type: 'boolean' }, digest: { type: 'string' }, value: edited ?? {} },
  additionalProperties: false,
})

/** The same again in the run that acts on it, whatever the record let pass; an edited proposal is held against the author's schema. */
const heldBy = (digest: string, schema: Schema | undefined): Schema => ({
  '~standard': {
    version: 1,
    vendor: 'throughline',
    async validate(given) {
      const verdict = given as Partial<Verdict> | null
      if (typeof verdict?.approved !== 'boolean' || verdict.digest !== digest)
        return { issues: [{ message: 'it is no verdict on this proposal' }] }
      if (verdict.value === undefined || !schema) return { value: verdict }
      const checked = await schema['~standard'].validate(verdict.value)
      return checked.issues ? { issues: checked.issues } : { value: { ...verdict, value: checked.value } }
    },
  },
})
