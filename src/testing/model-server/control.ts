/**
 * The server's own addresses, for processes beside the one that started it.
 *
 * `POST /faults` a rule or a list of them; `GET /faults`; `DELETE /faults`. `POST /script` a list of answers, one a request.
 * `GET /requests` the book, contents left out; `DELETE /requests`. `GET /spend` its sum.
 */
import type { Answer, Said, Usage } from './answer.ts'
import { isRecord } from './asked.ts'
import type { Book } from './book.ts'
import { faultNames, ruleIn, type FaultRule, type Faults } from './faults.ts'
import { json, type Refusal } from './refusals.ts'

export interface Controls {
  readonly book: Book
  readonly faults: Faults
  readonly script: (answers: readonly Said[]) => void
}

/** What a request to the server itself comes to; undefined where it is none. */
export function controlled(
  { book, faults, script }: Controls,
  method: string,
  path: string,
  body: () => unknown,
): Refusal | undefined {
  switch (`${method} ${path}`) {
    case 'GET /':
      return json(200, {
        server: 'throughline model server',
        faults: faultNames,
        requests: book.list().length,
      })
    case 'GET /faults':
      return json(200, faults.list())
    case 'DELETE /faults':
      faults.clear()
      return json(200, [])
    case 'POST /faults': {
      const given = body()
      const rules: FaultRule[] = []
      for (const one of Array.isArray(given) ? given : [given]) {
        const rule = ruleIn(one)
        if (typeof rule === 'string') return json(400, { error: { message: rule } })
        rules.push(rule)
      }
      for (const rule of rules) faults.add(rule)
      return json(200, faults.list())
    }
    case 'POST /script': {
      const given = body()
      if (!Array.isArray(given) || !given.every(isSaid))
        return json(400, { error: { message: 'A script is a list of texts, answers and faults.' } })
      script(given)
      return json(200, { answers: given.length })
    }
    case 'GET /requests':
      return json(
        200,
        book.list().map(({ asked: _, ...row }) => row),
      )
    case 'DELETE /requests':
      book.clear()
      return json(200, [])
    case 'GET /spend':
      return json(200, book.spent() satisfies Usage)
    default:
      return undefined
  }
}

const ANSWER = ['text', 'reasoning', 'toolCalls', 'refusal', 'finish', 'model', 'usage', 'pace']

function isSaid(value: unknown): value is string | Answer | FaultRule {
  if (typeof value === 'string') return true
  if (!isRecord(value)) return false
  return 'fault' in value
    ? typeof ruleIn(value) !== 'string'
    : Object.keys(value).every((key) => ANSWER.includes(key))
}
