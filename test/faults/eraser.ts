/** A process that erases, and says when it begins and when it is done. */
import { openPersonal, SUBJECT } from './personal.ts'

const tl = await openPersonal(process.argv[2] ?? '')
process.stdout.write('erasing\n')
const { state } = await tl.memory.erase(SUBJECT, { because: 'ticket 17', by: 'dpo' })
process.stdout.write(`${state}\n`)
process.stdin.on('data', () => {})
