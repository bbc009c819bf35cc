/** Everything that can be said about the code without running it, one stage after another; all are run, even after a failure. */
import { spawnSync } from 'node:child_process'

const stages = [
  ['Format', 'check:format'],
  ['Lint', 'check:lint'],
  ['Types', 'check:types'],
  ['Unused', 'check:unused'],
  ['Package', 'check:package'],
] as const

const failed = stages.filter(([title, script]) => {
  console.log(`\n== ${title} (npm run ${script})`)
  return (
    spawnSync('npm', ['run', '--silent', script], { stdio: 'inherit', shell: process.platform === 'win32' })
      .status !== 0
  )
})

console.log(
  failed.length === 0 ? '\nAll checks passed.' : `\nFailed: ${failed.map(([title]) => title).join(', ')}.`,
)
process.exitCode = failed.length === 0 ? 0 : 1
