/** Temporary folders, their size, and free loopback ports. Everything lies under the system's temp folder (`TMPDIR`). */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const made = new Set<string>()
let isHooked = false

/** A new folder, removed when the process ends. */
export function scratch(name: string): string {
  if (!isHooked) process.once('exit', () => made.forEach(discard))
  isHooked = true
  const folder = mkdtempSync(join(tmpdir(), `bench-${name}-`))
  made.add(folder)
  return folder
}

export function discard(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  made.delete(folder)
}

/** Bytes of all files below `folder`; links are not followed. */
export function bytesUnder(folder: string): number {
  let bytes = 0
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) bytes += bytesUnder(path)
    else if (entry.isFile()) bytes += statSync(path).size
  }
  return bytes
}

/** Ports of 127.0.0.1 that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject)
          server.listen(0, '127.0.0.1', () => {
            const address = server.address()
            if (address !== null && typeof address === 'object') resolve(address.port)
          })
        }),
    ),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
