#!/usr/bin/env node
/*
 * Refuses a Node that is too old in one sentence, before anything is loaded that it could not parse.
 *
 * B1. Nothing here is newer than ECMAScript 2018 with dynamic import, and nothing is imported statically.
 */
const required = 24
const version = process.versions.node

if (Number(version.split('.')[0]) < required) {
  process.stderr.write(
    `throughline needs Node ${required} or later; this is Node ${version}. Install it from https://nodejs.org.\n`,
  )
  process.exitCode = 2
} else {
  import('./program.ts')
    .then((program) => program.main(process.argv.slice(2)))
    .catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
      process.exitCode = 1
    })
}
