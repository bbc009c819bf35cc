/** A client that says, for every line it is sent, whether the runs of a store are carried; it stays until its input ends. */
import { createInterface } from 'node:readline'
import { open } from 'throughline'

await using tl = await open({ store: process.argv[2] ?? '', worker: false })
for await (const _line of createInterface(process.stdin)) process.stdout.write(`${await tl.log.isOwned()}\n`)
