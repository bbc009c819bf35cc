/** Checks the rules of the house that the linter cannot say: rooms and names. Run by `npm run check:lint`. */
import { namesIn } from './names.ts'
import { breachesIn } from './rooms.ts'

const breaches = [...breachesIn('.'), ...namesIn('.')]
for (const { file, line, message } of breaches) console.error(`${file}:${line}  ${message}`)
console.log(
  breaches.length === 0 ? 'The rooms are in order.' : `${breaches.length} breaches of the house rules.`,
)
process.exitCode = breaches.length === 0 ? 0 : 1
